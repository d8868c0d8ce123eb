import { resolve } from 'node:path'
import { pino } from 'pino'
import { configSchema, type Setting, settings } from '../../schema/config.js'
import { EngineError } from '../errors.js'
import { isDiskFull } from '../store/disk-full.js'
import { openReader, type StoreReader } from '../store/reader.js'
import type { CommandIo } from './command.js'

const setting = (key: Setting['key']): Setting => settings.find(candidate => candidate.key === key)!
const [data, clickhouseUrl] = [setting('data'), setting('clickhouseUrl')]

/** How a verb is told where the history is, the same for all that read it. */
export const storeFlags = { data: { type: 'string' }, 'clickhouse-url': { type: 'string' } } as const

export const storeHelp = `  --data <folder>          ${data.description} (default ${data.default})  [${data.env}]
  --clickhouse-url <url>   ${clickhouseUrl.description}  [${clickhouseUrl.env}]

It asks the engine that runs on the data folder; where none does, it opens the folder itself.`

/** The data folder that a verb is about. */
export const dataFolder = (values: { readonly data?: string | undefined }, io: CommandIo): string =>
  resolve(values.data ?? io.env[data.env] ?? String(data.default))

/** Your own ClickHouse, where one is named. Throws EngineError `bad-usage` for what is no address. */
export function clickhouseUrlOf(
  values: { readonly 'clickhouse-url'?: string | undefined },
  io: CommandIo,
): string | undefined {
  const url = values['clickhouse-url'] ?? (io.env[clickhouseUrl.env] || undefined)
  const { error } = configSchema.shape.clickhouseUrl.safeParse(url)
  if (error === undefined) return url
  throw new EngineError(
    'bad-usage',
    `--clickhouse-url (${clickhouseUrl.env}) is ${JSON.stringify(url)}: ${error.issues[0]!.message}.`,
  )
}

/** Opens the history, does the work, closes it, and answers with the exit code. */
export async function withHistory(
  values: { readonly data?: string | undefined; readonly 'clickhouse-url'?: string | undefined },
  io: CommandIo,
  work: (reader: StoreReader) => Promise<number>,
): Promise<number> {
  const url = clickhouseUrlOf(values, io)
  const reader = await openReader({
    dataDir: dataFolder(values, io),
    ...(url !== undefined && { clickhouseUrl: url }),
    logger: pino({ level: 'silent' }),
  })
  try {
    return await work(reader)
  } catch (error) {
    const silence = codeOfSilence(error)
    if (silence !== undefined) {
      const where = url === undefined ? 'The database' : `ClickHouse at ${new URL(url).host}`
      const message = `${where} does not answer (${silence}). Check that it runs, and the address.`
      throw new EngineError('store-unavailable', message, { cause: error })
    }
    if (!(error instanceof Error) || !('code' in error) || error instanceof EngineError) throw error
    // ClickHouse refused: its words are the best there are.
    throw new EngineError('bad-input', error.message, { cause: error })
  } finally {
    await reader.close()
  }
}

/** Runs a verb; an EngineError becomes a line and an exit code, and so does a disk without room. */
export async function reported(io: CommandIo, run: () => Promise<number>): Promise<number> {
  try {
    return await run()
  } catch (thrown) {
    const error = roomless(thrown) ?? thrown
    if (!(error instanceof EngineError)) throw error
    io.err(`gemba: ${error.message}`)
    return error.exitCode
  }
}

/**
 * Does the work; where it was broken off because the verb was told to stop, says what is left, and answers with the exit
 * code of that.
 */
export async function stoppable(
  io: CommandIo,
  work: () => Promise<number>,
  left: () => string,
): Promise<number> {
  try {
    return await work()
  } catch (error) {
    if (!io.signal.aborted) throw error
    io.err(`interrupted: ${left()}`)
    return 130
  }
}

/** What a disk without room ended, in whatever words; undefined where it was something else, or is said already. */
function roomless(error: unknown): EngineError | undefined {
  if (!isDiskFull(error) || (error instanceof EngineError && error.code === 'disk-full')) return undefined
  const { message } = error as Error
  return new EngineError('disk-full', `There is no room on the disk (${message}). Make room, and try again.`)
}

/** What the system says of a connection that did not come about or broke, such as ECONNREFUSED. */
function codeOfSilence(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as NodeJS.ErrnoException
    if (/^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|EPIPE)/.test(String(code))) return code
  }
  return undefined
}
