import { describe, expect, it } from 'vitest'
import type { Signal } from '../../schema/plant.js'
import type { Entry } from '../../schema/records.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { windowSize } from '../../twins/sensor/health-window.js'
import { type FloorOptions, floorOf, machineOf, sensor, start, stateSignal } from './floor.fixture.js'

const second = 1_000
const hour = 3_600 * second
const shift = 8 * hour

const sensors = (machine: string): Signal[] => [
  sensor(machine, 'oil', { limits: { warningHigh: 150 } }),
  sensor(machine, 'flow', { quantity: 'flow' }),
]
const [oil, flow] = ['m.oil', 'm.flow']

/** A steady wave around 50. */
const wave = (i: number): number => 50 + 2 * Math.sin((2 * Math.PI * i) / 12)

type Show = Readonly<Record<string, (i: number) => number>>

function watchedFloor(options: FloorOptions & { readonly signals?: Signal[] } = {}) {
  const ground = floorOf([machineOf('m', options.signals ?? sensors('m'))], options)
  const { floor, wall, registry } = ground
  const entries: (Entry | undefined)[] = []
  let i = 0
  /** Lets the sensors show something, a sample each every `step` ms for `ms`. */
  const show = (ms: number, what: Show, step = second) => {
    const builder = new SampleBatchBuilder()
    for (const end = wall.time + ms; wall.time < end; i++) {
      wall.time += step
      for (const [id, value] of Object.entries(what)) {
        builder.push(registry.signalById(id)!.index, wall.time, wall.time, value(i), 0)
      }
      if (i % windowSize === 0) {
        entries.push(floor.ingest('plc', { kind: 'samples', batch: builder.take() }), floor.tick())
      }
    }
    entries.push(floor.ingest('plc', { kind: 'samples', batch: builder.take() }), floor.tick())
  }
  const rows = () => entries.flatMap(entry => entry?.rows?.sensor_health ?? [])
  const health = (id: string) => floor.health(registry.signalById(id)!.index)
  return { ...ground, show, rows, health }
}

/** Steps of a minute make a shift short to play. */
const minutes = 60 * second
const slow = (signals: Signal[]): Signal[] => signals.map(signal => ({ ...signal, period: minutes }))

