import { expect, it } from 'vitest'
import { change, minute, parts, six } from '../kpi/test-ground.js'
import { common } from './figures-ground.js'
import { kpiApi } from './test-kpis.js'

type Losses = Record<
  'breakdowns' | 'setup' | 'minorStops' | 'reducedSpeed' | 'processDefects' | 'startUpRejects',
  number
>
type Waterfall = Record<
  | 'calendar'
  | 'unscheduled'
  | 'planned'
  | 'unknown'
  | 'overtime'
  | 'plannedBusy'
  | 'running'
  | 'netRunning'
  | 'fullyProductive',
  number
>
interface Item {
  readonly flags: string[]
  readonly losses: Losses
  readonly waterfall: Waterfall
}

const at = (minutes: number): string => new Date(six + minutes * minute).toISOString()

/** Two machines in a row, of which the first takes twice as long a part, from six to ten with a break at nine. */
async function morning(name: string) {
  const machines = [`${name}-slow`, `${name}-fast`] as const
  const floor = common.floor(machines, {}, `${name}-line`)
  Object.assign(floor.plant.sites[0]!.areas[0]!.lines[0]!.machines[0]!, { idealCycleTime: 60 })
  const { open, tell, goTo } = floor
  const book = open()
  await book.start()
  const states = (machine: string, ...of: readonly (readonly [number, string])[]) => {
    for (const [when, state] of of)
      tell(book, { source: 's', stateChanges: [change(machine, six + when * minute, state)] })
  }
  states(
    machines[0],
    [0, 'Resetting'],
    [10, 'Execute'],
    [60, 'Aborted'],
    [80, 'Execute'],
    [100, 'Held'],
    [103, 'Execute'],
  )
  states(machines[1], [0, 'Execute'], [70, 'Idle'], [90, 'Execute'])
  goTo(book, six + 240 * minute)
  const rest = kpiApi(common, floor, book)
  const range = `scope=line:${name}-line&from=${at(0)}&to=${at(240)}`
  const losses = async (lines: string): Promise<Item> =>
    (await rest.get(`/kpis/losses?${range}&lines=${lines}`)).items[0]
  /** Far too late for what is remembered, so that it is worked out from the record. */
  const tellLate = async (entry: Parameters<typeof tell>[1]): Promise<void> => {
    tell(book, entry)
    await book.reread()
  }
  return { ...rest, machines, range, losses, tell: tellLate }
}

/** Nothing of calendar time is left over, whatever came in. */
function expectWhole({ losses, waterfall }: Item): void {
  const { calendar, unscheduled, planned, unknown, overtime, plannedBusy, running, netRunning } = waterfall
  expect(unscheduled + planned + unknown + overtime + plannedBusy).toBeCloseTo(calendar, 6)
  expect(running - losses.reducedSpeed).toBeCloseTo(netRunning, 6)
  expect(netRunning - losses.processDefects - losses.startUpRejects).toBeCloseTo(waterfall.fullyProductive, 6)
  const all = Object.values(losses).reduce((sum, each) => sum + each, 0)
  expect(plannedBusy - all).toBeCloseTo(waterfall.fullyProductive, 6)
}

it('a line by its constraint or its output has its losses and its waterfall without a rest, and flags what cannot be true', async () => {
  const { machines, range, losses, tell, text, get } = await morning('odd')
  const [slow, fast] = machines
  await tell(parts(slow, six + 50 * minute, 30))
  await tell(parts(slow, six + 50 * minute, 2, 'defective'))
  await tell(parts(fast, six + 220 * minute, 25))
  const fine = await losses('constraint')
  expectWhole(fine)
  // By hand: 240 min, 30 of them break, in which it ran; 10 set up, 20 down, 3 stopped; 30 parts of a minute, 2 of them bad.
  expect(fine).toMatchObject({
    flags: ['overtime'],
    losses: {
      breakdowns: 1_200,
      setup: 600,
      minorStops: 180,
      processDefects: 120,
      reducedSpeed: (177 - 30) * 60,
    },
    waterfall: { calendar: 4 * 3_600, overtime: 1_800, plannedBusy: 210 * 60, running: 177 * 60 },
  })
  const output = await losses('output')
  expectWhole(output)
  expect(output).toMatchObject({ losses: { breakdowns: 1_200, reducedSpeed: (177 - 25) * 60 } })

  // Its counter of rejects says more than there were parts.
  await tell(parts(slow, six + 221 * minute, 100, 'defective'))
  for (const lines of ['sum', 'constraint', 'output']) {
    const odd = await losses(lines)
    expectWhole(odd)
    if (lines !== 'output') expect(odd.flags).toEqual(['rejectsExceedProduced', 'overtime'])
  }
  const [, row] = (await text(`/kpis/losses?${range}&lines=constraint&format=csv`)).split('\r\n')
  expect(row).toMatch(/^,rejectsExceedProduced overtime,/)
  const [oee] = (await get(`/kpis/oee?${range}&lines=constraint`)).items
  expect(oee).toMatchObject({ flags: ['rejectsExceedProduced', 'overtime'], quantities: { PQ: 30, SQ: 102 } })

  // More parts than its ideal cycle allows for: shown, and flagged.
  await tell(parts(slow, six + 222 * minute, 400))
  const fast400 = await losses('constraint')
  expectWhole(fast400)
  expect(fast400.flags).toEqual(['idealCycleSuspect', 'overtime'])
  expect(fast400.losses.reducedSpeed).toBe((177 - 430) * 60)
})

