import { type Observable, Subject } from 'rxjs'
import type { Entry } from '../../schema/records.js'
import type { SimulationCommand } from '../../schema/simulation-command.js'
import type { RowOfTable } from '../../schema/tables/row-tables.js'
import type { Floor } from '../floor/floor.js'
import { SimulationError } from './simulation-error.js'

/** Who wants it and why. */
export interface By {
  readonly who: string
  readonly reason: string
}

type Row = RowOfTable<'simulation_commands'>
/** What the record keeps of a command beside who, why and when. */
type Particulars = Omit<Row, 'source' | 'ts' | 'command' | 'who' | 'reason' | 'parameters'> & {
  readonly parameters?: string
}

export interface SimulationChannelParts {
  readonly floor: Floor
  /** Ids of the sources whose machines are simulated. */
  readonly simulated: ReadonlySet<string>
  /** Whether nothing can be made durable now. */
  isBlocked(): boolean
  /** Makes a command durable before it is carried out. */
  record(entry: Entry): void
}

/**
 * The way of commands to simulated sources. Each is recorded with who and why, then sent; a real source gets no such
 * stream at all.
 */
export class SimulationChannel {
  readonly #parts: SimulationChannelParts
  readonly #commands: ReadonlyMap<string, Subject<SimulationCommand>>

  constructor(parts: SimulationChannelParts) {
    this.#parts = parts
    this.#commands = new Map([...parts.simulated].map(source => [source, new Subject<SimulationCommand>()]))
  }

  /** The commands to a source; undefined for a real one. */
  commands(source: string): Observable<SimulationCommand> | undefined {
    return this.#commands.get(source)
  }

  isSimulated(source: string): boolean {
    return this.#commands.has(source)
  }

  isRunning(source: string): boolean {
    return this.#commands.get(source)?.observed === true
  }

  /** Makes sure that a source takes commands now; `what` says of what is wanted that it is real. Throws SimulationError. */
  require(source: string, what: string): void {
    if (!this.isSimulated(source)) {
      const spec = this.#parts.floor.plant.sources.find(({ id }) => id === source)
      const message = `${what}: source ${source} (${spec?.adapter ?? 'unknown'}) is connected to a plant, and nothing is ever sent there. Faults go into simulated sources only.`
      throw new SimulationError('real-machine', message)
    }
    if (!this.isRunning(source)) {
      const message = `The simulated source ${source} does not run now; see /api/v1/sources/${source}.`
      throw new SimulationError('not-running', message)
    }
    if (this.#parts.isBlocked()) {
      throw new SimulationError('not-durable', 'The store takes nothing now; see /readyz. Try again later.')
    }
  }

  send(source: string, command: SimulationCommand, particulars: Particulars): void {
    const { kind, who, reason } = command
    const ts = this.#parts.floor.clock.now()
    const row: Row = { source, ts, command: kind, who, reason, parameters: '', ...particulars }
    this.#parts.record({ source, rows: { simulation_commands: [row] } })
    this.#commands.get(source)?.next(command)
  }
}
