import { describe, expect, it } from 'vitest'
import { testSignal } from '../test-context.js'
import { opcuaOptions } from './config.js'
import { planSubscriptions } from './plan.js'

const signal = (index: number, id: string, period: number, type: 'number' | 'text' = 'number') =>
  testSignal(index, `ns=1;s=${id}`, { id, period, type })
const plan = (options: Record<string, unknown>, ...signals: ReturnType<typeof signal>[]) =>
  planSubscriptions(opcuaOptions.parse({ endpoint: 'opc.tcp://plc', ...options }), signals).map(
    ({ publishingMs, groups }) => [
      publishingMs,
      ...groups.map(({ signals: ids, ...group }) => ({ ...group, ids: ids.map(({ signal: { id } }) => id) })),
    ],
  )

describe('the subscriptions of a source', () => {
  it('look at each signal once in its period, and gather what is sent together', () => {
    expect(
      plan({}, signal(0, 'm.a', 1000), signal(1, 'm.b', 10), signal(2, 'm.c', 0), signal(3, 'm.d', 1000)),
    ).toEqual([
      [
        250,
        { samplingMs: 1000, queueSize: 30, deadband: undefined, ids: ['m.a', 'm.d'] },
        { samplingMs: 10, queueSize: 1000, deadband: undefined, ids: ['m.b'] },
        { samplingMs: 100, queueSize: 300, deadband: undefined, ids: ['m.c'] },
      ],
    ])
  })

  it('follow the first group whose pattern fits, and leave texts without a deadband', () => {
    const options = {
      publishingMs: 500,
      deadband: { absolute: 0.5 },
      groups: [
        { signals: ['*.vibration'], publishingMs: 100, samplingMs: 10, queueSize: 50 },
        { signals: ['press-*.*', '*.vibration'], deadband: { percent: 1 } },
      ],
    }
    expect(
      plan(
        options,
        signal(0, 'press-1.vibration', 0),
        signal(1, 'press-1.pressure', 1000),
        signal(2, 'press-1.state', 1000, 'text'),
        signal(3, 'mill-1.load', 1000),
      ),
    ).toEqual([
      [100, { samplingMs: 10, queueSize: 50, deadband: { absolute: 0.5 }, ids: ['press-1.vibration'] }],
      [
        500,
        { samplingMs: 1000, queueSize: 30, deadband: { percent: 1 }, ids: ['press-1.pressure'] },
        { samplingMs: 1000, queueSize: 30, deadband: undefined, ids: ['press-1.state'] },
        { samplingMs: 1000, queueSize: 30, deadband: { absolute: 0.5 }, ids: ['mill-1.load'] },
      ],
    ])
  })

  it('take a pattern by the letter, but for *, which crosses no dot', () => {
    const options = { groups: [{ signals: ['m.a+', '*.x'], publishingMs: 100 }] }
    expect(plan(options, signal(0, 'm.aa', 0), signal(1, 'a.b.x', 0))[0]![0]).toBe(250)
    expect(plan(options, signal(0, 'm.a+', 0), signal(1, 'b.x', 0)).map(([ms]) => ms)).toEqual([100])
  })
})
