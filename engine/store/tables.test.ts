import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Plant } from '../../schema/plant.js'
import { clusterStatements } from '../../schema/tables/cluster-statements.js'
import { createStatement } from '../../schema/tables/create-statement.js'
import { dataDictionary } from '../../schema/tables/data-dictionary.js'
import { databaseName } from '../../schema/tables/definition.js'
import { definitions } from '../../schema/tables/index.js'
import { schemaCommand } from '../cli/schema.js'
import { makeRegistry } from '../floor/registry.js'
import { Database } from './database.js'
import { writeDimensions } from './dimensions.js'
import { startEmbedded } from './embedded/embedded.js'
import { migrate, migrations } from './migrations/migrate.js'

import { openTestDatabase, type TestDatabase } from './your-clickhouse.fixture.js'

const logger = pino({ level: 'silent' })
let opened: TestDatabase
let database: Database

beforeAll(async () => {
  opened = await openTestDatabase()
  database = opened.database
})
afterAll(async () => {
  await opened?.close()
})

/** Each definition as the database has it. */
async function expectAsDefined(database: Database): Promise<void> {
  for (const definition of definitions) {
    const found = await database.query<{ name: string; type: string; comment: string }>(
      "SELECT name, type, comment FROM system.columns WHERE database = 'gemba' AND table = {table:String} ORDER BY position",
      { table: definition.name },
    )
    const isTable = definition.kind === 'table'
    expect(
      found.map(({ name, type, comment }) => (isTable ? { name, type, comment } : { name, type })),
      definition.name,
    ).toEqual(
      definition.columns.map(({ name, type, meaning }) =>
        isTable ? { name, type, comment: meaning } : { name, type },
      ),
    )
  }
}

describe('migrations', () => {
  it('make the tables and views just as they are defined', () => expectAsDefined(database))

  it('leave tables alone that were made for a new database; bring an older one to the same shape', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'gemba-tables-made-'))
    const server = await startEmbedded({ path: elsewhere, logger })
    const made = new Database(server.url, server.secret)
    const tables = (): Promise<unknown> =>
      made.query(
        "SELECT name, uuid FROM system.tables WHERE database = 'gemba' AND name != 'migrations' ORDER BY name",
      )
    try {
      await made.command('CREATE DATABASE IF NOT EXISTS gemba')
      for (const definition of definitions) await made.command(createStatement(definition))
      const before = await tables()
      await migrate(made, logger)
      expect(await tables()).toEqual(before)
      // It has not the tables that came since.
      await made.command('DROP TABLE gemba.segments')
      await made.command('ALTER TABLE gemba.migrations DELETE WHERE number > 1 SETTINGS mutations_sync = 1')
      await migrate(made, logger)
      await expectAsDefined(made)
    } finally {
      await made.close()
      await server.stop()
      rmSync(elsewhere, { recursive: true, force: true })
    }
  })

  it('are recorded, and applied once', async () => {
    await migrate(database, logger)
    expect(await database.query('SELECT number, name FROM gemba.migrations ORDER BY number')).toEqual(
      migrations.map(({ number, name }) => ({ number, name })),
    )
  })

  it('are numbered in order', () => {
    expect(migrations.map(({ number }) => number)).toEqual(migrations.map((_, i) => i + 1))
  })

  it('leave a database of a newer version alone, and say so', async () => {
    await expect(migrate(database, logger, [])).rejects.toMatchObject({ code: 'migration-failed' })
  })
})

describe('the data dictionary', () => {
  it('is up to date (`npx vitest run engine/store/tables -u` writes it anew)', async () => {
    await expect(dataDictionary()).toMatchFileSnapshot('../../docs/data-dictionary.md')
  })

  it('names every table and view, and every column', () => {
    const page = dataDictionary()
    for (const definition of definitions) {
      expect(page).toContain(`## ${definition.name}`)
      for (const column of definition.columns) expect(page).toContain(`| \`${column.name}\` |`)
    }
  })
})

describe('on a cluster', () => {
  it('every statement can be read, with its engine, keys and settings', async () => {
    for (const definition of definitions) {
      for (const statement of clusterStatements(definition, 'plant-1')) {
        await expect(database.command(`EXPLAIN AST ${statement}`), statement).resolves.toBeUndefined()
        expect(statement).toContain('ON CLUSTER `plant-1`')
      }
    }
  })

  it('tables are replicated within a shard and distributed over all, what belongs together on one', () => {
    const [local, all] = clusterStatements(
      definitions.find(({ name }) => name === 'twin_snapshots')!,
      'plant',
    )
    expect(local).toContain(
      "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}/twin_snapshots', '{replica}', seq)",
    )
    expect(local).toContain('replicated_deduplication_window = 5000')
    expect(local).not.toContain('non_replicated')
    expect(all).toContain("Distributed('plant', 'gemba', 'twin_snapshots_local', cityHash64(address))")
    expect(clusterStatements(definitions[0]!, 'plant')[1]).toContain("'telemetry_local', signal)")
  })

  it('gemba schema prints them all, and plain ones without a cluster', async () => {
    const print = async (...args: string[]): Promise<string> => {
      const lines: string[] = []
      const io = { out: (line: string) => lines.push(line), err: () => {}, env: {} }
      await schemaCommand.run(args, { ...io, signal: new AbortController().signal })
      return lines.join('\n')
    }
    const onCluster = await print('--cluster', 'plant')
    expect(onCluster.match(/ENGINE = Distributed/g)).toHaveLength(
      definitions.filter(({ kind }) => kind === 'table').length,
    )
    const plain = await print()
    expect(plain).not.toContain('CLUSTER')
    for (const { name } of definitions) expect(plain).toContain(`${databaseName}.${name} `)
  })
})

it('names come from one place: a definition can be made in another database', () => {
  for (const definition of definitions)
    expect(createStatement(definition, 'elsewhere')).not.toContain('gemba.')
})

it('dimensions are written anew at each start, and each index has one row', async () => {
  const plant = (name: string): Plant => ({
    name: 'p',
    enterprise: 'e',
    sites: [
      {
        id: 's1',
        name: 'S',
        timeZone: 'UTC',
        areas: [
          {
            id: 'a1',
            name: 'A',
            lines: [
              {
                id: 'l1',
                name: 'L',
                kind: 'machining',
                machines: [
                  {
                    id: 'm1',
                    name,
                    type: 'mill',
                    source: 'src',
                    feeds: [],
                    idealCycleTime: 30,
                    signals: [
                      {
                        id: 'm1.temp',
                        name: 'temp',
                        role: 'sensor',
                        quantity: 'temperature',
                        unit: '°C',
                        type: 'number',
                        period: 1_000,
                        range: [0, 100],
                        resolution: 0.1,
                        limits: {},
                        source: 'src',
                        tag: 'T1',
                      },
                    ],
                  },
                ],
              },
            ],
          },
        ],
      },
    ],
    sources: [],
    machineTypes: [],
    shifts: [],
    products: [],
    customers: [],
    crews: [],
    stateMaps: {},
  })
  for (const [i, name] of ['old', 'new'].entries())
    await writeDimensions(database, makeRegistry(plant(name), { machines: {}, signals: {} }).registry, i)
  expect(await database.query('SELECT id, name, line, site FROM gemba.machines')).toEqual([
    { id: 'm1', name: 'new', line: 'l1', site: 's1' },
  ])
  expect(await database.query('SELECT signal, id, machine, unit, period FROM gemba.signals')).toEqual([
    { signal: 0, id: 'm1.temp', machine: 'm1', unit: '°C', period: 1_000 },
  ])
})
