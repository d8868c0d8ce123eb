import type { AnyStateMachine, AnyStateNode } from 'xstate'

/** A transition as XState has resolved it. */
interface Transition {
  readonly eventType: string
  readonly source: AnyStateNode
  readonly target?: readonly AnyStateNode[]
  readonly guard?: unknown
  readonly actions: readonly unknown[]
}

/** An arrow between two states of the same parent, with every label that belongs on it. */
interface Arrow {
  readonly from: AnyStateNode
  readonly to: AnyStateNode
  readonly labels: Labels
}

/** Guard and ends, and the events that go together under them. */
type Labels = Map<string, { readonly start: string; readonly end: string; readonly events: string[] }>

/**
 * A statechart as a Mermaid `stateDiagram-v2`, and under it, as a list, what holds in every state: transitions of the
 * root would be an arrow to each state, which nobody can read. Mermaid joins only states of the same parent; where a
 * transition goes deeper, the arrow says from or to where.
 */
export function drawStatechart(machine: AnyStateMachine): string {
  const { root } = machine
  const arrows = arrowsOf(root)
  const lines = ['```mermaid', 'stateDiagram-v2']
  if (root.type === 'parallel') lines.push(...drawState(root, arrows, 1))
  else lines.push(...drawInside(root, arrows, 1))
  lines.push('```')
  const everywhere = transitionsOf(root)
  if (everywhere.length > 0) lines.push('', 'In every state:', '', ...listTransitions(everywhere))
  return lines.join('\n')
}

/** The arrows, by the parent in whose box they are drawn. */
function arrowsOf(root: AnyStateNode): Map<AnyStateNode, Map<string, Arrow>> {
  const arrows = new Map<AnyStateNode, Map<string, Arrow>>()
  for (const state of descendants(root)) {
    for (const transition of transitionsOf(state)) {
      for (const target of transition.target ?? []) {
        const [from, to] = asSiblings(transition.source, target)
        const key = `${from.id} ${to.id}`
        const inBox = arrows.get(from.parent!) ?? new Map<string, Arrow>()
        const arrow = inBox.get(key) ?? { from, to, labels: new Map() }
        const start = from === transition.source ? '' : `(in ${transition.source.key}) `
        addLabel(arrow.labels, transition, start, to === target ? '' : ` → ${target.key}`)
        arrows.set(from.parent!, inBox.set(key, arrow))
      }
    }
  }
  return arrows
}

function drawState(
  state: AnyStateNode,
  arrows: Map<AnyStateNode, Map<string, Arrow>>,
  depth: number,
): string[] {
  const indent = '  '.repeat(depth)
  const id = idOf(state)
  const stays = transitionsOf(state).filter(({ target }) => target === undefined)
  const inside = Object.keys(state.states).length > 0
  const lines: string[] = []
  if (inside) {
    lines.push(
      `${indent}state "${state.key}" as ${id} {`,
      ...drawInside(state, arrows, depth + 1),
      `${indent}}`,
    )
  } else {
    lines.push(`${indent}state "${state.key}" as ${id}`)
    const labels: Labels = new Map()
    for (const transition of stays) addLabel(labels, transition, '', '')
    for (const label of textsOf(labels)) lines.push(`${indent}${id} : ${label}`)
  }
  return lines
}

function drawInside(
  state: AnyStateNode,
  arrows: Map<AnyStateNode, Map<string, Arrow>>,
  depth: number,
): string[] {
  const indent = '  '.repeat(depth)
  const children = Object.values(state.states)
  if (state.type === 'parallel') {
    return children.flatMap((region, order) => [
      ...(order > 0 ? [`${indent}--`] : []),
      ...drawState(region, arrows, depth),
    ])
  }
  const lines = children.flatMap(child => drawState(child, arrows, depth))
  const [first] = state.initial?.target ?? []
  if (first !== undefined) {
    const [entry] = ancestors(first).filter(({ parent }) => parent === state)
    lines.push(`${indent}[*] --> ${idOf(entry ?? first)}`)
  }
  for (const { from, to, labels } of arrows.get(state)?.values() ?? []) {
    lines.push(`${indent}${idOf(from)} --> ${idOf(to)} : ${textsOf(labels).join('<br/>')}`)
  }
  return lines
}

