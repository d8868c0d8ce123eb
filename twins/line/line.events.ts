import { type DisplayState, displayStates } from '../../schema/display-state.js'
import { shown, type TwinProblem } from '../twin-problem.js'

export type LineEvent =
  /** A machine of the line shows this from `time` on, Unix ms; `cycleTime` in seconds, null = not known. */
  | {
      readonly type: 'MACHINE_STATE'
      readonly machine: string
      readonly display: DisplayState
      readonly reason: string
      readonly cycleTime: number | null
      readonly time: number
    }
  /** The machine's source begins anew, perhaps with another day: what it says next is taken whatever its time. */
  | { readonly type: 'SOURCE_FOUND'; readonly machine: string; readonly time: number }

interface CheckedContext {
  readonly machines: readonly { readonly id: string }[]
  readonly seen: Readonly<Record<string, { readonly toldAt: number } | undefined>>
}

/** Why the line twin cannot take `event`; undefined = it can. */
export function checkLineEvent(event: unknown, context: CheckedContext): TwinProblem | undefined {
  if (typeof event !== 'object' || event === null) return bad('an event is an object with type and time')
  const { type, time, machine, display, reason, cycleTime } = event as Partial<Record<string, unknown>>
  if (type !== 'MACHINE_STATE' && type !== 'SOURCE_FOUND')
    return { code: 'unknown-event', detail: `a line knows no event ${shown(type)}` }
  if (typeof time !== 'number') return bad(`time is a ${typeof time}; it is a number, Unix ms`)
  if (!Number.isFinite(time)) return { code: 'not-a-number', detail: `time is ${time}` }
  const own = context.machines.find(({ id }) => id === machine)
  if (own === undefined) return bad(`${shown(machine)} is no machine of this line`)
  if (type === 'SOURCE_FOUND') return undefined
  if (!displayStates.some(name => name === display)) return bad(`display is ${shown(display)}`)
  if (typeof reason !== 'string') return bad(`reason is a ${typeof reason}; it is a text`)
  if (cycleTime !== null && typeof cycleTime !== 'number')
    return bad(`cycleTime is a ${typeof cycleTime}; it is a number of seconds or null`)
  if (cycleTime !== null && !Number.isFinite(cycleTime))
    return { code: 'not-a-number', detail: `cycleTime is ${cycleTime}` }
  if (cycleTime !== null && cycleTime < 0) return bad(`cycleTime is ${cycleTime}; it is not below 0`)
  const newest = context.seen[own.id]?.toldAt ?? Number.NEGATIVE_INFINITY
  if (time < newest)
    return { code: 'time-backwards', detail: `time is ${time}; the newest of ${own.id} is of ${newest}` }
  return undefined
}

const bad = (detail: string): TwinProblem => ({ code: 'bad-payload', detail })
