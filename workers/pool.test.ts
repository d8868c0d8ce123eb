import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SampleBatchBuilder } from '../schema/sample-batch.js'
import blocks from './blocks.js'
import { createPool, type WorkerPool } from './pool.js'
import { encodeEntry, encodeOpening } from './spool/record.js'

let folder: string
let path: string
let pool: WorkerPool

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-pool-'))
  path = join(folder, 'segment')
  const samples = new SampleBatchBuilder()
  for (let i = 0; i < 100; i++) samples.push(i, i, i, i, 0)
  const entry = {
    source: 's',
    samples: samples.take(),
    rejects: [{ source: 's', time: 1, rule: 'r', reason: 'why', raw: 'x' }],
  }
  const stamp = { firstSample: 1, firstRecord: 1, stored: 1_000 }
  writeFileSync(
    path,
    Buffer.concat([
      encodeOpening({ nextSample: 1, nextRecord: 1 }),
      encodeEntry(entry, stamp, Buffer.alloc(0)),
    ]),
  )
  pool = createPool({ maxThreads: 1, maxQueue: 2 })
})
afterAll(async () => {
  await pool.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('the pool', () => {
  it('gives what the task gives when it is called directly, from a thread', async () => {
    const direct = await blocks({ path })
    expect(direct).toMatchObject({ samples: 100, damage: [] })
    expect(direct.blocks.map(({ table, rows }) => [table, rows])).toEqual([
      ['telemetry', 100],
      ['rejects', 1],
    ])
    const pooled = await pool.run('blocks', { path })
    expect(pooled).toEqual(direct)
  })

  it('says which task failed and why', async () => {
    const error: unknown = await pool
      .run('blocks', { path: join(folder, 'missing') })
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'PoolError', code: 'task-failed' })
    expect((error as Error).message).toMatch(/blocks.*ENOENT/)
  })

  it('refuses more than its queue holds', async () => {
    const runs = Array.from({ length: 20 }, () => pool.run('blocks', { path }))
    const outcomes = await Promise.allSettled(runs)
    const refused = outcomes.filter(outcome => outcome.status === 'rejected')
    expect(refused.length).toBeGreaterThan(0)
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'queue-full' })
    expect(outcomes.some(outcome => outcome.status === 'fulfilled')).toBe(true)
  })

  it('gives up a task that is aborted, and goes on with the next', async () => {
    const abort = new AbortController()
    const run = pool.run('blocks', { path }, { signal: abort.signal })
    abort.abort()
    await expect(run).rejects.toThrow(/abort/i)
    expect(await pool.run('blocks', { path })).toMatchObject({ samples: 100 })
  })
})

it('blocks of a segment leave out the record that fits into none, say where and why, and take the others', async () => {
  const reject = { source: 's', time: 1, rule: 'r', reason: 'why', raw: 'x' }
  const records = [reject, { ...reject, raw: 7 as unknown as string }, reject].map((row, i) => {
    const stamp = { firstSample: 1, firstRecord: i + 1, stored: 1_000 }
    return Buffer.from(encodeEntry({ source: 's', rejects: [row] }, stamp, Buffer.alloc(0)))
  })
  const opening = encodeOpening({ nextSample: 1, nextRecord: 1 })
  const unfit = join(folder, 'unfit')
  writeFileSync(unfit, Buffer.concat([opening, ...records]))
  const from = opening.byteLength + records[0]!.byteLength
  const made = await pool.run('blocks', { path: unfit })
  expect(made.damage).toEqual([
    { from, to: from + records[1]!.byteLength, why: expect.stringMatching(/must be of type string/) },
  ])
  expect(made.blocks).toMatchObject([{ table: 'rejects', rows: 2 }])
})
