import type { FaultCommand } from '../../schema/simulation-command.js'
import type { Behaviour } from '../../twins/behaviour/behaviour.js'

/** Does to a simulated plant what somebody wants, in its own time. A machine or fault that is not simulated here is left alone. */
export function obey(behaviour: Behaviour, command: FaultCommand): void {
  const machine = behaviour.placeOf(command.machine)
  if (machine === undefined) return
  const slot = behaviour.faults.bank.slotOf(machine, command.pattern)
  if (slot === undefined) return
  const { who, reason } = command
  behaviour.changeFaults(machine, (faults, time) => {
    switch (command.kind) {
      case 'inject': {
        const { pattern, severity, start, timeToFailure, clearAfter } = command
        faults.inject(slot, time, {
          pattern,
          severity,
          start,
          note: `${who}: ${reason}`,
          ...(timeToFailure !== null && { timeToFailure }),
          ...(clearAfter !== null && { clearAfter }),
        })
        return
      }
      case 'repair': {
        const { repair: kind, keeps, takes } = command
        faults.startRepair(slot, time, { kind, who, note: reason, ...(keeps !== null && { keeps }) }, takes)
        return
      }
      case 'clear':
        faults.clear(slot, time, { who, note: reason })
        return
      default:
        faults.pause(slot, time, command.kind === 'pause')
    }
  })
}
