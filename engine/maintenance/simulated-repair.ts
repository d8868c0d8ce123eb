import type { Logger } from 'pino'
import type { Maintenance } from '../../schema/maintenance.js'
import type { FaultControl } from '../simulation/fault-control.js'
import { SimulationError } from '../simulation/simulation-error.js'

/**
 * Lets work on a simulated machine mend its fault, which is true; a real machine, or one that carries no such fault, is
 * left alone.
 */
export const simulatedRepair =
  (faults: FaultControl, logger: Logger) =>
  ({ id, machine, fault, repair, keeps, who, note }: Maintenance, takes: number): boolean => {
    if (fault === null) return false
    try {
      const reason = note === '' ? `maintenance ${id}` : note
      faults.repair(machine, fault, { kind: repair, keeps, takes, who, reason })
      return true
    } catch (error) {
      if (!(error instanceof SimulationError)) throw error
      if (error.code !== 'real-machine') logger.info({ work: id }, `nothing to mend: ${error.message}`)
      return false
    }
  }