describe('the health of sensors on the floor', () => {
  it('is known from the first window on, in the twin, in a row, and to whoever asks', () => {
    const { floor, show, rows, health } = watchedFloor()
    expect(health(oil)).toMatchObject({ windows: 0, score: 100 })
    show(windowSize * second, { [oil]: wave })
    expect(health(oil)).toMatchObject({ windows: 1, condition: 'ok', score: 100 })
    expect(rows()).toEqual([
      expect.objectContaining({
        signal: oil,
        machine: 'm',
        condition: 'ok',
        score: 100,
        calibrated_at: null,
      }),
    ])
    expect(floor.inspect(`sensor:${oil}`)?.state).toMatchObject({ health: 'ok' })
  })

  it('makes a row an hour where nothing changes', () => {
    const { show, rows } = watchedFloor()
    show(3 * hour + 5 * 60 * second, { [oil]: wave })
    expect(rows().map(({ ts }) => Math.round((ts - start) / hour))).toEqual([0, 1, 2, 3])
  })

  it('is stuck when a value has not moved for half an hour, and the twin says so at once', () => {
    const { floor, show, rows, health } = watchedFloor()
    show(10 * 60 * second, { [oil]: wave })
    show(29 * 60 * second, { [oil]: () => 50 })
    expect(health(oil)?.condition).toBe('ok')
    show(2 * 60 * second, { [oil]: () => 50 })
    expect(health(oil)?.condition).toBe('stuck')
    expect(rows().at(-1)).toMatchObject({ condition: 'stuck', score: 30 })
    expect(floor.inspect(`sensor:${oil}`)?.state).toMatchObject({ health: 'stuck' })
  })

  it('is no better for a calibration that does not mend it', () => {
    const { floor, show, rows, health, wall } = watchedFloor()
    show(10 * 60 * second, { [oil]: wave })
    show(40 * 60 * second, { [oil]: () => 50 })
    const told = { signal: oil, who: 'Ines', reference: 50, reading: 50, due: null, note: '' }
    const entry = floor.calibrate({ ...told, time: wall.time })
    const stuck = { condition: 'stuck', score: 30, calibratedAt: wall.time }
    expect(health(oil)).toMatchObject(stuck)
    expect(entry?.rows?.sensor_health).toEqual([expect.objectContaining({ condition: 'stuck', score: 30 })])
    const twin = () => floor.inspect(`sensor:${oil}`)
    expect(twin()).toMatchObject({ state: { health: 'stuck' }, context: { score: 30 } })
    show(2 * 60 * second, { [oil]: () => 50 })
    expect(twin()).toMatchObject({ state: { health: 'stuck' } })
    show(10 * 60 * second, { [oil]: wave })
    expect(twin()).toMatchObject({ state: { health: 'ok' }, context: { score: 100 } })
    expect(rows().at(-1)).toMatchObject({ condition: 'ok', calibrated_at: stuck.calibratedAt })
  })

  it('is due for calibration in the twin the moment it is due for whoever asks', () => {
    const { floor, show, rows, health, wall } = watchedFloor()
    show(windowSize * second, { [oil]: wave })
    const due = wall.time + 10 * second
    floor.calibrate({ signal: oil, time: wall.time, due, who: 'Ines', reference: 50, reading: 50, note: '' })
    const both = () => {
      floor.tick()
      const { state, context } = floor.inspect(`sensor:${oil}`)!
      const { condition, score } = health(oil)!
      expect([state, context]).toMatchObject([{ health: condition }, { score }])
      return [condition, score]
    }
    wall.time = due
    expect(both()).toEqual(['ok', 100])
    wall.time = due + 1
    expect(both()).toEqual(['calibration-due', 90])
    const told = rows().length
    show(5 * 60 * second, { [flow]: wave })
    expect(rows().filter(({ signal }) => signal === oil).length - told).toBe(0)
  })

  it('is due for calibration after a restart as without one', () => {
    const { floor, wall } = watchedFloor()
    const due = start + 10 * second
    floor.calibrate({ signal: oil, time: start, due, who: 'Ines', reference: 50, reading: 50, note: '' })
    const snapshots = floor.snapshot()?.snapshots ?? []
    const healthAt = (...times: number[]) => {
      const next = watchedFloor({ snapshots, at: wall.time })
      for (const time of times) {
        next.wall.time = time
        next.floor.tick()
      }
      return next.floor.inspect(`sensor:${oil}`)?.state
    }
    expect(healthAt(due - second)).toMatchObject({ health: 'ok' })
    expect(healthAt(due - second, due + 1)).toMatchObject({ health: 'calibration-due' })
    // It came while nobody watched.
    expect(healthAt(due + hour)).toMatchObject({ health: 'calibration-due' })
  })

  it('is better by its drift for a calibration, and by nothing else', () => {
    const { floor, show, health, wall } = watchedFloor({ signals: slow(sensors('m')) })
    const rest = { [flow]: wave }
    show(5 * shift, { [oil]: wave, ...rest }, minutes)
    show(30 * shift, { [oil]: i => wave(i) + 12, ...rest }, minutes)
    const before = health(oil)!
    expect(before.condition).toBe('drifting')
    const told = { signal: oil, who: 'Ines', reference: 50, reading: 62, due: null, note: '' }
    floor.calibrate({ ...told, time: wall.time })
    const { packetLoss, noiseRatio } = before
    expect(health(oil)).toMatchObject({ condition: 'ok', score: 100, drift: 0, packetLoss, noiseRatio })
    const { state, context } = floor.inspect(`sensor:${oil}`)!
    expect([state, context]).toMatchObject([{ health: 'ok' }, { score: 100, calibratedAt: wall.time }])
  })

  it('is out of range where the gate believes no value any more', () => {
    const { show, health } = watchedFloor()
    show(windowSize * second, { [oil]: i => (i % 10 === 0 ? 250 : wave(i)) })
    expect(health(oil)).toMatchObject({ condition: 'out-of-range', outOfRange: 6, packetLoss: 0 })
  })

  it('makes a fault of drift of what its sensors have, on a real machine', () => {
    const { floor, show } = watchedFloor()
    show(10 * 60 * second, { [oil]: wave })
    show(40 * 60 * second, { [oil]: () => 50 })
    expect(floor.faults(0)).toEqual([
      expect.objectContaining({ pattern: 'sensor-drift', state: 'severe', estimated: true, signals: [oil] }),
    ])
  })

  it('is drifting when one sensor alone leaves where it was for shifts', () => {
    const { show, health } = watchedFloor({ signals: slow(sensors('m')) })
    show(6 * shift, { [oil]: wave, [flow]: wave }, minutes)
    show(12 * shift, { [oil]: i => wave(i) + 25, [flow]: wave }, minutes)
    expect(health(oil)).toMatchObject({ condition: 'drifting' })
    expect(health(flow)).toMatchObject({ condition: 'ok', score: 100 })
  })

  it('is no drift when the sensors of a machine move together', () => {
    const { show, health } = watchedFloor({ signals: slow(sensors('m')) })
    show(6 * shift, { [oil]: wave, [flow]: wave }, minutes)
    show(12 * shift, { [oil]: i => wave(i) + 25, [flow]: i => wave(i) + 25 }, minutes)
    expect(health(oil)).toMatchObject({ condition: 'ok', score: 100 })
  })

  it('is no drift when the value is beyond a limit', () => {
    const { show, health } = watchedFloor({ signals: slow(sensors('m')) })
    show(6 * shift, { [oil]: wave }, minutes)
    show(12 * shift, { [oil]: i => wave(i) + 110 }, minutes)
    expect(health(oil)).toMatchObject({ condition: 'ok' })
  })

  it('is judged only while the machine works, and nothing is missed in between', () => {
    const { show, say, health } = watchedFloor({ signals: [...sensors('m'), stateSignal('m')] })
    say('m.execution', 'READY')
    show(10 * 60 * second, { [oil]: () => 20 })
    expect(health(oil)?.windows).toBe(0)
    say('m.execution', 'ACTIVE')
    show(90 * second, { [oil]: wave })
    say('m.execution', 'READY')
    show(hour, { [oil]: () => 20 })
    say('m.execution', 'ACTIVE')
    show(windowSize * second, { [oil]: wave })
    expect(health(oil)).toMatchObject({ windows: 2, packetLoss: 0 })
  })

  it('says what does not come, but does not hold a lost link against the sensor', () => {
    const { floor, show, health } = watchedFloor()
    show(2 * windowSize * second, { [oil]: wave }, 2 * second)
    expect(health(oil)?.packetLoss).toBeCloseTo(0.5, 1)
    const other = watchedFloor()
    other.show(90 * second, { [oil]: wave })
    other.floor.sourceLost('plc')
    other.wall.time += hour
    other.show(windowSize * second, { [oil]: wave })
    expect(other.health(oil)).toMatchObject({ windows: 2, packetLoss: 0 })
    expect(floor.health(99)).toBeUndefined()
  })

  it('goes on after a restart from what it had learnt', () => {
    const before = watchedFloor({ signals: slow(sensors('m')) })
    before.show(6 * shift, { [oil]: wave, [flow]: wave }, minutes)
    const snapshots = before.floor.snapshot()?.snapshots ?? []
    expect(snapshots.map(({ address }) => address)).toContain(`health:${oil}`)
    const options = { signals: slow(sensors('m')), snapshots, at: before.wall.time }
    const { show, health } = watchedFloor(options)
    expect(health(oil)?.windows).toBe(before.health(oil)?.windows)
    show(12 * shift, { [oil]: i => wave(i) + 25, [flow]: wave }, minutes)
    expect(health(oil)).toMatchObject({ condition: 'drifting' })
  })

  it('starts anew where what was kept cannot be read', () => {
    const kept = { address: `health:${oil}`, time: start, definition: 'sensor-health', version: 1 }
    for (const snapshot of ['{', '[1,2]', 'null']) {
      const { health } = watchedFloor({ snapshots: [{ ...kept, snapshot }] })
      expect(health(oil)?.windows).toBe(0)
    }
  })
})
