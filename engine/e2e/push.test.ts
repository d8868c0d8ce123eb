import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configSchema } from '../../schema/config.js'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { type Engine, startEngine } from '../engine.js'
import { root } from './process.js'

const page = readFileSync(join(root, 'docs/connect/http.md'), 'utf8')
const block = (language: string): string => page.match(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's'))![1]!
const run = promisify(execFile)

let data: string
let engine: Engine

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'gemba-push-'))
  engine = await startEngine({
    config: configSchema.parse({ data, port: 0 }),
    plant: loadPlant(block('yaml'), { file: 'press.yaml' }).plant!,
    logger: pino({ level: 'silent' }),
    viewer: join(root, 'dist/viz'),
  })
})
afterAll(async () => {
  await engine.stop()
  rmSync(data, { recursive: true, force: true })
})

const get = async (path: string) =>
  (await (await fetch(`${engine.url}/api/v1/${path}`)).json()) as Record<string, unknown>

describe('the page about HTTP', () => {
  it('has commands that post as written, to the plant that it shows', async () => {
    // `npx` looks the command up; here it stands for the checkout's own.
    const script = block('sh')
      .replaceAll('npx gemba', `node ${join(root, 'scripts/gemba.js')}`)
      .replaceAll('http://127.0.0.1:8080', engine.url)
      .replaceAll('gemba-data', data)
    const { stdout } = await run('sh', ['-ec', script])
    const answers = [...stdout.matchAll(/\{"accepted.*?\]\}/g)].map(([json]) => JSON.parse(json))
    expect(answers).toEqual([
      { accepted: 2, rejected: 0, problems: [] },
      { accepted: 2, rejected: 0, problems: [] },
    ])
    expect(await get('signals/press-01.oil-temperature')).toMatchObject({ value: 46.5, quality: 'good' })
    expect(await get('signals/press-01.vibration')).toMatchObject({ value: null, quality: 'bad' })
    expect(await get('machines/press-01')).toMatchObject({ state: 'Execute' })
    expect(await get('sources/script')).toMatchObject({ state: 'connected', received: 4, accepted: 4 })
    await engine.store.flush()
    const [row] = await engine.store.query<{ n: string }>('SELECT count() AS n FROM gemba.telemetry')
    expect(Number(row?.n)).toBe(4)
  })

  it('says true things of entries that cannot be used', async () => {
    const { stdout } = await run('node', [
      join(root, 'scripts/gemba.js'),
      'token',
      'create',
      '--role',
      'ingest',
      '--data',
      data,
    ])
    const entries = [
      { signal: 'press-01.ram-force', value: 'much' },
      { signal: 'press-09.ram-force', value: 1 },
      { signal: 'press-01.ram-force', value: 7 },
    ]
    const answer = await fetch(`${engine.url}/api/v1/ingest?source=script`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${stdout.trim()}` },
      body: JSON.stringify(entries),
    })
    expect(answer.status).toBe(202)
    expect(await answer.json()).toMatchObject({
      accepted: 1,
      rejected: 2,
      problems: [
        { entry: 0, rule: 'push.unfit-value' },
        { entry: 1, rule: 'tag.unknown' },
      ],
    })
    expect(await get('sources/script')).toMatchObject({
      rejectedByRule: { 'push.unfit-value': 1, 'tag.unknown': 1 },
      unknownTags: [{ tag: 'press-09.ram-force', values: 1 }],
    })
    const tokens = await run('node', [join(root, 'scripts/gemba.js'), 'token', 'list', '--data', data])
    expect(tokens.stdout).toMatch(/ingest .*press script/)
    expect(tokens.stdout).not.toContain(stdout.trim())
  })
})
