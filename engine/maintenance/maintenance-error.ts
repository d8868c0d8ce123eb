export type MaintenanceErrorCode =
  /** No machine, or no signal, of that id is in the plant. */
  | 'unknown-machine'
  | 'unknown-signal'
  /** No work of that id stands. */
  | 'unknown-work'
  /** What was told cannot be so; `path` names the field. */
  | 'impossible'
  /** The spool takes nothing at present. */
  | 'not-now'

/** The one error of this folder: what somebody told of maintenance and could not be taken, and what would be right. */
export class MaintenanceError extends Error {
  readonly code: MaintenanceErrorCode
  /** The field that is wrong, e.g. `end`; empty where it is none. */
  readonly path: string

  constructor(code: MaintenanceErrorCode, message: string, path = '') {
    super(message)
    this.name = 'MaintenanceError'
    this.code = code
    this.path = path
  }
}
