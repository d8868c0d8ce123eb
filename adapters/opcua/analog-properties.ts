import type { BrowsedNode } from './browse.js'
import type { AnalogProperties } from './import-tree.js'
import type { OpenSession } from './session.js'

const nodesPerCall = 200

/** Reads EngineeringUnits and EURange of all variables that have them. Throws what node-opcua throws. */
export async function readAnalogProperties(
  { opcua, session }: OpenSession,
  nodes: readonly BrowsedNode[],
): Promise<Map<string, AnalogProperties>> {
  const wanted: { readonly variable: string; readonly nodeId: string; readonly name: string }[] = []
  const visit = (node: BrowsedNode): void => {
    for (const child of node.children) {
      if (child.kind === 'property' && (child.name === 'EngineeringUnits' || child.name === 'EURange')) {
        wanted.push({ variable: node.nodeId, nodeId: child.nodeId, name: child.name })
      }
      visit(child)
    }
  }
  for (const node of nodes) visit(node)
  const found = new Map<string, AnalogProperties>()
  for (let at = 0; at < wanted.length; at += nodesPerCall) {
    const some = wanted.slice(at, at + nodesPerCall)
    const values = await session.read(
      some.map(({ nodeId }) => ({ nodeId, attributeId: opcua.AttributeIds.Value })),
    )
    for (const [place, value] of values.entries()) {
      const { variable, name } = some[place]!
      const known = found.get(variable) ?? { unit: '', range: undefined }
      const content: unknown = value.value?.value
      found.set(
        variable,
        name === 'EURange' ? { ...known, range: rangeOf(content) } : { ...known, unit: unitOf(content) },
      )
    }
  }
  return found
}

/** Of an EUInformation (OPC 10000-8, 5.6.3). */
function unitOf(content: unknown): string {
  const text = (content as { displayName?: { text?: unknown } } | null)?.displayName?.text
  return typeof text === 'string' ? text : ''
}

/** Of a Range (OPC 10000-8, 5.6.2). */
function rangeOf(content: unknown): readonly [number, number] | undefined {
  const { low, high } = (content ?? {}) as { low?: unknown; high?: unknown }
  return typeof low === 'number' && typeof high === 'number' && high > low ? [low, high] : undefined
}
