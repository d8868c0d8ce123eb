import { describe, expect, it } from 'vitest'
import type { DamageReport } from '../../schema/damage-report.js'
import type { FaultContext } from '../../twins/fault/fault.events.js'
import { floorOf, machineOf, sensor, start, stateSignal } from './floor.fixture.js'

const press = () => [
  machineOf('press-01', [sensor('press-01', 'oil'), stateSignal('press-01')], { type: 'press' }),
]
const leak = 'fault:press-01.hydraulic-leak'
const of = { machine: 'press-01', pattern: 'hydraulic-leak' } as const

const damage = (reached: number, time = start): DamageReport => ({
  ...of,
  kind: 'damage',
  time,
  damage: reached,
  severity: 0.8,
  cause: 'injected',
})

function simulatedPress() {
  const ground = floorOf(press(), { isSimulated: true })
  const report = (...reports: DamageReport[]) => ground.floor.ingest('plc', { kind: 'damage', reports })
  const stages = () => ground.floor.faults(0).map(({ pattern, state }) => [pattern, state])
  return { ...ground, report, stages }
}

describe('the faults of a simulated machine', () => {
  it('have no twin before there is something to say of them', () => {
    const { floor, report } = simulatedPress()
    const healthy = floor.twins.size
    report(damage(0), damage(0.005, start + 1_000))
    expect(floor.twins.size).toBe(healthy)
    report(damage(0.3, start + 2_000))
    expect(floor.twins.size).toBe(healthy + 1)
  })

  it('show a person no region but that of the fault', () => {
    const { floor, report } = simulatedPress()
    report(damage(0.3))
    expect(floor.inspect(leak)?.state).toEqual({ fault: { inUse: 'developing' } })
  })

  it('follow the damage through their stages, into the record with each', () => {
    const { report, stages } = simulatedPress()
    expect(stages()).toEqual([])
    const entry = report(damage(0.1), damage(0.7, start + 60_000))
    expect(stages()).toEqual([['hydraulic-leak', 'severe']])
    const told = entry?.twinEvents?.map(({ address, time, payload }) => [address, time, payload.to])
    expect(told).toEqual([
      [leak, start, 'incipient'],
      [leak, start + 60_000, 'severe'],
    ])
    expect(entry?.rows?.fault_events).toEqual([
      expect.objectContaining({ ts: start, stage_before: 'dormant', stage: 'incipient', severity: 0.25 }),
      expect.objectContaining({ ts: start + 60_000, stage: 'severe', origin: 'injected', magnitude: 0.8 }),
    ])
  })

  it('progress by the time to failure that somebody gave, and are cleared without a repair', () => {
    const { report, stages, floor } = simulatedPress()
    const told = (reached: number, progress: number, seconds: number): DamageReport => ({
      ...(damage(reached, start + seconds * 1000) as Extract<DamageReport, { kind: 'damage' }>),
      progress,
    })
    const entries = [
      report(told(0.1, 0.2, 20)),
      report(told(0.7, 0.8, 80)),
      report({ ...of, kind: 'cleared', time: start + 90_000, who: 'Ada', note: 'enough' }),
      report(told(0.1, 0.3, 120)),
      report(told(1, 1, 190)),
      report({ ...of, kind: 'cleared', time: start + 200_000, who: 'Ada', note: 'enough' }),
    ]
    const rows = entries.flatMap(entry => entry?.rows?.fault_events ?? [])
    expect(
      rows.map(({ stage, cause, progress, repair, who }) => [stage, cause, progress, repair, who]),
    ).toEqual([
      ['incipient', 'damage', 0.2, '', ''],
      ['severe', 'damage', 0.8, '', ''],
      ['dormant', 'cleared', 0, '', 'Ada'],
      ['incipient', 'damage', 0.3, '', ''],
      ['failed', 'damage', 1, '', ''],
      ['dormant', 'cleared', 0, '', 'Ada'],
    ])
    expect(stages()).toEqual([])
    // One that is not known has nothing to be cleared of.
    const twins = floor.twins.size
    report({ ...of, pattern: 'bearing-failure', kind: 'cleared', time: start + 300_000, who: 'Ada' })
    expect(floor.twins.size).toBe(twins)
    expect(report(told(0.2, 1.5, 400))?.rejects).toMatchObject([{ rule: 'damage.malformed' }])
  })

  it('keep their damage to themselves', () => {
    const { floor, report } = simulatedPress()
    const entry = report(damage(0.7123))
    // The record keeps what was told, as it keeps the twin's snapshots: without it nothing could be lived again.
    const { turns: _, ...rows } = entry?.rows ?? {}
    const shown = [floor.inspect(leak), floor.faults(0), { ...entry, rows }, floor.tick()]
    expect(JSON.stringify(shown)).not.toContain('0.7123')
    expect(JSON.stringify(shown)).not.toMatch(/"damage":/)
    const twin = floor.twins.get(leak)?.snapshot as unknown as { context: FaultContext }
    expect(twin.context.damage).toBe(0.7123)
  })

  it('go on from their snapshots after a restart', () => {
    const before = simulatedPress()
    before.report(damage(0.7))
    const snapshots = before.floor.snapshot()?.snapshots ?? []
    const { floor } = floorOf(press(), { isSimulated: true, snapshots })
    expect(floor.faults(0)).toEqual(before.floor.faults(0))
  })

  it('start fresh when the machine has become real meanwhile', () => {
    const before = simulatedPress()
    before.report(damage(0.7))
    const { floor } = floorOf(press(), { snapshots: before.floor.snapshot()?.snapshots ?? [] })
    expect(floor.faults(0)).toEqual([])
    expect(floor.twins.unused[0]).toMatchObject({
      address: leak,
      detail: 'its machine was simulated and no longer is',
    })
  })

  it('show what a repair left when the machine runs again, and not before', () => {
    const { report, say, stages, wall } = simulatedPress()
    report(damage(0.9))
    say('press-01.execution', 'DOWN')
    const repair = { ...of, who: 'Ines', note: 'new seal' }
    report({ ...repair, kind: 'repair-started', time: start + 1_000 })
    expect(stages()).toEqual([['hydraulic-leak', 'underRepair']])
    const repaired = report({
      ...repair,
      kind: 'repaired',
      time: start + 2_000,
      repair: 'imperfect',
      keeps: 0.3,
    })
    expect(stages()).toEqual([['hydraulic-leak', 'repaired']])
    wall.time += 3_000
    say('press-01.execution', 'ACTIVE')
    expect(stages()).toEqual([['hydraulic-leak', 'developing']])
    expect(repaired?.rows?.fault_events).toEqual([
      expect.objectContaining({
        cause: 'repair-ended',
        who: 'Ines',
        comment: 'new seal',
        repair: 'imperfect',
      }),
    ])
  })

  it('are over at once when they are taken away from a machine that never stopped', () => {
    const { report, say, stages } = simulatedPress()
    say('press-01.execution', 'ACTIVE')
    report(damage(0.9))
    report({ ...of, kind: 'repaired', time: start + 1_000, who: 'Ines', repair: 'perfect', keeps: null })
    expect(stages()).toEqual([])
  })

  it('refuse less damage than was reached, and count it', () => {
    const { floor, report, stages } = simulatedPress()
    report(damage(0.7), damage(0.2, start + 1_000))
    expect(stages()).toEqual([['hydraulic-leak', 'severe']])
    expect(floor.twins.refused['bad-payload']).toBe(1)
  })
})

