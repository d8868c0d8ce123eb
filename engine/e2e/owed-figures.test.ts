import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { GembaProcess, root } from './process.js'
import { storeProcesses } from './store-processes.js'

const minute = 60_000
/** Hours are written down soon after a start, and each minute on a machine that is too busy for that. */
const patience = { timeout: 100_000, interval: 500 }

const plantFile = `gemba: 1
name: Late
enterprise: Example
sources: { script: { adapter: push, silence: never, tags: '{machine}.{signal}' } }
sites:
  - id: here
    timeZone: UTC
    areas: [{ id: hall, lines: [{ id: line-1, machines: [{ id: press-01, type: press }] }] }]
`

interface Answer {
  readonly recomputing: boolean
  readonly items: readonly {
    quantities: { PQ: number }
    classes: { breakdown: number; production: number }
  }[]
}

it('an engine that is killed with late states and late counter values before it has worked them out does so at its next start', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gemba-owed-'))
  const [plant, data] = [join(folder, 'plant.yaml'), join(folder, 'data')]
  writeFileSync(plant, plantFile)
  const made = ['token', 'create', '--role', 'ingest', '--data', data]
  const token = execFileSync(process.execPath, [join(root, 'scripts/gemba.js'), ...made], {
    encoding: 'utf8',
  })
  const begin = Date.now() - 360 * minute
  const start = () => new GembaProcess(['start', '--plant', plant, '--data', data, '--port', '0'])
  const post = async (url: string, told: readonly [at: number, signal: string, value: string | number][]) => {
    const body = told.map(([at, signal, value]) => ({
      signal: `press-01.${signal}`,
      value,
      time: begin + at * minute,
    }))
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token.trim()}` }
    const answer = await fetch(`${url}/api/v1/ingest`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    expect(await answer.json()).toMatchObject({ accepted: told.length, rejected: 0 })
  }
  /** Of the first three hours. */
  const figures = async (url: string): Promise<Answer> => {
    const [from, to] = [begin, begin + 180 * minute].map(time => new Date(time).toISOString())
    const answer = await fetch(`${url}/api/v1/kpis/oee?scope=machine:press-01&from=${from}&to=${to}`)
    return (await answer.json()) as Answer
  }
  let gemba = start()
  try {
    const url = await gemba.live()
    await post(url, [
      [0, 'state', 'Execute'],
      [0, 'produced', 0],
      [300, 'produced', 100],
      [301, 'state', 'Held'],
      [302, 'state', 'Execute'],
    ])
    const clickhouse = gemba.lines
      .map(line => line.match(/ClickHouse answers at (http:\/\/[^\s"]+)/)?.[1])
      .find(Boolean)
    const written = async (): Promise<number> => {
      const sql = "SELECT count() FROM gemba.oee_hourly WHERE machine = 'press-01' AND idle > 0"
      return Number(await (await fetch(`${clickhouse}/?query=${encodeURIComponent(sql)}`)).text())
    }
    // A stop of seconds that is late has the hours worked out and written down at once, once the ledger has booked them.
    let place = 0
    await vi.waitFor(async () => {
      const at = 150 + place++ / 10
      await post(url, [
        [at, 'state', 'Idle'],
        [at + 0.05, 'state', 'Execute'],
      ])
      expect(await written()).toBeGreaterThan(0)
    }, patience)
    const before = await vi.waitFor(async () => {
      const answer = await figures(url)
      expect(answer.recomputing).toBe(false)
      return answer
    }, patience)
    expect(before).toMatchObject({ items: [{ quantities: { PQ: 0 }, classes: { breakdown: 0 } }] })
    const production = before.items[0]!.classes.production - 30 * 60

    // With the database away nothing can be worked out; what is posted is accepted all the same.
    const databases = storeProcesses(gemba.child.pid!)
    for (const database of databases) process.kill(database, 'SIGSTOP')
    await post(url, [
      [60, 'state', 'Aborted'],
      [90, 'state', 'Execute'],
      [120, 'produced', 40],
    ])
    gemba.child.kill('SIGKILL')
    for (const database of databases) process.kill(database, 'SIGKILL')
    await gemba.ended()

    gemba = start()
    const next = await gemba.live()
    // Of states at its first word; of parts as soon as it has looked at the readings around, and until then it says so.
    const first = await figures(next)
    expect(first.items).toMatchObject([{ classes: { breakdown: 30 * 60, production } }])
    expect(first.recomputing || first.items[0]!.quantities.PQ === 40).toBe(true)
    await vi.waitFor(
      async () =>
        expect(await figures(next)).toMatchObject({
          recomputing: false,
          items: [{ quantities: { PQ: 40 }, classes: { breakdown: 30 * 60, production } }],
        }),
      patience,
    )
  } finally {
    gemba.child.kill('SIGKILL')
    await gemba.ended()
    rmSync(folder, { recursive: true, force: true })
  }
}, 360_000)
