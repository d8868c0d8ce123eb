import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FakeRestServer } from '../../adapters/http/fake-server.js'
import type { Entry } from '../../schema/records.js'
import { type OrderService, plainOrderFiles, workOrderSources } from '../../schema/work-order-sources.js'
import { KpiGround } from '../kpi/test-ground.js'
import { secretReader } from '../pipeline/read-secret.js'
import { DropFolder } from './drop-folder.js'
import { OrderBook } from './order-book.js'
import { OrderPull } from './order-pull.js'

const logger = pino({ level: 'silent' })
const start = Date.UTC(2026, 2, 23, 5)
let common: KpiGround
let folder: string
let now = start
let isBlocked = false
let rejects: NonNullable<Entry['rejects']>[number][] = []

beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-orders-'))
  now = start
  isBlocked = false
  rejects = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const wall = { now: () => now }

function openBook(): OrderBook {
  return new OrderBook({
    store: common.store,
    wall,
    clock: wall,
    record: entry => {
      if (isBlocked) return false
      rejects.push(...(entry.rejects ?? []))
      common.store.append(entry)
      return true
    },
  })
}

const names = (of = ''): string[] => {
  try {
    return readdirSync(join(folder, of), { withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(({ name }) => name)
      .sort()
  } catch {
    return []
  }
}

describe('the drop folder', () => {
  const openFolder = (book: OrderBook, to = logger) => {
    book.declare({ kind: 'folder', place: folder, everyMs: undefined })
    const drop = new DropFolder({
      path: folder,
      format: plainOrderFiles,
      book,
      wall,
      logger: to,
      isBlocked: () => isBlocked,
    })
    return async (times = 1, apart = 2_000): Promise<void> => {
      for (let i = 0; i < times; i++) {
        await drop.look()
        now += apart
      }
    }
  }

  it('takes a file when it is whole, and moves it away; a restart knows its orders', async () => {
    const book = openBook()
    const look = openFolder(book)
    const file = join(folder, 'orders.csv')
    writeFileSync(file, 'number,part,ordered,materialCost\nD-1,bolt,100,1.25\n')
    await look(2)
    expect(book.get('D-1')).toBeUndefined()
    writeFileSync(file, 'number,part,ordered,materialCost\nD-1,bolt,100,1.25\nD-2,nut,50,\n')
    utimesSync(file, start / 1_000, start / 1_000)
    await look(3)
    expect(book.list().map(({ number }) => number)).toEqual(['D-1', 'D-2'])
    expect([names(), names('done')]).toEqual([[], ['2026-03-23T05-00-08-000Z orders.csv']])

    const again = openBook()
    await again.start()
    expect(again.get('D-1')).toEqual(book.get('D-1'))
    expect(again.get('D-1')).toMatchObject({ materialCost: 1.25, source: 'folder', synced: start + 8_000 })
    again.declare({ kind: 'folder', place: folder, everyMs: undefined })
    expect(again.sources).toMatchObject([{ kind: 'folder', lastSync: start + 8_000 }])
  })

  it('tells once of columns that it leaves out, with those that it reads', async () => {
    const book = openBook()
    const told: string[] = []
    const listening = pino({ level: 'warn' }, { write: line => told.push(JSON.parse(line).msg) })
    const look = openFolder(book, listening)
    const drop = async (row: string): Promise<void> => {
      writeFileSync(join(folder, 'orders.csv'), `${row}\n`)
      await look(4)
    }
    await drop('number,part,ordered,dueDate,lastSynced\nU-1,bolt,1,2026-03-27,x')
    await drop('number,part,ordered,dueDate,lastSynced\nU-2,bolt,1,2026-03-27,x')
    expect(book.list().filter(({ number }) => number.startsWith('U-'))).toMatchObject([{ due: null }, {}])
    expect(told).toEqual([
      'work orders: orders.csv has columns that are left out: dueDate, lastSynced; those that are read are number, part, description, ordered, completed, scrapped, materialCost, labourRate, customer, due, status. Others can be named under workOrders.folder.columns',
    ])
    expect(book.sources).toMatchObject([{ unknownFields: ['dueDate', 'lastSynced'], lastError: undefined }])
    await drop('number,part,ordered,due\nU-1,bolt,1,2026-03-27')
    expect(book.sources).toMatchObject([{ unknownFields: [] }])
  })

  it('waits for the rest of what looks cut off, and refuses it when none comes', async () => {
    const book = openBook()
    const look = openFolder(book)
    writeFileSync(join(folder, 'cut.json'), '[{"number":"D-3","part":"bolt"')
    writeFileSync(join(folder, 'cut.csv'), 'number,part,ordered\nD-4,bolt,9')
    await look(5)
    expect(names()).toEqual(['cut.csv', 'cut.json'])
    await look(15)
    // It is all that there is: a file may end without a line break.
    expect(book.get('D-4')).toMatchObject({ ordered: 9 })
    expect(names()).toEqual([])
    expect(names('refused').map(name => name.slice(25))).toEqual(['cut.json', 'cut.json.report.csv'])
    expect(rejects.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^cut\.json, the whole file: it is no JSON: /),
    ])
  })

  it('refuses bad rows with file, line and reason, for people beside the file and for programs in the store', async () => {
    const book = openBook()
    const look = openFolder(book)
    writeFileSync(join(folder, 'some.csv'), 'number,part,ordered\nD-5,bolt,10\nD-6,bolt,many\n')
    await look(4)
    expect(book.get('D-5')).toBeDefined()
    expect(rejects).toMatchObject([
      {
        source: 'work-orders',
        rule: 'work-order.refused',
        reason: 'some.csv, line 3: ordered is "many", not a number.',
        raw: 'D-6,bolt,many',
      },
    ])
    const [report] = names('refused')
    expect(readFileSync(join(folder, 'refused', report!), 'utf8')).toBe(
      'place,reason,raw\r\nline 3,"ordered is ""many"", not a number","D-6,bolt,many"\r\n',
    )
    expect(names('done').map(name => name.slice(25))).toEqual(['some.csv'])
  })

  it('refuses rows in another encoding than the folder’s, and tells of the setting', async () => {
    const look = openFolder(openBook())
    const text = 'number,part,ordered,customer\nL-1,bolt,10,Müller\n'
    writeFileSync(join(folder, 'latin.csv'), text, 'latin1')
    await look(4)
    expect(rejects).toMatchObject([
      { reason: expect.stringMatching(/^latin\.csv, line 2: customer is .*workOrders\.folder\.encoding/) },
    ])
  })

  it('lets a file lie until its orders are durable, and takes the older file first', async () => {
    const book = openBook()
    const look = openFolder(book)
    writeFileSync(join(folder, 'b.csv'), 'number,part,ordered\nD-7,bolt,1\n')
    writeFileSync(join(folder, 'a.csv'), 'number,part,ordered\nD-7,bolt,2\n')
    utimesSync(join(folder, 'b.csv'), 1_000, 1_000)
    utimesSync(join(folder, 'a.csv'), 2_000, 2_000)
    await look(1)
    isBlocked = true
    await look(5)
    expect([names(), book.get('D-7')]).toEqual([['a.csv', 'b.csv'], undefined])
    isBlocked = false
    await look(1)
    expect([names(), book.get('D-7')?.ordered]).toEqual([[], 2])
  })

  it('leaves other files, and folders, where they are', async () => {
    const book = openBook()
    const look = openFolder(book)
    mkdirSync(join(folder, 'x.csv'))
    for (const name of ['.hidden.csv', 'orders.xlsx', 'orders.csv.part'])
      writeFileSync(join(folder, name), '')
    await look(4)
    expect(names()).toEqual(['.hidden.csv', 'orders.csv.part', 'orders.xlsx'])
  })
})

