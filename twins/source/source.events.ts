import { shown, type TwinProblem } from '../twin-problem.js'

/** What the engine tells a source's twin; every event carries the floor's time, Unix ms. */
export type SourceTwinEvent =
  /** It tries to connect. */
  | { readonly type: 'CONNECT'; readonly time: number }
  /** The link stands. */
  | { readonly type: 'CONNECTED'; readonly time: number }
  /** The link is gone for now, and the source's own session brings it back; `reason` for a person. */
  | { readonly type: 'INTERRUPTED'; readonly reason: string; readonly time: number }
  /** Something came. */
  | { readonly type: 'HEARD'; readonly time: number }
  /** Nothing came for longer than it should; `reason` for a person. */
  | { readonly type: 'SILENT'; readonly reason: string; readonly time: number }
  /** The link is lost, or could not be made; it is tried again at `retryAt`, Unix ms. */
  | { readonly type: 'LOST'; readonly reason: string; readonly retryAt: number; readonly time: number }
  /** The source has nothing more to say. */
  | { readonly type: 'ENDED'; readonly time: number }
  /** Nobody wants to hear it any more: by configuration, or because the engine stops. */
  | { readonly type: 'STOP'; readonly time: number }

const known = ['CONNECT', 'CONNECTED', 'INTERRUPTED', 'HEARD', 'SILENT', 'LOST', 'ENDED', 'STOP']
const reasoned = ['INTERRUPTED', 'SILENT', 'LOST']

/** Why the source twin cannot take `event`; undefined = it can. A floor's clock may go back, so time may as well. */
export function checkSourceEvent(event: unknown): TwinProblem | undefined {
  if (typeof event !== 'object' || event === null) return bad('an event is an object with type and time')
  const { type, time, reason, retryAt } = event as Partial<Record<string, unknown>>
  if (typeof type !== 'string' || !known.includes(type))
    return { code: 'unknown-event', detail: `a source knows no event ${shown(type)}` }
  if (reasoned.includes(type) && typeof reason !== 'string')
    return bad(`reason is a ${typeof reason}; it is a text`)
  return notATime('time', time) ?? (type === 'LOST' ? notATime('retryAt', retryAt) : undefined)
}

function notATime(name: string, value: unknown): TwinProblem | undefined {
  if (typeof value !== 'number') return bad(`${name} is a ${typeof value}; it is a number, Unix ms`)
  return Number.isFinite(value) ? undefined : { code: 'not-a-number', detail: `${name} is ${value}` }
}

const bad = (detail: string): TwinProblem => ({ code: 'bad-payload', detail })
