import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Entry } from '../../schema/records.js'
import { floorOf, machineOf, sensor, stateSignal } from '../floor/floor.fixture.js'
import { DowntimeRegister } from './downtime-register.js'
import { KpiBook } from './kpi-book.js'
import { recordSettled } from './kpi-keeper.js'
import { findScope } from './scope.js'
import { KpiGround } from './test-ground.js'

let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())

const minute = 60_000
const hour = 60 * minute
const firstDay = Date.UTC(2026, 0, 5, 6)
const code = (name: string, rest: object = {}) =>
  sensor('press', name, {
    ...{ role: 'status', quantity: 'text', type: 'text', unit: '', period: 0, resolution: 0 },
    ...rest,
  })

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

let day = 0

/** A machine that tells its state and a code for why it stops, on a day of its own. */
async function watch(codeSignal = code('stop-reason')) {
  const begin = firstDay + 24 * hour * day++
  const ground = floorOf([machineOf('press', [stateSignal('press'), codeSignal])], { at: begin })
  const { floor, wall, say } = ground
  const { store } = common
  const faultReasons = {
    'cnc-mill': { E101: 'mechanical/hydraulic', '17': 'tooling/break', down: 'electrical/drive' },
  }
  const plant = { ...floor.plant, faultReasons }
  const open = async () => {
    const book = new KpiBook({ plant, store, clock: wall, wall: Date })
    await book.start()
    return book
  }
  const book = await open()
  const tell = (entry: Entry | undefined): void => {
    if (entry === undefined) return
    store.append(entry)
    book.take(entry)
  }
  const at = (ms: number, signal: string, value: number | string): void => {
    wall.time = Math.max(wall.time, begin + ms)
    tell(say(`press.${signal}`, value, begin + ms))
  }
  const goTo = (ms: number): void => {
    wall.time = begin + ms
    book.advance()
  }
  const settle = async (): Promise<void> => {
    await book.reread()
    recordSettled(book, tell)
    await store.flush()
  }
  const stops = async (of: KpiBook) => {
    const register = new DowntimeRegister({ plant, book: of, store, clock: wall, record: tell })
    const list = await register.list(findScope(plant, 'enterprise')!, begin, wall.time)
    return list.map(({ from, kind, reason, reasonBy, sourceState }) => [
      (from - begin) / minute,
      kind,
      sourceState,
      reason,
      reasonBy,
    ])
  }
  return { at, goTo, settle, stops, book, open }
}

const codeStop = (from: number, word: string, reason: string) => [
  from,
  'breakdown',
  word,
  reason,
  reason && 'map',
]

describe('the code that a machine tells with a stop', () => {
  it.each([
    ['before its state', -1_000],
    ['with it', 0],
    ['after it', 1_000],
    ['long after it', 4 * minute],
  ])(
    '%s is its word, and gives it its reason: live, once it is written, and after a start',
    async (_, offset) => {
      const { at, goTo, settle, stops, book, open } = await watch()
      at(0, 'execution', 'ACTIVE')
      const told = [
        () => at(10 * minute, 'execution', 'DOWN'),
        () => at(10 * minute + offset, 'stop-reason', 'E101'),
      ]
      for (const tell of offset < 0 ? told.reverse() : told) tell()
      at(20 * minute, 'execution', 'ACTIVE')
      at(20 * minute, 'stop-reason', '')
      at(30 * minute, 'execution', 'DOWN')
      at(40 * minute, 'execution', 'ACTIVE')
      const right = [codeStop(10, 'E101', 'mechanical/hydraulic'), codeStop(30, 'DOWN', 'electrical/drive')]
      expect(await stops(book)).toEqual(right)
      goTo(3 * hour)
      await settle()
      expect(await stops(book)).toEqual(right)
      expect(await stops(await open())).toEqual(right)
    },
  )

  it.each([
    ['is told again', code('stop-reason'), [20, 40]],
    ['is polled, and stands all the time', code('stop-reason', { period: 60_000 }), range(5, 60)],
  ])('is that of each stop where it %s, never taken back between them', async (_, signal, minutes) => {
    const { at, goTo, settle, stops, book, open } = await watch(signal)
    const told = [
      ...minutes.map(minute => [minute, 'stop-reason', 'E101'] as const),
      ...[0, 30, 50].map(minute => [minute, 'execution', 'ACTIVE'] as const),
      ...[20, 40].map(minute => [minute, 'execution', 'DOWN'] as const),
    ]
    for (const [ms, name, value] of told.toSorted(([a], [b]) => a - b)) at(ms * minute, name, value)
    const right = [codeStop(20, 'E101', 'mechanical/hydraulic'), codeStop(40, 'E101', 'mechanical/hydraulic')]
    expect(await stops(book)).toEqual(right)
    goTo(3 * hour)
    await settle()
    expect(await stops(await open())).toEqual(right)
  })

  it('that comes hours late changes the stop that is written', async () => {
    const { at, goTo, settle, stops, book, open } = await watch()
    at(0, 'execution', 'ACTIVE')
    at(10 * minute, 'execution', 'DOWN')
    at(20 * minute, 'execution', 'ACTIVE')
    at(50 * minute, 'stop-reason', 'W1')
    goTo(3 * hour)
    await settle()
    expect(await stops(book)).toEqual([codeStop(10, 'DOWN', 'electrical/drive')])
    at(10 * minute - 1_000, 'stop-reason', 'E101')
    await settle()
    const right = [codeStop(10, 'E101', 'mechanical/hydraulic')]
    expect(await stops(book)).toEqual(right)
    expect(await stops(await open())).toEqual(right)
  })

  it('can be a number; the first of several stands; one that no map knows leaves the reason to the word', async () => {
    const { at, stops, book } = await watch(code('FaultCode', { quantity: 'number', type: 'number' }))
    at(0, 'execution', 'ACTIVE')
    at(10 * minute, 'execution', 'DOWN')
    at(10 * minute + 1, 'FaultCode', 17)
    at(11 * minute, 'FaultCode', 99)
    at(20 * minute, 'execution', 'ACTIVE')
    at(40 * minute, 'execution', 'DOWN')
    at(40 * minute + 1, 'FaultCode', 98)
    at(50 * minute, 'execution', 'ACTIVE')
    expect(await stops(book)).toEqual([
      codeStop(10, '17', 'tooling/break'),
      codeStop(40, '98', 'electrical/drive'),
    ])
  })

  it('is not that of a stop which begins long after it, or after it was taken back, nor of a wait', async () => {
    const { at, stops, book } = await watch()
    at(0, 'execution', 'ACTIVE')
    at(9 * minute, 'stop-reason', 'E101')
    at(10 * minute, 'execution', 'DOWN')
    at(20 * minute, 'execution', 'ACTIVE')
    at(30 * minute - 2_000, 'stop-reason', 'E102')
    at(30 * minute - 1_000, 'stop-reason', 'none')
    at(30 * minute, 'execution', 'DOWN')
    at(40 * minute, 'execution', 'ACTIVE')
    at(50 * minute, 'execution', 'FULL')
    at(50 * minute, 'stop-reason', 'E101')
    at(55 * minute, 'execution', 'ACTIVE')
    expect(await stops(book)).toEqual([
      codeStop(10, 'DOWN', 'electrical/drive'),
      codeStop(30, 'DOWN', 'electrical/drive'),
      [50, 'blocked', 'FULL', '', ''],
    ])
  })
})
