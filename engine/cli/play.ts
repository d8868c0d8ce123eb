import { EngineError } from '../errors.js'
import type { Speed } from '../player/pacer.js'
import { play } from '../player/player.js'
import { ShdrServer } from '../player/shdr-server.js'
import { surveyRecording } from '../player/survey.js'
import { systemTimer } from '../player/timer.js'
import type { Command, CommandIo } from './command.js'
import { misused, parseFlags } from './flags.js'

const usage = `Usage: gemba play <log.gz|log.txt> --shdr <port> [options]

Serves a recorded SHDR log over TCP, as an MTConnect adapter would, with the log's own times. Waits for a reader, and
pauses while there is none. Rows from before the recording's day go out at once.

  --shdr <port>        port to listen on; 0 takes a free one
  --speed <n|max>      times real time (default 1); max = as fast as the reader takes it
  --host <address>     address to listen on (default 127.0.0.1)
  --loop               begin again at the end

Example: gemba play adapters/mtconnect/recordings/Mazak01-20170608-20170609.txt.gz --shdr 7878 --speed 600`

/** `gemba play`: a recording as a source. */
export const playCommand: Command = {
  name: 'play',
  summary: 'serve a recorded machine log as a live source',
  usage,
  async run(argv, io) {
    try {
      return await playLog(readArguments(argv), io)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      io.err(`gemba: ${error.message}`)
      return error.exitCode
    }
  },
}

interface PlayArguments {
  readonly path: string
  readonly host: string
  readonly port: number
  readonly speed: Speed
  readonly isLooped: boolean
}

async function playLog(given: PlayArguments, io: CommandIo): Promise<number> {
  const { path, host, port, speed, isLooped } = given
  const survey = await surveyRecording(path)
  const server = await ShdrServer.listen(host, port)
  const startedAt = systemTimer.now()
  try {
    const report = (line: string): void => io.err(line)
    const options = { path, survey, server, speed, isLooped, timer: systemTimer, report }
    const { rows, repeated, rounds } = await play(options, io.signal)
    const seconds = ((systemTimer.now() - startedAt) / 1000).toFixed(1)
    const again = repeated === 0 ? '' : `, ${repeated} of them again for readers that came later`
    const word = rounds === 0 ? 'stopped after' : 'played'
    io.out(`${word} ${rows + repeated} rows of ${path} in ${seconds} s${again}`)
    return 0
  } finally {
    await server.close()
  }
}

const options = {
  shdr: { type: 'string' },
  speed: { type: 'string', default: '1' },
  host: { type: 'string', default: '127.0.0.1' },
  loop: { type: 'boolean', default: false },
} as const

function readArguments(argv: readonly string[]): PlayArguments {
  const { values, positionals } = parseFlags('play', argv, options, true)
  const [path] = positionals
  if (path === undefined) throw misused('play', 'name the log to play')
  if (positionals.length > 1) throw misused('play', `one log at a time, not ${positionals.length}`)
  if (values.shdr === undefined)
    throw misused('play', '--shdr <port> is missing: the port to serve the log on')
  const port = Number(values.shdr)
  if (!/^\d+$/.test(values.shdr) || port > 65_535) {
    throw misused('play', `--shdr ${values.shdr} is not a port: expected a number from 0 to 65535`)
  }
  return { path, host: values.host, port, speed: readSpeed(values.speed), isLooped: values.loop }
}

function readSpeed(text: string): Speed {
  if (text === 'max') return 'max'
  const speed = Number(text)
  if (text.trim() !== '' && Number.isFinite(speed) && speed > 0) return speed
  throw misused('play', `--speed ${text} is not a speed: expected a number above 0, or max`)
}
