import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pino from 'pino'
import { databaseName } from '../../schema/tables/definition.js'
import { Database } from './database.js'
import { type Embedded, startEmbedded } from './embedded/embedded.js'
import { writerHeader } from './embedded/http-interface.js'
import { migrate } from './migrations/migrate.js'
import { openStore, type Store, type StoreOptions } from './store.js'

/**
 * A ClickHouse that the tests of the store may use instead of the embedded one. What it has of Gemba's is dropped, and
 * test files must take turns:
 *
 *     GEMBA_TEST_CLICKHOUSE_URL=http://127.0.0.1:8123 npx vitest run engine/store --no-file-parallelism
 *
 * What is of the embedded one alone stays with it: `engine/store/embedded`, and tests that end its process or lock its
 * folder. The spool has no database. Backups are restored into a folder, and so into the embedded one.
 *
 * Where there is none at hand, `npx tsx engine/store/your-clickhouse.fixture.ts` serves one and prints its address.
 */
export const testUrl: string | undefined = process.env.GEMBA_TEST_CLICKHOUSE_URL

/** A store in a new folder, and nothing in its database: in the embedded one, or in that of `testUrl`. */
export async function openTestStore(options: StoreOptions): Promise<Store> {
  await dropTestDatabase()
  return reopenTestStore(options)
}

/** Nothing is left in the database of `testUrl`. */
export async function dropTestDatabase(): Promise<void> {
  if (testUrl === undefined) return
  const database = new Database(testUrl)
  await database.command(`DROP DATABASE IF EXISTS ${databaseName} SYNC`)
  await database.close()
}

/** The same again, with all that is there. */
export const reopenTestStore = (options: StoreOptions): Promise<Store> =>
  openStore({ ...withTestUrl, ...options })

/** The address of `testUrl`, as an option of whoever opens a store. */
export const withTestUrl: { readonly clickhouseUrl?: string } =
  testUrl === undefined ? {} : { clickhouseUrl: testUrl }

export interface TestDatabase {
  readonly database: Database
  close(): Promise<void>
}

/** A database with its tables and nothing in them: an embedded one, or that of `testUrl`. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const logger = pino({ level: 'silent' })
  const folder = mkdtempSync(join(tmpdir(), 'gemba-database-'))
  const server = testUrl === undefined ? await startEmbedded({ path: folder, logger }) : undefined
  const database = new Database(server?.url ?? testUrl!, server?.secret)
  await database.command(`DROP DATABASE IF EXISTS ${databaseName} SYNC`)
  await migrate(database, logger)
  return {
    database,
    close: async () => {
      await database.close()
      await server?.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** An embedded database under another address, that can go away; to it everybody is the engine. */
export interface Front {
  readonly url: string
  /** Whether statements are carried out and their answers lost. */
  isDumb: boolean
  up(port?: number): Promise<void>
  down(): Promise<void>
}

export function frontOf(server: Embedded): Front {
  let front: Server | undefined
  let port = 0
  return {
    isDumb: false,
    get url() {
      return `http://127.0.0.1:${port}`
    },
    async up(wanted = port) {
      front = createServer((incoming, response) => {
        const onward = request(
          `${server.url}${incoming.url}`,
          { method: incoming.method, headers: { ...incoming.headers, [writerHeader]: server.secret } },
          answer => {
            if (this.isDumb) {
              answer.resume().on('end', () => response.destroy())
              return
            }
            response.writeHead(answer.statusCode ?? 500, answer.headers)
            answer.pipe(response)
          },
        )
        onward.on('error', () => response.destroy())
        incoming.pipe(onward)
      })
      await new Promise<void>(resolve => front!.listen(wanted, '127.0.0.1', resolve))
      port = (front.address() as AddressInfo).port
    },
    async down() {
      const closed = new Promise(resolve => (front ? front.close(resolve) : resolve(undefined)))
      front?.closeAllConnections()
      await closed
    },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = mkdtempSync(join(tmpdir(), 'gemba-your-clickhouse-'))
  const server = await startEmbedded({ path, logger: pino({ level: 'warn' }) })
  const front = frontOf(server)
  await front.up(Number(process.argv[2] ?? 0))
  process.stdout.write(`${front.url}\n`)
  process.once('SIGTERM', () => void front.down().then(() => server.stop()))
  process.once('SIGINT', () => void front.down().then(() => server.stop()))
}