it('rejects that are entered in a break or after the shift count like any, and those of overtime are flagged', async () => {
  const floor = common.floor(['after-shift'], { costs: { material: { bolt: 2 } } }, 'after-line')
  const book = floor.open()
  await book.start()
  const { get, send } = kpiApi(common, floor, book)
  const enter = async (when: number, quantity: number) => {
    floor.goTo(book, six + when * minute)
    const entry = { machine: 'after-shift', operator: 'Ada', quantity, counted: false }
    expect((await send('POST', '/scrap', entry)).status).toBe(201)
  }
  const states = (when: number, name: string): void =>
    floor.tell(book, { source: 's', stateChanges: [change('after-shift', six + when * minute, name)] })
  states(0, 'Execute')
  floor.tell(book, parts('after-shift', six + 100 * minute, 100))
  states(175, 'Idle')
  await enter(190, 4)
  // Half a minute after the late shift.
  await enter(16 * 60 + 0.5, 7)
  const range = (from: number, to: number) => `scope=line:after-line&from=${at(from)}&to=${at(to)}`
  const figures = async (from: number, to: number) => {
    const [{ quantities, ratios, flags }] = (await get(`/kpis/oee?${range(from, to)}`)).items
    return { quality: ratios.qualityRatio, SQ: quantities.SQ, flags }
  }
  const day = [0, 17 * 60] as const
  floor.goTo(book, six + 17 * 60 * minute)
  expect(await figures(...day)).toEqual({ quality: 0.89, SQ: 11, flags: [] })
  const { items } = await get(`/kpis/pareto?of=scrap&by=machine&${range(...day)}`)
  expect(items[0].quantity).toBe(11)
  await floor.settle(book)
  expect(await figures(...day)).toEqual({ quality: 0.89, SQ: 11, flags: [] })

  // Only its counter of rejects goes on in the night.
  floor.tell(book, parts('after-shift', six + (17 * 60 + 10) * minute, 3, 'defective'))
  floor.goTo(book, six + 18 * 60 * minute)
  expect(await figures(17 * 60, 18 * 60)).toMatchObject({ SQ: 0, flags: ['overtime'] })
  states(18 * 60 + 10, 'Execute')
  await enter(18 * 60 + 20, 5)
  floor.goTo(book, six + 19 * 60 * minute)
  expect(await figures(18 * 60, 19 * 60)).toMatchObject({ SQ: 0, flags: ['overtime'] })
})

it('an entry of rejects that was a mistake is taken back, once, and counts nowhere', async () => {
  const floor = common.floor(['mistake'], {}, 'mistake-line')
  const book = floor.open()
  await book.start()
  const { get, send, remove } = kpiApi(common, floor, book)
  floor.tell(book, { source: 's', stateChanges: [change('mistake', six, 'Execute')] })
  floor.tell(book, parts('mistake', six + 50 * minute, 100))
  floor.goTo(book, six + 60 * minute)
  const range = `scope=line:mistake-line&from=${at(0)}&to=${at(180)}`
  const figures = async (of = get) => ({
    SQ: (await of(`/kpis/oee?${range}`)).items[0].quantities.SQ,
    bars: (await of(`/kpis/pareto?of=scrap&by=reason&${range}`)).items.map(
      ({ key, quantity, count }: { key: string; quantity: number; count: number }) => [key, quantity, count],
    ),
  })
  let now = 60
  const enter = async (quantity: number): Promise<string> => {
    const entry = { machine: 'mistake', operator: 'Ada', category: 'surface', reason: 'burr', quantity }
    const { id } = (await send('POST', '/scrap', { ...entry, counted: false })).body
    floor.goTo(book, six + ++now * minute)
    return id
  }
  await enter(2)
  const right = await figures()
  expect(right).toEqual({ SQ: 2, bars: [[expect.any(String), 2, 1]] })
  const id = await enter(200)
  expect((await figures()).SQ).toBe(202)
  expect(await remove(`/scrap/${id}`)).toBe(422)
  expect(await remove(`/scrap/${id}?operator=Bob`)).toBe(204)
  expect(await figures()).toEqual(right)
  expect(await remove(`/scrap/${id}?operator=Bob`)).toBe(409)
  expect(await remove('/scrap/nothing?operator=Bob')).toBe(404)
  // So it is of hours that are written, and after a restart.
  floor.goTo(book, six + 180 * minute)
  await floor.settle(book)
  const again = floor.open()
  await again.start()
  expect(await figures(kpiApi(common, floor, again).get)).toEqual(right)
})

