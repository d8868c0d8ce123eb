import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { adapterDefinitions } from '../../adapters/list.js'
import { configSchema } from '../../schema/config.js'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { playCommand } from '../cli/play.js'
import { type Engine, startEngine } from '../engine.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const shipped = ['Mazak01-20170608-20170609.txt.gz', 'Mazak03-20170502-20170503.txt.gz']
/** Other logs to hold against their direct reading, by path: `GEMBA_RECORDINGS=a.gz:b.gz`. */
const recordings =
  process.env.GEMBA_RECORDINGS?.split(':') ??
  shipped.map(file => join(root, 'adapters/mtconnect/recordings', file))

let data: string
let engine: Engine | undefined
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'gemba-recordings-'))
})
afterEach(async () => {
  await engine?.stop()
  engine = undefined
  rmSync(data, { recursive: true, force: true })
})

describe('a recorded day of a real machine tool', () => {
  it.each(recordings)('%s: the machine’s intervals are those of a direct reading of the log', async log => {
    const port = await freePort()
    await start(port)
    expect(await play(log, port)).toBe(0)
    await allStored()

    const read = JSON.parse(
      execFileSync('python3', [join(root, 'scripts/read_execution_log.py'), log], { encoding: 'utf8' }),
    )
    const day = log
      .match(/-(\d{4})(\d{2})(\d{2})-/)!
      .slice(1)
      .join('-')
    const seconds = await secondsByWord(day)
    expect(Object.keys(seconds)).not.toEqual([])
    for (const word of new Set([...Object.keys(seconds), ...Object.keys(read.seconds)])) {
      const [ours, theirs] = [seconds[word] ?? 0, read.seconds[word] ?? 0]
      expect(Math.abs(ours - theirs), `${word}: ${ours} s, read ${theirs} s`).toBeLessThanOrEqual(1)
    }

    const working = (seconds.ACTIVE ?? 0) + (seconds.INTERRUPTED ?? 0) + (seconds.FEED_HOLD ?? 0)
    expect(Math.abs(working / read.auto_time - 1), 'share of the controller’s own auto_time').toBeLessThan(
      0.05,
    )
  })

  it('is taken whole: every row is a sample or a reject, and each sample is in the store once', async () => {
    const log = recordings[0]!
    const rows = Number(execFileSync('bash', ['-c', `zcat '${log}' | wc -l`], { encoding: 'utf8' }))
    const port = await freePort()
    await start(port)
    await play(log, port)
    await allStored()
    const health = engine!.intake.health.get('mazak01-shdr')!
    expect(health.samples + health.rejects).toBe(rows)
    expect(health.rejects).toBe(0)
    const [stored] = await engine!.store.query<{ n: number; different: number }>(
      'SELECT count() AS n, uniqExact(seq) AS different FROM gemba.telemetry',
    )
    expect(stored).toEqual({ n: rows, different: rows })
  })
})

async function start(port: number): Promise<void> {
  const text = readFileSync(join(root, 'plants/nist-sms.yaml'), 'utf8').replace('port: 7878', `port: ${port}`)
  const { plant } = loadPlant(text, { file: 'nist-sms.yaml' })
  engine = await startEngine({
    config: configSchema.parse({ data, port: 0 }),
    plant: plant!,
    logger: pino({ level: 'silent' }),
    viewer: join(root, 'dist/viz'),
  })
  expect(adapterDefinitions.map(({ kind }) => kind)).toContain('mtconnect')
}

function play(log: string, port: number): Promise<number> {
  return playCommand.run([log, '--shdr', String(port), '--speed', 'max'], {
    out: () => {},
    err: () => {},
    signal: new AbortController().signal,
    env: {},
  })
}

/** Waits until the source has come to its end and all that was accepted can be read. */
async function allStored(): Promise<void> {
  const health = engine!.intake.health.get('mazak01-shdr')!
  await expect
    .poll(() => health.losses > 0 && health.samples === health.accepted, { timeout: 50_000 })
    .toBe(true)
  await engine!.store.flush()
}

/** Seconds by the source's own word, over the closed intervals that begin on that day. */
async function secondsByWord(day: string): Promise<Record<string, number>> {
  const rows = await engine!.store.query<{ word: string; seconds: number }>(
    `SELECT source_state AS word, sum(seconds) AS seconds FROM gemba.state_intervals
     WHERE toDate(start) = {day: Date} AND end IS NOT NULL GROUP BY word`,
    { day },
  )
  return Object.fromEntries(rows.map(({ word, seconds }) => [word, Number(seconds)]))
}

/** A port that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
