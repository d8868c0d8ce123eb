import { describe, expect, it } from 'vitest'
import { createMachine, type Snapshot } from 'xstate'
import type { TwinDefinition } from './definition.js'
import { TwinSystem } from './twin-system.js'

/** Version 1 kept `bar`, version 2 `pascal`, version 3 knows the state `idle` where 2 said `off`. */
const pump = createMachine({
  id: 'pump',
  context: { pascal: 0 },
  initial: 'idle',
  states: { idle: {}, on: {} },
})
type Persisted = Snapshot<unknown> & { value: string; context: Record<string, number> }

const definition: TwinDefinition<undefined> = {
  id: 'pump',
  version: 3,
  logic: pump,
  migrations: {
    1: persisted => {
      const { bar } = (persisted as unknown as Persisted).context
      if (bar === undefined) throw new Error('bar is missing')
      return Object.assign(persisted, { context: { pascal: bar * 100_000 } })
    },
    2: persisted => {
      const { value } = persisted as unknown as Persisted
      return Object.assign(persisted, { value: value === 'off' ? 'idle' : value })
    },
  },
}

const saved = (version: number, value: string, context: object, of = 'pump') => ({
  address: 'p',
  time: 0,
  definition: of,
  version,
  snapshot: JSON.stringify({ status: 'active', value, context, children: {}, historyValue: {} }),
})

function restore(snapshot: ReturnType<typeof saved>) {
  const system = new TwinSystem(() => {})
  const outcome = system.add('p', definition, undefined, snapshot)
  return { system, outcome, state: system.inspect('p')?.state, context: system.inspect('p')?.context }
}

describe('an old snapshot', () => {
  it('goes through every migration up to the version of today, and is then kept in its new form', () => {
    const { outcome, state, context, system } = restore(saved(1, 'off', { bar: 2 }))
    expect([outcome, state, context]).toEqual(['migrated', 'idle', { pascal: 200_000 }])
    expect(system.takeSnapshots(9)).toMatchObject([{ address: 'p', version: 3 }])
  })

  it('goes only through the migrations it has not had', () => {
    expect(restore(saved(2, 'on', { pascal: 5 }))).toMatchObject({
      outcome: 'migrated',
      state: 'on',
      context: { pascal: 5 },
    })
  })

  it.each([
    [
      'whose migration throws',
      saved(1, 'off', {}),
      'migration-failed',
      'from version 1 to 2: bar is missing',
    ],
    ['that is migrated into no state there is', saved(2, 'torn', {}), 'migration-failed', 'torn'],
    ['of a version nobody migrates', saved(0, 'off', {}), 'other-version', 'nothing migrates version 0 to 1'],
    ['of a newer version', saved(4, 'on', {}), 'other-version', 'version 4 is newer than 3'],
    ['of another statechart', saved(3, 'on', {}, 'valve'), 'other-version', '"valve"'],
    ['in no state of the statechart', saved(3, 'torn', {}), 'unreadable', 'torn'],
    ['that is no JSON', { ...saved(3, 'on', {}), snapshot: '{' }, 'unreadable', 'JSON'],
    ['that is JSON but no snapshot', { ...saved(3, 'on', {}), snapshot: 'null' }, 'unreadable', ''],
  ])('%s lets the twin start fresh, and says which and why', (_, snapshot, why, detail) => {
    const { system, outcome, state, context } = restore(snapshot)
    expect([outcome, state, context]).toEqual([why, 'idle', { pascal: 0 }])
    expect(system.unused).toEqual([{ address: 'p', outcome: why, detail: expect.stringContaining(detail) }])
  })
})