describe('a damage report that cannot be taken', () => {
  it.each([
    ['of an unknown machine', { machine: 'press-02' }, 'damage.unknown-machine', '"press-02"'],
    [
      'of a fault its type cannot have',
      { pattern: 'tool-wear' },
      'damage.impossible-fault',
      'hydraulic-leak',
    ],
    ['beyond 1', { damage: 1.5 }, 'damage.malformed', '1.5'],
    ['that is no number', { damage: Number.NaN }, 'damage.malformed', 'NaN'],
    ['of no time', { time: Number.NaN }, 'damage.malformed', 'NaN'],
  ] as const)('%s becomes a reject that says so', (_, wrong, rule, reason) => {
    const { floor, report } = simulatedPress()
    const entry = report({ ...damage(0.7), ...wrong } as DamageReport)
    expect(entry?.rejects).toEqual([
      expect.objectContaining({ source: 'plc', rule, reason: expect.stringContaining(reason) }),
    ])
    expect(floor.faults(0)).toEqual([])
  })

  it('of a real source becomes a reject too', () => {
    const { floor } = floorOf(press())
    const entry = floor.ingest('plc', { kind: 'damage', reports: [damage(0.7)] })
    expect(entry?.rejects?.[0]?.rule).toBe('damage.real-source')
  })
})
