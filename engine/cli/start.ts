import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { countPlant } from '../../schema/count-plant.js'
import { referencePlant } from '../../schema/reference-plant/reference-plant.js'
import { startEngine } from '../engine.js'
import { EngineError } from '../errors.js'
import type { Command } from './command.js'
import { openPlant } from './open-plant.js'
import { withRandomFaults } from './random-faults.js'
import { readSettings, settingsHelp } from './settings.js'

/** The built viewer lies beside the built engine, also when this runs from source. */
const viewer = join(
  dirname(fileURLToPath(import.meta.url)),
  import.meta.url.endsWith('.ts') ? '../../dist/viz' : '../../viz',
)

export const startCommand: Command = {
  name: 'start',
  summary: 'start the twin of a plant and serve its floor',
  usage: `Usage: gemba start [options]

Starts the twin and serves the viewer, REST and the stream on one port. Ctrl-C stops it: the sources first, then what
is on its way is written. Settings, flags over environment over file:

${settingsHelp().join('\n')}
  --config              file with "key: value" lines for the settings above

Exit codes: 0 stopped as asked, 1 the plant file has problems, 2 a setting is wrong, 3 the port is in use, 4 the data
folder is in use, cannot be written or its disk is full, 5 the store does not start.`,

  async run(argv, io) {
    try {
      const config = readSettings(argv, io.env)
      const plant = withRandomFaults(
        config.plant === undefined ? referencePlant({ seed: config.seed }) : openPlant(config.plant),
        config.randomFaults,
      )
      const logger = makeLogger(config.logLevel)
      const counts = countPlant(plant)
      const engine = await startEngine({ config, plant, logger, viewer, signal: io.signal })
      logger.info({ url: engine.url, ...counts }, `Gemba is live: ${engine.url}`)
      await aborted(io.signal)
      logger.info('stopping: the sources first, then what is on its way is written')
      const { rowsWritten, segmentsLeft } = await engine.stop()
      const left =
        segmentsLeft === 0
          ? 'nothing is left to write'
          : `${segmentsLeft} spool segments wait for the next start`
      logger.info({ rowsWritten, segmentsLeft }, `stopped; ${rowsWritten} rows written, ${left}`)
      return 0
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      io.err(`gemba: ${error.message}`)
      return error.exitCode
    }
  },
}

/** Lines for people on a terminal, JSON for everybody else. */
function makeLogger(level: string) {
  const transport = {
    target: 'pino-pretty',
    options: { ignore: 'pid,hostname', translateTime: 'HH:MM:ss', singleLine: true },
  }
  return process.stdout.isTTY ? pino({ level, transport }) : pino({ level })
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}