describe('the pull from a service', () => {
  let server: FakeRestServer
  beforeEach(async () => {
    server = await FakeRestServer.start()
  })
  afterEach(() => server.stop())

  const open = (book: OrderBook, options: Partial<Record<keyof OrderService, unknown>>) => {
    const { rest } = workOrderSources.parse({ rest: { url: `${server.url}/orders`, ...options } })
    book.declare({ kind: 'rest', place: rest!.url, everyMs: rest!.everyMs })
    const readSecret = secretReader({ ERP_TOKEN: 'abc' })
    return new OrderPull({ options: rest!, book, readSecret, logger })
  }
  const order = (number: string) => ({ number, part: 'bolt', ordered: 5 })

  it('asks with GET only, by the mapping, page after page, with a token from the environment', async () => {
    server.documents.set('/orders', {
      value: [{ OrderNo: 'R-1', item: { id: 'bolt' }, qty: '12', cost: { material: 0.4 } }],
      next: '/orders?page=2',
    })
    server.documents.set('/orders?page=2', { value: [{ OrderNo: 'R-2', item: { id: 'nut' }, qty: 7 }] })
    const book = openBook()
    const pull = open(book, {
      list: '$.value',
      next: '$.next',
      bearer: { env: 'ERP_TOKEN' },
      fields: {
        number: '$.OrderNo',
        part: '$.item.id',
        ordered: '$.qty',
        materialCost: '$.cost.material',
      },
    })
    await pull.pull()
    expect(book.list()).toMatchObject([
      { number: 'R-1', part: 'bolt', ordered: 12, materialCost: 0.4, source: 'rest', synced: start },
      { number: 'R-2', part: 'nut', ordered: 7, materialCost: null },
    ])
    expect(server.requests.map(({ method, headers }) => [method, headers.authorization])).toEqual([
      ['GET', 'Bearer abc'],
      ['GET', 'Bearer abc'],
    ])
  })

  it('shows how old what it said is, and that it fails; what was known stays', async () => {
    server.documents.set('/orders', [order('R-3'), { part: 'bolt' }])
    const book = openBook()
    const pull = open(book, { everyMs: 900_000 })
    expect(book.isStale(book.sources[0]!)).toBe(true)
    await pull.pull()
    await pull.pull()
    expect(rejects.map(({ reason }) => reason)).toEqual([
      `${server.url}, entry 2: number is missing: an order is known by it.`,
    ])
    expect([book.isStale(book.sources[0]!), book.isStaleOrder(book.get('R-3')!)]).toEqual([false, false])
    server.answer = (_, response) => {
      response.writeHead(401).end()
      return true
    }
    now += 31 * 60_000
    await pull.pull()
    expect(book.sources[0]).toMatchObject({
      lastSync: start,
      lastError: expect.stringMatching(/let us in \(401\)/),
    })
    expect([book.isStale(book.sources[0]!), book.isStaleOrder(book.get('R-3')!)]).toEqual([true, true])
    // It answers again, without that order: the order is old, the service is not.
    server.answer = () => false
    server.documents.set('/orders', [order('R-4')])
    await pull.pull()
    expect(book.sources[0]?.lastError).toBeUndefined()
    expect([book.isStale(book.sources[0]!), book.isStaleOrder(book.get('R-3')!)]).toEqual([false, true])
  })

  it('takes nothing of an answer that is no list, too slow, too long, or sends it to another service', async () => {
    const book = openBook()
    const error = async (options: Partial<Record<keyof OrderService, unknown>>): Promise<string> => {
      await open(book, options).pull()
      return book.sources[0]?.lastError ?? 'none'
    }
    server.documents.set('/orders', { value: [order('R-9')], next: 'http://elsewhere.example/orders' })
    expect(await error({})).toMatch(/has no list of orders at \$/)
    expect(await error({ list: '$.value', next: '$.next' })).toMatch(/another service/)
    expect(await error({ bearer: { env: 'NOT_SET' } })).toMatch(/NOT_SET is not set/)
    server.documents.set(
      '/orders',
      Array.from({ length: 200 }, (_, i) => order(`R-9${i}`)),
    )
    expect(await error({ maxLength: 1_024 })).toMatch(/more than 1024 bytes/)
    server.answer = () => true
    expect(await error({ timeoutMs: 50 })).toMatch(/does not answer within 50 ms/)
    expect(book.get('R-9')).toBeUndefined()
    const late = open(book, {})
    await server.stop()
    await late.pull()
    expect(book.sources[0]?.lastError).toMatch(/refused the connection/)
  })
})
