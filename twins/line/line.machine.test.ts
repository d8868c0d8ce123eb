import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import type { DisplayState } from '../../schema/display-state.js'
import { lineStates } from '../../schema/line-state.js'
import { judgeLine, type LineMachine, type MachineSeen } from './constraint.js'
import { explain } from './explain.js'
import { checkLineEvent, type LineEvent } from './line.events.js'
import { type LineEmitted, lineMachine } from './line.machine.js'

const machine = (id: string, ...feeds: string[]): LineMachine => ({ id, feeds, idealCycleTime: 10 })
/** Four in a row; the last feeds a machine of another line. */
const row = [machine('a', 'b'), machine('b', 'c'), machine('c', 'd'), machine('d', 'elsewhere')]
/** One feeds two that feed one. */
const fork = [machine('a', 'b', 'c'), machine('b', 'd'), machine('c', 'd'), machine('d')]

const words: Record<string, DisplayState> = {
  R: 'running',
  S: 'starved',
  B: 'blocked',
  D: 'down',
  I: 'idle',
  O: 'off-shift',
  M: 'maintenance',
  T: 'setup',
  '-': 'unknown',
  L: 'running',
}
/** A letter a machine; L runs slow, at 1.5 times its planned cycle. */
function view(machines: readonly LineMachine[], letters: string) {
  const seen: Record<string, MachineSeen> = {}
  machines.forEach(({ id }, i) => {
    const letter = letters[i] ?? '-'
    seen[id] = {
      display: words[letter]!,
      reason: '',
      cycleTime: letter === 'L' ? 15 : 10,
      since: i,
      toldAt: i,
    }
  })
  return judgeLine(machines, seen)
}

describe('what a line does', () => {
  it.each([
    ['----', 'unknown', undefined, undefined],
    ['RRRR', 'running', undefined, undefined],
    ['R---', 'running', undefined, undefined],
    ['-SSS', 'unknown', undefined, undefined],
    ['RRRS', 'running', undefined, undefined],
    ['IRRR', 'running', undefined, undefined],
    ['IIII', 'no-demand', 'a', 'idle'],
    ['OOOO', 'no-demand', 'a', 'idle'],
    ['ISSS', 'no-demand', 'a', 'idle'],
    ['BDSS', 'down', 'b', 'stopped'],
    ['BMSS', 'down', 'b', 'stopped'],
    ['BTSS', 'down', 'b', 'stopped'],
    ['BBDR', 'slowed', 'c', 'stopped'],
    ['DRRR', 'slowed', 'a', 'stopped'],
    ['BLSR', 'slowed', 'b', 'slow'],
    ['BLSS', 'slowed', 'b', 'slow'],
    ['LDSS', 'down', 'b', 'stopped'],
    ['BBBB', 'blocked', 'd', 'blocked-outside'],
    ['RRBB', 'blocked', 'd', 'blocked-outside'],
    ['SSSS', 'starved', 'a', 'starved-outside'],
    ['SRRR', 'slowed', 'a', 'starved-outside'],
  ] as const)('in a row shows %s: %s because of %s (%s)', (letters, state, id, cause) => {
    const { state: said, constraint } = view(row, letters)
    expect([said, constraint?.machine, constraint?.cause]).toEqual([state, id, cause])
  })

  it.each([
    ['RDRR', 'slowed', 'b', []],
    ['BDDS', 'down', 'b', ['a', 'd']],
    ['BBBD', 'down', 'd', ['a', 'b', 'c']],
    ['DSSS', 'down', 'a', ['b', 'c', 'd']],
  ] as const)(
    'with two machines side by side shows %s: %s because of %s, for whom %j wait',
    (letters, state, id, explains) => {
      const { state: said, constraint } = view(fork, letters)
      expect([said, constraint?.machine, constraint?.explains]).toEqual([state, id, explains])
    },
  )

  it('takes of two stops the one that makes more machines wait, then the older', () => {
    expect(view(row, 'DBDS').constraint?.machine).toBe('c')
    const seen = (since: number): MachineSeen => ({
      display: 'down',
      reason: '',
      cycleTime: null,
      since,
      toldAt: since,
    })
    const pair = [machine('a'), machine('b')]
    expect(judgeLine(pair, { a: seen(5), b: seen(3) }).constraint?.machine).toBe('b')
    expect(judgeLine(pair, { a: seen(3), b: seen(3) }).constraint?.machine).toBe('a')
  })

  it('calls a cycle slow beyond 1.1 times the plan, and knows nothing of it without a plan or a cycle', () => {
    const at = (cycleTime: number | null, idealCycleTime = 10) =>
      judgeLine([{ id: 'a', feeds: [], idealCycleTime }], {
        a: { display: 'running', reason: '', cycleTime, since: 1, toldAt: 1 },
      }).state
    expect([at(11), at(11.1), at(null), at(99, 0)]).toEqual(['running', 'slowed', 'running', 'running'])
  })

  it('comes to an end where machines feed each other in a ring', () => {
    expect(view([machine('a', 'b'), machine('b', 'a')], 'SS')).toEqual({ state: 'unknown', constraint: null })
  })
})

