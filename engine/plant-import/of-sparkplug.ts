import { takeUntil, timer } from 'rxjs'
import type { ImportedMachine } from '../../adapters/imported-machine.js'
import { sparkplugOptions } from '../../adapters/sparkplug/config.js'
import { births } from '../../adapters/sparkplug/import-births.js'
import { EngineError } from '../errors.js'
import { secretReader } from '../pipeline/read-secret.js'
import type { Described } from './described.js'

export interface SparkplugImport {
  /** How long to listen, s. */
  readonly seconds: number
  readonly options: Readonly<Record<string, unknown>>
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/** The nodes and devices that are born, or speak and are asked, while we listen. Throws EngineError 'bad-input'. */
export async function ofSparkplug(broker: string, given: SparkplugImport): Promise<Described> {
  const options = { brokers: [broker], ...given.options }
  const parsed = sparkplugOptions.safeParse(options)
  if (!parsed.success) {
    throw new EngineError('bad-usage', `plant: ${broker}: ${parsed.error.issues[0]?.message ?? ''}`)
  }
  const machines = new Map<string, ImportedMachine>()
  await new Promise<void>((resolve, reject) => {
    const context = { readSecret: secretReader(given.env) }
    const listening = births(parsed.data, context, Date.now)
      .pipe(takeUntil(timer(given.seconds * 1000)))
      .subscribe({
        // Born again, it tells all anew.
        next: machine => machines.set(`${machine.group}/${machine.name}`, machine),
        error: (error: Error) => reject(new EngineError('bad-input', error.message, { cause: error })),
        complete: resolve,
      })
    given.signal.addEventListener('abort', () => {
      listening.unsubscribe()
      resolve()
    })
  })
  const inOrder = [...machines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, machine]) => machine)
  return { machines: inOrder, adapter: 'sparkplug', options }
}
