import { describe, expect, it } from 'vitest'
import { simulate } from '../../adapters/simulator/adapter.js'
import { simulatorOptions } from '../../adapters/simulator/config.js'
import { referencePlant } from '../../schema/reference-plant/reference-plant.js'
import { emptyIndexBook, makeRegistry } from '../floor/registry.js'
import { main } from './main.js'
import { withRandomFaults } from './random-faults.js'
import { readSettings, settingsHelp } from './settings.js'

describe('faults by chance', () => {
  it('are as the plant says unless a flag, the environment or both say otherwise, the flag first', () => {
    const share = (argv: string[], env = {}) => readSettings(argv, env).randomFaults
    expect(share([])).toBeUndefined()
    expect(share(['--random-faults', '0.2'])).toBe(0.2)
    expect(share(['--no-random-faults'])).toBe(0)
    expect(share([], { GEMBA_RANDOM_FAULTS: '0' })).toBe(0)
    expect(share(['--random-faults=0.1'], { GEMBA_RANDOM_FAULTS: '0' })).toBe(0.1)
    expect(settingsHelp().join('\n')).toContain('--no-random-faults')
  })

  it.each([
    [['--random-faults', '2'], 'a share is a number from 0 to 0.9; got "2"'],
    [['--random-faults', 'many'], 'a share is a number from 0 to 0.9; got "many"'],
    [['--no-random-faults', '--random-faults', '0.1'], 'contradict each other'],
    [['--no-random-faults=yes'], 'takes no value'],
  ])('are refused as %j, by start and simulate alike', async (argv, message) => {
    expect(() => readSettings(argv, {})).toThrow(message)
    const err: string[] = []
    const { signal } = new AbortController()
    const io = { out: () => undefined, err: (line: string) => err.push(line), signal, env: {} }
    expect(await main(['simulate', ...argv], io)).toBe(2)
    expect(err.join('\n')).toContain(message)
  })

  it('come up in a plant of which nothing is said, and in none that is told to have none', () => {
    const reports = (share: number | undefined) => {
      const plant = withRandomFaults(referencePlant(), share)
      const { registry } = makeRegistry(plant, emptyIndexBook)
      const [source] = plant.sources
      const clock = { now: () => Date.UTC(2026, 0, 5, 6) }
      const due = simulate(simulatorOptions.parse({ ...source!.options, overridePeriodMs: 3_600_000 }), {
        source: source!.id,
        plant,
        signals: registry.signals,
        clock,
        wall: clock,
        intern: () => 0,
      })
      due.take(2 * 3_600_000, 1_000_000)
      const events = due.takeEvents?.() ?? []
      return events.flatMap(event => (event.kind === 'damage' ? event.reports : [])).length
    }
    expect(reports(undefined)).toBeGreaterThan(5)
    expect(reports(0)).toBe(0)
  })
})
