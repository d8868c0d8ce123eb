import type { HistoryData, HistoryReadRequestOptions, HistoryReadResult } from 'node-opcua'
import type { IndexedSignal } from '../contract.js'
import type { ReceivedValue } from './codec.js'
import { readTag } from './node-address.js'
import type { OpenSession } from './session.js'

type NodeToRead = NonNullable<HistoryReadRequestOptions['nodesToRead']>[number]

/** What is missing in the record of a signal: after `from` and before `to`, Unix ms UTC by the source's clock. */
export interface Gap {
  readonly indexed: IndexedSignal
  readonly from: number
  readonly to: number
}

/** A piece of what the server kept of a gap, oldest first; or why it gives nothing. */
export type PieceOfHistory =
  | { readonly kind: 'values'; readonly gap: Gap; readonly values: readonly ReceivedValue[] }
  /** Nothing more is to be had of these gaps: they are read to their end, or the server has no history of them. */
  | { readonly kind: 'done'; readonly gaps: readonly Gap[] }
  | { readonly kind: 'refused'; readonly gaps: readonly Gap[]; readonly status: string }

/** Most nodes in one call; a server's own limit counts where it is lower. */
const nodesPerCall = 50
/** Most values of a node in one answer. */
const valuesPerNode = 1_000
/** Bit 2 of an access level: the history of the value may be read (OPC 10000-3, 8.57). */
const historyRead = 1 << 2

/**
 * Reads what the server kept of gaps (ReadRaw, OPC 10000-11, 6.5.3), piece by piece: the next is asked for when the one
 * before has been taken. Throws what node-opcua throws when the link breaks.
 */
export async function* readHistory(open: OpenSession, gaps: readonly Gap[]): AsyncGenerator<PieceOfHistory> {
  const { maxNodesPerHistoryReadData: limit } = await open.opcua.readOperationLimits(open.session)
  const atOnce = limit ? Math.min(limit, nodesPerCall) : nodesPerCall
  // Gaps that began together are read together: one call has one range of time for all its nodes.
  const inOrder = [...gaps].sort((a, b) => a.from - b.from)
  for (let first = 0; first < inOrder.length; first += atOnce) {
    const some = inOrder.slice(first, first + atOnce)
    const isKept = await areKept(open, some)
    yield* readSome(
      open,
      some.filter((_, place) => isKept[place]),
    )
    yield { kind: 'done', gaps: some }
  }
}

/** Whether the server has a history of each gap's node that we may read. */
async function areKept(
  { opcua, session, namespaces }: OpenSession,
  gaps: readonly Gap[],
): Promise<boolean[]> {
  const nodes = gaps.map(({ indexed }) => ({
    nodeId: readTag(indexed.signal.tag, namespaces).nodeId,
    attributeId: opcua.AttributeIds.UserAccessLevel,
  }))
  const levels = await session.read(nodes)
  return levels.map(
    ({ statusCode, value }) => statusCode.isGood() && (Number(value.value) & historyRead) !== 0,
  )
}

async function* readSome(open: OpenSession, gaps: readonly Gap[]): AsyncGenerator<PieceOfHistory> {
  const { opcua, session, namespaces } = open
  if (gaps.length === 0) return
  const historyReadDetails = new opcua.ReadRawModifiedDetails({
    startTime: new Date(Math.min(...gaps.map(({ from }) => from))),
    endTime: new Date(Math.max(...gaps.map(({ to }) => to))),
    numValuesPerNode: valuesPerNode,
    returnBounds: false,
    isReadModified: false,
  })
  let asked: { gap: Gap; node: NodeToRead }[] = gaps.map(gap => {
    const { nodeId, indexRange } = readTag(gap.indexed.signal.tag, namespaces)
    const range = indexRange === undefined ? undefined : new opcua.NumericRange(indexRange)
    return { gap, node: { nodeId, indexRange: range } }
  })
  while (asked.length > 0) {
    const request = new opcua.HistoryReadRequest({
      historyReadDetails,
      nodesToRead: asked.map(({ node }) => node),
      timestampsToReturn: opcua.TimestampsToReturn.Both,
      releaseContinuationPoints: false,
    })
    const { results } = await session.historyRead(request)
    const rest: typeof asked = []
    for (const [place, result] of (results ?? []).entries()) {
      const { gap, node } = asked[place]!
      if (isRefused(result)) {
        yield { kind: 'refused', gaps: [gap], status: result.statusCode.name }
        continue
      }
      yield { kind: 'values', gap, values: valuesOf(result) }
      const { continuationPoint } = result
      if (continuationPoint?.length) rest.push({ gap, node: { ...node, continuationPoint } })
    }
    asked = rest
  }
}

/** A stretch without values is none that is refused. */
function isRefused({ statusCode }: HistoryReadResult): boolean {
  return statusCode.isBad() && statusCode.name !== 'BadNoData'
}

function valuesOf({ historyData }: HistoryReadResult): readonly ReceivedValue[] {
  return ((historyData as HistoryData | null)?.dataValues ?? []) as readonly ReceivedValue[]
}
