/** Why a twin does not take an event. */
export const twinProblemCodes = ['unknown-event', 'bad-payload', 'not-a-number', 'time-backwards'] as const
export type TwinProblemCode = (typeof twinProblemCodes)[number]

/** An event that a twin refuses; the twin stays as it was. */
export interface TwinProblem {
  readonly code: TwinProblemCode
  /** What is wrong with it, value and limit, for a person. */
  readonly detail: string
}

/** A value for a message, whatever it is: an object that cannot become a string must not throw where it is refused. */
export function shown(value: unknown): string {
  return typeof value === 'object' || typeof value === 'function'
    ? `a value of type ${typeof value}`
    : String(value)
}
