import type { Signal } from '../../schema/plant.js'

/** What a source calls it: `stop-reason`, `StopReason`, `down_reason`, `FaultCode`, `alarm_code` … */
const names = /^(stop|down|downtime|fault|alarm)[-_ ]?(reason|code)$/i

/** What a source says where there is no reason. */
const none: ReadonlySet<string> = new Set(['', '0', 'none', 'normal', 'ok'])

/** Whether a status signal says why its machine stops (PackTag Admin.StopReason). */
export const isStopReason = ({ role, quantity, name }: Signal): boolean =>
  role === 'status' && (quantity === 'text' || quantity === 'number') && names.test(name)

/** The reason that a value stands for, as the source has it; undefined where it says that there is none. */
export function stopReasonOf(word: string | undefined): string | undefined {
  const reason = word?.trim() ?? ''
  return none.has(reason.toLowerCase()) ? undefined : reason
}
