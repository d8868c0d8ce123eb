import type { Archetype, Quantity, Signal } from '../../schema/plant.js'
import type { HeatBody } from './heat-body.js'
import type { Response } from './response.js'

/**
 * What becomes of a reading while the machine rests: it keeps its share, or goes with the drives' power, as the torque
 * of a motor and the coolant of a pump do, or a valve shuts it off with the drives, before which a leak goes on; a force
 * that oil presses goes with the oil's pressure.
 */
export const rests = ['share', 'mains', 'driven', 'valved', 'held', 'pumped', 'pressed', 'kept'] as const
export type Rest = (typeof rests)[number]

/** What a machine moves, fills or charges by its drives, and how fast it comes to rest without them, seconds. */
const runDowns: readonly {
  readonly quantity: Quantity
  readonly named: RegExp
  readonly lag: number
}[] = [
  // Little mass, and a pipe full of friction.
  { quantity: 'flow', named: /coolant|emulsion/i, lag: 3 },
  { quantity: 'flow', named: /paint|lacquer|glue/i, lag: 2 },
  { quantity: 'flow', named: /vacuum/i, lag: 2 },
  // The fan of a booth is heavy.
  { quantity: 'flow', named: /(supply|exhaust)-?air|fan|blow/i, lag: 30 },
  // The part that is being tested is vented.
  { quantity: 'flow', named: /leak/i, lag: 5 },
  { quantity: 'pressure', named: /test/i, lag: 5 },
  // High voltage goes through its bleeder.
  { quantity: 'voltage', named: /atomi[sz]er|electrostatic|high-voltage/i, lag: 5 },
]

const runDownOf = ({ quantity, name }: Signal) =>
  runDowns.find(runDown => runDown.quantity === quantity && runDown.named.test(name))

/**
 * What the reading of a signal does at rest. Oil, coolant and paint are pumped by the machine itself; compressed air
 * comes from outside through a valve, cooling water from outside whatever the machine does.
 */
export function restOf(signal: Signal, { kind }: Response, body: HeatBody, archetype: Archetype): Rest {
  const { quantity, name } = signal
  if (kind === 'mains') return 'mains'
  const isHydraulic = /hydraul|oil/i.test(name)
  // A chuck goes on holding its part behind a check valve.
  if (quantity === 'pressure' && (isHydraulic || /chuck/i.test(name))) return 'held'
  if (quantity === 'flow' && isHydraulic) return 'pumped'
  if (quantity === 'force' && archetype === 'press') return 'pressed'
  if (quantity === 'torque' || quantity === 'load' || runDownOf(signal) !== undefined) return 'driven'
  if (quantity === 'flow' && /air|pneu/i.test(name)) return 'valved'
  return quantity === 'temperature' && kind === 'process' && body === 'space' ? 'kept' : 'share'
}

/** Time constant with which a reading follows its machine once the drives have lost their power, seconds. */
export const lagWithoutDrives = (signal: Signal, { lag }: Response): number => runDownOf(signal)?.lag ?? lag
