/** As much of a statechart's configuration as a mutation touches; the rest is carried along. */
export interface ChartConfig {
  readonly id?: string
  readonly states?: Readonly<Record<string, ChartConfig>>
  readonly on?: Readonly<Record<string, unknown>>
  readonly always?: unknown
  readonly initial?: unknown
  readonly entry?: unknown
  readonly exit?: unknown
}

/** One change to a statechart that its tests must notice. */
export interface Mutant {
  /** Where and what, the same from run to run: `level.normal on SAMPLE 2: target critical-high instead of …`. */
  readonly name: string
  /** Makes the change in this copy of the configuration. */
  readonly apply: () => void
}

interface Transition {
  guard?: unknown
  target?: unknown
  actions?: unknown
}
type Writable = Record<string, unknown>

/**
 * All single changes to a statechart: each guard negated and removed, each target and initial state moved to a
 * sibling, each action dropped. The changes are made in `copy`, a copy of the configuration (see `copyChart`).
 * `negate`: XState's `not`.
 */
export function listMutants(copy: ChartConfig, negate: (guard: unknown) => unknown): Mutant[] {
  const mutants: Mutant[] = []
  const byId = new Map<string, string[]>()
  walk(copy, [], (state, path) => {
    if (state.id !== undefined && path.length > 0) byId.set(state.id, path)
  })
  walk(copy, [], (state, path) => {
    const at = path.join('.') || 'root'
    mutateInitial(state, at)
    for (const kind of ['entry', 'exit'] as const) dropEach(state as Writable, kind, `${at} ${kind}`)
    for (const [event, given] of Object.entries(state.on ?? {})) {
      const transitions = normal(given)
      ;(state.on as Writable)[event] = transitions
      transitions.forEach((transition, order) => {
        mutateTransition(transition, path, `${at} on ${event} ${order + 1}`)
      })
    }
    if (state.always === undefined) return
    const eventless = normal(state.always)
    ;(state as Writable).always = eventless
    eventless.forEach((transition, order) => {
      mutateTransition(transition, path, `${at} always ${order + 1}`)
    })
  })
  return mutants

  function mutateInitial(state: ChartConfig, at: string): void {
    if (typeof state.initial !== 'string') return
    const sibling = siblingOf([state.initial], state)
    if (sibling === undefined) return
    const name = `${at} initial: ${sibling} instead of ${state.initial}`
    mutants.push({
      name,
      apply: () => {
        ;(state as Writable).initial = sibling
      },
    })
  }

  function mutateTransition(transition: Transition, path: readonly string[], at: string): void {
    const { guard, target } = transition
    if (guard !== undefined) {
      mutants.push({
        name: `${at}: guard negated`,
        apply: () => {
          transition.guard = negate(guard)
        },
      })
      mutants.push({
        name: `${at}: guard removed`,
        apply: () => {
          transition.guard = undefined
        },
      })
    }
    if (typeof target === 'string') {
      const goal = resolve(target, path)
      const sibling = siblingOf(goal, at === '' ? copy : stateAt(goal.slice(0, -1)))
      mutants.push({
        name: `${at}: target ${sibling ?? 'none'} instead of ${goal.at(-1)}`,
        apply: () => {
          transition.target = sibling === undefined ? undefined : goalId([...goal.slice(0, -1), sibling])
        },
      })
    }
    dropEach(transition as Writable, 'actions', at)
  }

  function dropEach(owner: Writable, key: string, at: string): void {
    if (owner[key] === undefined) return
    const actions = [owner[key]].flat()
    actions.forEach((action, order) => {
      mutants.push({
        name: `${at}: without ${nameOf(action)}`,
        apply: () => {
          owner[key] = actions.filter((_, i) => i !== order)
        },
      })
    })
  }

  /** The path of a target as XState reads it: `#id`, `.child`, or a sibling. */
  function resolve(target: string, path: readonly string[]): string[] {
    if (target.startsWith('#')) {
      const [id = '', ...rest] = target.slice(1).split('.')
      return [...(byId.get(id) ?? []), ...rest]
    }
    if (target.startsWith('.')) return [...path, ...target.slice(1).split('.')]
    return [...path.slice(0, -1), ...target.split('.')]
  }

  function stateAt(path: readonly string[]): ChartConfig | undefined {
    return path.reduce<ChartConfig | undefined>((state, key) => state?.states?.[key], copy)
  }

  /** A target that reaches the state from anywhere: its id, given to it if it has none. */
  function goalId(path: readonly string[]): string {
    const state = stateAt(path) as Writable
    state.id ??= `mutant.${path.join('.')}`.replaceAll('.', '-')
    return `#${String(state.id)}`
  }
}

/** The state after it in its parent, the first after the last; undefined for an only child. */
function siblingOf(path: readonly string[], parent: ChartConfig | undefined): string | undefined {
  const names = Object.keys(parent?.states ?? {})
  if (names.length < 2) return undefined
  return names[(names.indexOf(path.at(-1) ?? '') + 1) % names.length]
}

function walk(
  state: ChartConfig,
  path: readonly string[],
  visit: (state: ChartConfig, path: string[]) => void,
): void {
  visit(state, [...path])
  for (const [key, child] of Object.entries(state.states ?? {})) walk(child, [...path, key], visit)
}

function normal(given: unknown): Transition[] {
  return [given].flat().map(one => (typeof one === 'string' ? { target: one } : (one as Transition)))
}

function nameOf(action: unknown): string {
  if (typeof action === 'string') return action
  const { type, params } = action as { type?: string; params?: unknown }
  if (type === undefined) return 'an action'
  return typeof params === 'object' && params !== null ? `${type} ${Object.values(params).join(' ')}` : type
}

/** A deep copy of a configuration; functions stay themselves. */
export function copyChart<T>(config: T): T {
  if (Array.isArray(config)) return config.map(copyChart) as T
  if (typeof config !== 'object' || config === null) return config
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, copyChart(value)])) as T
}
