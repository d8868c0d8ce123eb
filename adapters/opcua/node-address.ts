/** Where a signal's value is on the server, as its tag in the plant file says. */
export interface NodeAddress {
  /** With the namespace by its index at this server: `ns=2;s=Line1.Press1.Temperature`. */
  readonly nodeId: string
  /** Which elements of an array (OPC 10000-4, 7.27): `3`, or `0:2,1` of a matrix. */
  readonly indexRange: string | undefined
}

/** A tag that names no node, and why. */
export class TagError extends Error {
  override readonly name = 'TagError'
}

const indexPrefix = /^index=(\d{1,9}(?::\d{1,9})?(?:,\d{1,9}(?::\d{1,9})?)*);/
const byIndex = /^(?:ns=(\d{1,5});)?([isgb])=(.+)$/s
const byUri = /^nsu=(.*?);([isgb])=(.+)$/s
const identifiers: Readonly<Record<string, RegExp>> = {
  i: /^\d{1,10}$/,
  s: /^.+$/s,
  g: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  b: /^[A-Za-z0-9+/]+={0,2}$/,
}

/**
 * Reads a tag: a NodeId as in OPC 10000-6, 5.3.1.10 (`ns=2;s=…`, `i=2258`), with the namespace by index or, better,
 * by URI (`nsu=urn:plc;s=…`), since indexes may change at a restart of the server; `index=3;` before it for one
 * element of an array. `namespaces`: the URIs of this server by index. Throws TagError.
 */
export function readTag(tag: string, namespaces: readonly string[]): NodeAddress {
  const prefix = indexPrefix.exec(tag)
  const text = prefix === null ? tag : tag.slice(prefix[0].length)
  const [namespace, kind, identifier] = readParts(text, namespaces)
  if (!identifiers[kind]!.test(identifier) || (kind === 'i' && Number(identifier) > 0xffff_ffff)) {
    throw new TagError(`"${kind}=${identifier}" is not an identifier of a node`)
  }
  return { nodeId: `ns=${namespace};${kind}=${identifier}`, indexRange: prefix?.[1] }
}

/** What is wrong with a tag whatever the server: whether it has the namespace and the node is asked later. */
export function faultOfTag(tag: string): string | undefined {
  const [, uri = ''] = byUri.exec(tag.replace(indexPrefix, '')) ?? []
  try {
    readTag(tag, [unescapeUri(uri)])
    return undefined
  } catch (error) {
    if (error instanceof TagError) return error.message
    throw error
  }
}

/** OPC 10000-6, 5.1.13: ; and % of a URI are escaped. */
const unescapeUri = (uri: string): string => uri.replaceAll('%3B', ';').replaceAll('%25', '%')

function readParts(text: string, namespaces: readonly string[]): [number, string, string] {
  const named = byUri.exec(text)
  if (named !== null) {
    const [, uri = '', kind = '', identifier = ''] = named
    const index = namespaces.indexOf(unescapeUri(uri))
    if (index >= 0) return [index, kind, identifier]
    throw new TagError(`the server has no namespace "${uri}"; it has ${namespaces.join(', ')}`)
  }
  const numbered = byIndex.exec(text)
  if (numbered === null) throw new TagError(`"${text}" is not a node; write ns=2;s=Name or nsu=uri;s=Name`)
  const [, index = '0', kind = '', identifier = ''] = numbered
  if (Number(index) > 0xffff) throw new TagError(`${index} is not the index of a namespace`)
  return [Number(index), kind, identifier]
}