describe('the sentence for the floor', () => {
  it.each([
    ['RRRR', 'The line runs.'],
    ['BDSS', 'The line is down: b is down; a, c and d wait for it.'],
    ['RRMS', 'The line is down: c is in maintenance; d waits for it.'],
    ['BLSS', 'The line is slowed: b takes 1.50 times its planned cycle; a, c and d wait for it.'],
    ['RRRB', 'The line is blocked: d cannot hand its parts on to what follows the line.'],
    ['SSSS', 'The line is starved: a gets no parts from before the line; b, c and d wait for it.'],
    ['IIII', 'The line has nothing to do: a is idle.'],
  ])('for %s: %s', (letters, sentence) => {
    expect(explain(view(row, letters))).toBe(sentence)
  })

  it('gives the reason where one was told', () => {
    const a = { display: 'down', reason: 'E-stop', cycleTime: null, since: 1, toldAt: 1 } as const
    expect(explain(judgeLine([machine('a')], { a }))).toBe('The line is down: a is down (E-stop).')
  })
})

const state = (id: string, display: DisplayState, time = 1, reason = ''): LineEvent => ({
  type: 'MACHINE_STATE',
  machine: id,
  display,
  reason,
  cycleTime: null,
  time,
})

describe('the line statechart', () => {
  const pair = [machine('a', 'b'), machine('b')]
  /** Displays of a pair that lead to each state. */
  const leading = {
    unknown: ['unknown', 'unknown'],
    running: ['running', 'running'],
    slowed: ['down', 'running'],
    blocked: ['blocked', 'blocked'],
    starved: ['starved', 'starved'],
    down: ['down', 'starved'],
    'no-demand': ['idle', 'idle'],
  } as const

  it.each(lineStates.flatMap(from => lineStates.map(to => [from, to] as const)))(
    'goes from %s to %s by what its machines show',
    (from, to) => {
      const actor = createActor(lineMachine, { input: { machines: pair } }).start()
      for (const [i, display] of leading[from].entries()) actor.send(state(pair[i]!.id, display))
      expect(actor.getSnapshot().value).toBe(from)
      const said: LineEmitted[] = []
      actor.on('line.changed', emitted => said.push(emitted))
      for (const [i, display] of leading[to].entries()) actor.send(state(pair[i]!.id, display, 2))
      const { value, context } = actor.getSnapshot()
      expect(value).toBe(to)
      expect(context.seen.b).toMatchObject({ display: leading[to][1], toldAt: 2 })
      if (from !== to) expect(said.at(-1)).toMatchObject({ to, machine: context.constraint?.machine ?? null })
      const before = said.length
      const constraining = context.constraint?.machine
      if (constraining === undefined) return
      const { display } = context.seen[constraining]!
      actor.send(state(constraining, display, 3, 'news'))
      actor.send(state(constraining, display, 4, 'news'))
      expect(said.slice(before)).toMatchObject([{ time: 3, to, machine: constraining, reason: 'news' }])
      expect(actor.getSnapshot().context.seen[constraining]).toMatchObject({ reason: 'news', toldAt: 4 })
    },
  )

  /** What a single machine shows, and its cycle, in each state of its line. */
  const alone = {
    unknown: ['unknown', null],
    running: ['running', 10],
    slowed: ['running', 15],
    blocked: ['blocked', null],
    starved: ['starved', null],
    down: ['down', null],
    'no-demand': ['idle', null],
  } as const

  it.each(lineStates.flatMap(from => lineStates.map(to => [from, to] as const)))(
    'of one machine goes from %s to %s in one step, and says so once',
    (from, to) => {
      const actor = createActor(lineMachine, { input: { machines: [machine('a')] } }).start()
      const show = (name: keyof typeof alone, time: number) =>
        actor.send({ ...state('a', alone[name][0], time), cycleTime: alone[name][1] } as LineEvent)
      show(from, 1)
      const said: LineEmitted[] = []
      actor.on('line.changed', emitted => said.push(emitted))
      show(to, 2)
      const { value, context } = actor.getSnapshot()
      expect(value).toBe(to)
      expect(context.seen.a).toMatchObject({ display: alone[to][0], cycleTime: alone[to][1], toldAt: 2 })
      const machineSaid = to === 'running' || to === 'unknown' ? null : 'a'
      expect(said).toMatchObject(from === to ? [] : [{ time: 2, to, machine: machineSaid }])
      expect(said).toHaveLength(from === to ? 0 : 1)
    },
  )

  it('says what changed, when, and who holds it back', () => {
    const actor = createActor(lineMachine, { input: { machines: pair } }).start()
    const said: LineEmitted[] = []
    actor.on('line.changed', emitted => said.push(emitted))
    actor.send(state('a', 'down', 7, 'E-stop'))
    actor.send(state('b', 'starved', 8))
    actor.send(state('a', 'down', 9, 'tool broken'))
    expect(said).toEqual([
      { type: 'line.changed', time: 7, to: 'down', machine: 'a', cause: 'stopped', reason: 'E-stop' },
      { type: 'line.changed', time: 9, to: 'down', machine: 'a', cause: 'stopped', reason: 'tool broken' },
    ])
    expect(actor.getSnapshot().context.constraint?.explains).toEqual(['b'])
    expect(actor.getSnapshot().context.seen.a).toMatchObject({ since: 7, toldAt: 9 })
  })

  it('keeps its verdict when a source begins anew: of two stops, the older', () => {
    const actor = createActor(lineMachine, { input: { machines: pair } }).start()
    actor.send(state('a', 'off-shift', 1))
    actor.send(state('b', 'off-shift', 1))
    actor.send({ type: 'SOURCE_FOUND', machine: 'b', time: 2 })
    actor.send(state('a', 'off-shift', 3))
    expect(actor.getSnapshot().context.constraint?.machine).toBe('a')
  })

  it('takes no late news, until the source begins anew', () => {
    const actor = createActor(lineMachine, { input: { machines: pair } }).start()
    actor.send(state('a', 'running', 10))
    actor.send(state('a', 'down', 9))
    expect(actor.getSnapshot().value).toBe('running')
    actor.send({ type: 'SOURCE_FOUND', machine: 'b', time: 11 })
    actor.send({ type: 'SOURCE_FOUND', machine: 'a', time: 11 })
    actor.send(state('a', 'down', 9))
    expect(actor.getSnapshot().value).toBe('down')
  })

  it.each([
    ['unknown-event', { type: 'OPEN', time: 20 }],
    ['bad-payload', null],
    ['bad-payload', 7],
    ['bad-payload', { ...state('z', 'down', 20) }],
    ['bad-payload', { ...state('a', 'down', 20), display: 'broken' }],
    ['bad-payload', { ...state('a', 'down', 20), reason: 1 }],
    ['bad-payload', { ...state('a', 'down', 20), cycleTime: '1' }],
    ['bad-payload', { ...state('a', 'down', 20), cycleTime: -1 }],
    ['bad-payload', { ...state('a', 'down'), time: '20' }],
    ['not-a-number', { ...state('a', 'down'), time: Number.NaN }],
    ['not-a-number', { ...state('a', 'down', 20), cycleTime: Number.NaN }],
    ['time-backwards', state('a', 'down', 9)],
    [undefined, state('a', 'down', 10)],
    [undefined, state('b', 'down', 1)],
    [undefined, { ...state('a', 'down', 20), cycleTime: 0 }],
    [undefined, { type: 'SOURCE_FOUND', machine: 'a', time: 1 }],
  ])('%s: %o', (code, event) => {
    const actor = createActor(lineMachine, { input: { machines: pair } }).start()
    actor.send(state('a', 'running', 10))
    expect(checkLineEvent(event, actor.getSnapshot().context)?.code).toBe(code)
  })
})