function listTransitions(transitions: readonly Transition[]): string[] {
  const targets = new Map<string, string[]>()
  for (const transition of transitions) {
    const { eventType, guard, actions } = transition
    const to = (transition.target ?? []).map(({ key }) => key)
    const does = actions.map(nameOf).join(', ')
    const condition = guard === undefined ? '' : ` [${guardText(guard, new Set(to))}]`
    const key = `\`${eventText(eventType)}${condition}\`${does === '' ? '' : ` does ${does}`}`
    targets.set(key, [...(targets.get(key) ?? []), ...to])
  }
  return [...targets].map(([what, to]) => `- ${what}${to.length === 0 ? '' : `, to ${to.join(', ')}`}`)
}

/** Own transitions in the order of their definition, eventless ones last. */
function transitionsOf(state: AnyStateNode): Transition[] {
  return [...[...state.transitions.values()].flat(), ...(state.always ?? [])] as unknown as Transition[]
}

/** Mermaid ends a label at a colon or semicolon; none may occur. */
function addLabel(
  labels: Labels,
  { eventType, guard, source }: Transition,
  start: string,
  end: string,
): void {
  const condition = guard === undefined ? '' : ` [${guardText(guard, new Set([source.key]))}]`
  const key = `${start}${condition}${end}`
  const label = labels.get(key) ?? { start, end: `${condition}${end}`, events: [] }
  if (!label.events.includes(eventText(eventType))) label.events.push(eventText(eventType))
  labels.set(key, label)
}

const textsOf = (labels: Labels): string[] =>
  [...labels.values()].map(({ start, end, events }) => `${start}${events.join(', ')}${end}`)

const eventText = (type: string): string => (type === '' ? 'always' : type === '*' ? 'any event' : type)

/** A guard with its parameters; `shown`: what the picture says already. */
function guardText(guard: unknown, shown: ReadonlySet<string>): string {
  const { params, guards } = guard as { params?: unknown; guards?: readonly unknown[] }
  if (guards !== undefined) {
    const parts = guards.map(part => guardText(part, shown))
    const name = nameOf(guard)
    return name === 'not' ? `not ${parts[0]}` : parts.join(` ${name} `)
  }
  if (typeof params !== 'object' || params === null) return nameOf(guard)
  const said = Object.values(params).flat().map(String)
  return [nameOf(guard), ...said.filter(value => !shown.has(value))].join(' ')
}

function nameOf(implementation: unknown): string {
  if (typeof implementation === 'string') return implementation
  const { type, name } = implementation as { type?: string; name?: string }
  return type ?? name ?? 'unnamed'
}

/** The two ends, or those of their ancestors that have the same parent. */
function asSiblings(source: AnyStateNode, target: AnyStateNode): [AnyStateNode, AnyStateNode] {
  const above = ancestors(source)
  const targets = ancestors(target)
  for (const to of [...targets].reverse()) {
    const from = above.find(state => state.parent === to.parent)
    if (from === undefined || to.parent === undefined) continue
    // As deep as both go together: the last pair before they part.
    if (from !== to || to === target || from === source) return [from, to]
  }
  return [source, source]
}

/** The state, its parent, and so on, without the root. */
function ancestors(state: AnyStateNode): AnyStateNode[] {
  const found: AnyStateNode[] = []
  for (let at: AnyStateNode | undefined = state; at?.parent !== undefined; at = at.parent) found.push(at)
  return found
}

function descendants(state: AnyStateNode): AnyStateNode[] {
  return Object.values(state.states).flatMap(child => [child, ...descendants(child)])
}

const reserved = new Set(['state', 'end', 'note', 'direction', 'class', 'default', 'whole'])

/** An id that Mermaid takes, of its own for each state: the path, without what ids cannot hold. */
function idOf(state: AnyStateNode): string {
  const id = state.path.join('_').replaceAll(/\W/g, '_')
  if (id === '') return 'whole'
  return reserved.has(id.toLowerCase()) ? `${id}_` : id
}
