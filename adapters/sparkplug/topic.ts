const nodeTypes = ['NBIRTH', 'NDEATH', 'NDATA'] as const
const deviceTypes = ['DBIRTH', 'DDEATH', 'DDATA'] as const
type MessageType = (typeof nodeTypes)[number] | (typeof deviceTypes)[number]

export interface EdgeTopic {
  readonly type: MessageType
  readonly group: string
  readonly node: string
  /** Empty for the node itself. */
  readonly device: string
}

/**
 * What an edge node's topic says (Sparkplug 3.0, 4.1): `spBv1.0/group/type/node[/device]`. Undefined for anything else:
 * commands and the state of hosts are not for us.
 */
export function parseEdgeTopic(topic: string): EdgeTopic | undefined {
  const [namespace, group = '', type, node = '', device = '', ...more] = topic.split('/')
  if (namespace !== 'spBv1.0' || group === '' || node === '' || more.length > 0) return undefined
  const ofNode = nodeTypes.find(each => each === type)
  if (ofNode !== undefined) return device === '' ? { type: ofNode, group, node, device } : undefined
  const ofDevice = deviceTypes.find(each => each === type)
  return ofDevice !== undefined && device !== '' ? { type: ofDevice, group, node, device } : undefined
}

/** The topic that `parseEdgeTopic` reads back. */
export const edgeTopic = ({ type, group, node, device }: EdgeTopic): string =>
  `spBv1.0/${group}/${type}/${node}${device === '' ? '' : `/${device}`}`

export const stateTopic = (host: string): string => `spBv1.0/STATE/${host}`
export const commandTopic = (group: string, node: string): string => `spBv1.0/${group}/NCMD/${node}`