it('yield and defects of a run are those of its whole line, as its scrap is', async () => {
  const machines = ['first', 'second', 'third'].map(place => `yield-${place}`)
  const floor = common.floor(machines, {}, 'yield-line')
  const book = floor.open()
  await book.start()
  const { get, send } = kpiApi(common, floor, book)
  floor.goTo(book, six)
  for (const machine of machines)
    floor.tell(book, { source: 's', stateChanges: [change(machine, six, 'Execute')] })
  expect((await send('POST', '/production', { line: 'yield-line', who: 'Ada' })).status).toBe(201)
  for (const [place, machine] of machines.entries()) {
    floor.tell(book, parts(machine, six + (100 + place) * minute, 308 - 4 * place))
    floor.tell(book, parts(machine, six + (100 + place) * minute, 4, 'defective'))
  }
  floor.goTo(book, six + 120 * minute)
  const { items, groups } = await get(`/production?scope=line:yield-line&by=line&from=${at(0)}&to=${at(120)}`)
  // By hand: 308 begun, 4 lost at each machine, 300 of them at its end and 296 good.
  const expected = { actual: 300, good: 296, scrap: 12, firstPassYield: 296 / 308, defectRatePpm: 12e6 / 308 }
  expect([items, groups]).toMatchObject([[expected], [expected]])
})

it('what nobody can have meant is refused with what is wrong, and changes nothing', async () => {
  const { machines, range, send, get } = await morning('refused')
  const [slow] = machines
  const stops = async () => (await get(`/downtime?${range}&micro=true`)).items
  const before = await stops()
  const breakdown = `/downtime/${slow}@${six + 60 * minute}`
  const refused = async (method: string, path: string, body: object, part: string, message: RegExp) => {
    const answer = await send(method, path, body)
    expect(answer, JSON.stringify(answer)).toMatchObject({ status: 422, body: { errors: [{ path: part }] } })
    expect(answer.body.errors[0].message).toMatch(message)
  }
  const who = 'Ada'
  await refused('PATCH', breakdown, { who, reason: 'mechanical/baering' }, 'json.reason', /is no reason/)
  await refused('PATCH', breakdown, { who, reason: 'gremlins' }, 'json.reason', /is no reason/)
  const split = (...times: number[]) => ({
    who,
    split: times.map(time => ({ at: at(time), reason: 'changeover/set-up' })),
  })
  // Within another stop of the machine, at the end of its own, and twice the same.
  await refused('PATCH', breakdown, split(101), 'json.split.at', /within the stop/)
  await refused('PATCH', breakdown, split(80), 'json.split.at', /within the stop/)
  await refused('PATCH', breakdown, split(70, 70), 'json.split.at', /two reasons begin/)
  await refused('PATCH', breakdown, { who }, 'json', /a reason, a split, or both/)
  expect((await send('PATCH', `/downtime/${slow}@5`, { who, reason: 'mechanical' })).status).toBe(404)
  expect(await stops()).toEqual(before)

  const scrap = { machine: slow, operator: who, quantity: 1 }
  await refused('POST', '/scrap', { ...scrap, machine: 'nobody' }, 'json.machine', /there is no machine/)
  await refused('POST', '/scrap', { ...scrap, product: 'gold' }, 'json.product', /there is no product/)
  await refused(
    'POST',
    '/scrap',
    { ...scrap, quantity: 11_000 },
    'json.quantity',
    /more than the machine can make/,
  )
  await refused('POST', '/scrap', { ...scrap, quantity: -1 }, 'json.quantity', /./)
  await refused('POST', '/scrap', { ...scrap, quantity: 0.5 }, 'json.quantity', /./)
  await refused('POST', '/scrap', { ...scrap, time: at(300) }, 'json.time', /ahead/)
  // Misspelt or of another's interface: left out, something else would be kept.
  await refused('POST', '/scrap', { ...scrap, qty: 4 }, 'json.qty', /no such field/)
  const part = { at: at(70), reason: 'changeover/set-up', minutes: 5 }
  await refused('PATCH', breakdown, { who, split: [part] }, 'json.split.0.minutes', /no such field/)
  await refused('PATCH', breakdown, { who, reason: 'tooling', start: at(60) }, 'json.start', /no such field/)
  const run = { line: 'refused-line', who }
  await refused('POST', '/production', { ...run, quantity: 4 }, 'json.quantity', /no such field/)
  for (const target of [2e9, 900.5, -1])
    await refused('POST', '/production', { ...run, target }, 'json.target', /./)
  expect((await send('POST', '/production', { ...run, start: at(100) })).status).toBe(201)
  await refused('POST', '/production', { ...run, start: at(50) }, 'json.start', /begin after it/)
  await refused('POST', '/production', { ...run, line: 'none' }, 'json.line', /there is no line/)
  const [{ quantities }] = (await get(`/kpis/oee?${range}`)).items
  expect(quantities).toEqual({ PQ: 0, GQ: 0, SQ: 0, RQ: 0 })
})
