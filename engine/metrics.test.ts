import { describe, expect, it } from 'vitest'
import { floorOf, machineOf, sensor, start } from './floor/floor.fixture.js'
import { engineMetrics } from './metrics.js'
import { Intake } from './pipeline/intake.js'

/** A store that has nothing to do. */
const idleStore = {
  status: () => ({
    rowsWritten: 0,
    insertMs: 0,
    retries: 0,
    damagedSegments: 0,
    refusedBlocks: 0,
    lastError: undefined,
    isReady: true,
    accepted: 0,
    committed: 0,
    spoolBytes: 0,
    segmentsWaiting: 0,
    waitingSince: undefined,
    databaseRestarts: 0,
  }),
}

const noCopies = { isFailing: () => false, isWaiting: false, newestBackup: 0 }

describe('/metrics', () => {
  it('counts the messages that twins refused by reason, and those to nobody', async () => {
    const { floor } = floorOf([machineOf('m', [sensor('m', 'oil')])])
    const metrics = engineMetrics(floor, new Intake({ floor, append: () => {} }), idleStore, noCopies)
    const sample = { type: 'SAMPLE', value: 1, quality: 0, time: start }
    const sent = [
      { ...sample, type: 'DANCE' },
      { ...sample, value: Number.NaN },
      { ...sample, value: Number.NaN },
      { ...sample, quality: 9 },
      sample,
      { ...sample, time: start - 1 },
    ]
    for (const message of sent) floor.twins.send('sensor:m.oil', message)
    floor.twins.send('sensor:m.air', sample)
    const text = await metrics.metrics()
    const lines = text.split('\n').filter(line => /^gemba_twin_messages_(refused|misaddressed)/.test(line))
    expect(lines.sort()).toEqual([
      'gemba_twin_messages_misaddressed_total 1',
      'gemba_twin_messages_refused_total{code="bad-payload"} 1',
      'gemba_twin_messages_refused_total{code="not-a-number"} 2',
      'gemba_twin_messages_refused_total{code="time-backwards"} 1',
      'gemba_twin_messages_refused_total{code="unknown-event"} 1',
    ])
  })

  it('tells that the archive fails, and that it waits', async () => {
    const { floor } = floorOf([machineOf('m', [sensor('m', 'oil')])])
    const intake = new Intake({ floor, append: () => {} })
    for (const [isFailing, isWaiting] of [
      [false, true],
      [true, false],
    ] as const) {
      const copies = { isFailing: () => isFailing, isWaiting, newestBackup: 0 }
      const text = await engineMetrics(floor, intake, idleStore, copies).metrics()
      expect(text).toContain(`gemba_archive_failing ${Number(isFailing)}\n`)
      expect(text).toContain(`gemba_archive_waiting ${Number(isWaiting)}\n`)
    }
  })
})
