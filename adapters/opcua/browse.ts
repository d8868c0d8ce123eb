import type { BrowseResult, DataValue, ReferenceDescription } from 'node-opcua'
import { type ReceivedValue, showValue } from './codec.js'
import type { OpenSession } from './session.js'

/** A node of the server's tree. */
export interface BrowsedNode {
  readonly name: string
  readonly nodeId: string
  readonly kind: 'object' | 'variable' | 'property'
  /** Its type by NodeId, e.g. `ns=0;i=61` of a folder; of a variable, what it is a case of. */
  readonly typeDefinition: string
  readonly children: BrowsedNode[]
  /** Of a variable: what it holds, e.g. `Double`, `String[]`. */
  readonly dataType?: string
  readonly value?: BrowsedValue
}

interface BrowsedValue {
  readonly text: string
  /** The name of its StatusCode. */
  readonly status: string
  /** Unix ms UTC. */
  readonly sourceTime: number | undefined
  /** Whether it has members of its own (ExtensionObject, OPC 10000-6, 5.2.2.15). */
  readonly isStructure?: true
}

const extensionObject = 22

export interface BrowseOptions {
  /** Where to begin; the folder Objects unless given. */
  readonly from?: string
  /** Levels below it. */
  readonly depth: number
  /** Whether to read the variables' values. */
  readonly withValues: boolean
  /** Most nodes. */
  readonly limit: number
  readonly signal?: AbortSignal
}

export interface BrowsedTree {
  readonly nodes: readonly BrowsedNode[]
  /** Whether there is more than the limit allowed. */
  readonly isCut: boolean
}

type Draft = { -readonly [Key in keyof BrowsedNode]: BrowsedNode[Key] }

const objectsFolder = 'ns=0;i=85'
/** What every server has of itself: Server, Aliases, Locations (OPC 10000-5); nobody looks for a machine there. */
const ownMatters = new Set(['ns=0;i=2253', 'ns=0;i=23470', 'ns=0;i=31915'])
const hasProperty = 'ns=0;i=46'
const nodesPerCall = 200
/** BrowseResultMask: reference type, node class, browse name, display name, type definition (OPC 10000-4, 5.8.2). */
const wantedFields = 0x3f
const objectsAndVariables = 1 | 2
/** HierarchicalReferences. */
const hierarchical = 'i=33'

/** Reads the tree of a server below a node, level by level. Throws what node-opcua throws. */
export async function browse(open: OpenSession, options: BrowseOptions): Promise<BrowsedTree> {
  const { from = objectsFolder, depth, limit, signal } = options
  const seen = new Set([from])
  const variables: Draft[] = []
  const top: Draft[] = []
  let level: { readonly nodeId: string; readonly children: BrowsedNode[] }[] = [
    { nodeId: from, children: top },
  ]
  let isCut = false
  for (let below = 0; below < depth && level.length > 0 && !isCut; below++) {
    const next: Draft[] = []
    for (let at = 0; at < level.length && !isCut; at += nodesPerCall) {
      signal?.throwIfAborted()
      const some = level.slice(at, at + nodesPerCall)
      const found = await childrenOf(
        open,
        some.map(({ nodeId }) => nodeId),
      )
      for (const [place, references] of found.entries()) {
        for (const reference of references) {
          const node = draftOf(reference)
          // A node may hang in several places; its children are told at the first.
          if (ownMatters.has(node.nodeId) || seen.has(node.nodeId)) continue
          if (seen.size > limit) {
            isCut = true
            break
          }
          seen.add(node.nodeId)
          some[place]!.children.push(node)
          if (node.kind !== 'object') variables.push(node)
          if (node.kind !== 'property') next.push(node)
        }
      }
    }
    level = next
  }
  await readTypes(open, variables, signal)
  if (options.withValues) await readValues(open, variables, signal)
  return { nodes: top, isCut }
}

async function childrenOf(open: OpenSession, nodeIds: readonly string[]): Promise<ReferenceDescription[][]> {
  const results: BrowseResult[] = await open.session.browse(
    nodeIds.map(nodeId => ({
      nodeId,
      referenceTypeId: hierarchical,
      includeSubtypes: true,
      browseDirection: open.opcua.BrowseDirection.Forward,
      nodeClassMask: objectsAndVariables,
      resultMask: wantedFields,
    })),
  )
  const found: ReferenceDescription[][] = []
  for (const result of results) {
    const references = [...(result.references ?? [])]
    let { continuationPoint } = result
    while (continuationPoint !== undefined && continuationPoint !== null && continuationPoint.length > 0) {
      const more = await open.session.browseNext(continuationPoint, false)
      references.push(...(more.references ?? []))
      continuationPoint = more.continuationPoint
    }
    found.push(references)
  }
  return found
}

function draftOf(reference: ReferenceDescription): Draft {
  const { browseName, displayName, nodeId, nodeClass, referenceTypeId, typeDefinition } = reference
  const isProperty = String(referenceTypeId) === hasProperty
  return {
    name: browseName.name ?? displayName.text ?? '',
    nodeId: String(nodeId),
    kind: nodeClass === 1 ? 'object' : isProperty ? 'property' : 'variable',
    typeDefinition: String(typeDefinition),
    children: [],
  }
}

/** What the variables hold: the name of each data type that occurs is asked for once. */
async function readTypes(
  open: OpenSession,
  variables: readonly Draft[],
  signal?: AbortSignal,
): Promise<void> {
  const { AttributeIds } = open.opcua
  const types = await readAttribute(open, variables, AttributeIds.DataType, signal)
  const ranks = await readAttribute(open, variables, AttributeIds.ValueRank, signal)
  const typeIds = types.map(({ value }) => String(value?.value ?? ''))
  const known = [...new Set(typeIds)].filter(typeId => typeId !== '')
  const names = await readAttribute(
    open,
    known.map(nodeId => ({ nodeId })),
    AttributeIds.BrowseName,
    signal,
  )
  const nameOf = new Map(
    known.map((typeId, i) => [typeId, (names[i]?.value?.value as { name?: string } | null)?.name ?? typeId]),
  )
  for (const [i, variable] of variables.entries()) {
    const rank = ranks[i]?.value?.value as number | undefined
    const name = nameOf.get(typeIds[i]!)
    if (name !== undefined) variable.dataType = rank !== undefined && rank >= 1 ? `${name}[]` : name
  }
}

async function readValues(
  open: OpenSession,
  variables: readonly Draft[],
  signal?: AbortSignal,
): Promise<void> {
  const values = await readAttribute(open, variables, open.opcua.AttributeIds.Value, signal)
  for (const [i, value] of values.entries()) {
    variables[i]!.value = {
      text: showValue(value as ReceivedValue),
      status: value.statusCode.name,
      sourceTime: value.sourceTimestamp?.getTime(),
      ...(value.value?.dataType === extensionObject && { isStructure: true }),
    }
  }
}

async function readAttribute(
  open: OpenSession,
  nodes: readonly { readonly nodeId: string }[],
  attributeId: number,
  signal?: AbortSignal,
): Promise<DataValue[]> {
  const values: DataValue[] = []
  for (let at = 0; at < nodes.length; at += nodesPerCall) {
    signal?.throwIfAborted()
    const some = nodes.slice(at, at + nodesPerCall)
    values.push(...(await open.session.read(some.map(({ nodeId }) => ({ nodeId, attributeId })))))
  }
  return values
}
