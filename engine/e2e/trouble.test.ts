import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeShdrServer } from '../../adapters/mtconnect/fake-server.js'
import { configSchema } from '../../schema/config.js'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { type Engine, startEngine } from '../engine.js'
import { root } from './process.js'
import { storeProcesses } from './store-processes.js'

let data: string
let engine: Engine
let machine: FakeShdrServer

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'gemba-trouble-'))
  machine = await FakeShdrServer.start()
  const text = readFileSync(join(root, 'plants/nist-sms.yaml'), 'utf8').replace(
    'port: 7878',
    `port: ${machine.port}`,
  )
  const { plant } = loadPlant(text, { file: 'nist-sms.yaml' })
  engine = await startEngine({
    config: configSchema.parse({ data, port: 0 }),
    plant: plant!,
    logger: pino({ level: 'silent' }),
    viewer: join(root, 'dist/viz'),
  })
})
afterEach(async () => {
  await engine.stop()
  await machine.stop()
  rmSync(data, { recursive: true, force: true })
})

const health = () => engine.intake.health.get('mazak01-shdr')!
const time = (second: number): string => `2017-06-08T10:00:${String(second).padStart(2, '0')}.000Z`

describe('trouble on the way', () => {
  it('keeps a broken line in rejects with its reason, and the stream goes on', async () => {
    const broken = ['garbage', `${time(1)}|Stemp|warm`, `yesterday|Stemp|40`, `${time(1)}|nobody|1`]
    await machine.reader()
    machine.send(
      [`${time(0)}|execution|ACTIVE`, ...broken, `${time(2)}|Stemp|41`].map(line => `${line}\r\n`).join(''),
    )
    // Two values, and twice that there is none: for a text that is no number, and for a time that is no time.
    await expect.poll(() => health().samples).toBe(4)
    const { registry, signals } = engine.floor
    const { index } = registry.signals.find(({ signal }) => signal.tag === 'Stemp')!
    await expect.poll(() => signals.value[index]).toBe(41)
    expect(new Date(signals.sourceTime[index]!).toISOString()).toBe(time(2))
    expect(health().rejects).toBe(broken.length)
    // A key that nobody has is listed, and not told again.
    machine.send(`${time(3)}|nobody|2\n`)
    await expect.poll(() => health().unknownTags.list()).toEqual([['nobody', 2]])
    expect(health().rejects).toBe(broken.length)
    await engine.store.flush()
    const rejects = await engine.store.query<{ rule: string; raw: string; reason: string }>(
      'SELECT rule, raw, reason FROM gemba.rejects ORDER BY seq',
    )
    expect(rejects.map(({ raw }) => raw)).toEqual(broken)
    expect(rejects.every(({ rule, reason }) => /^(shdr|tag)\./.test(rule) && reason.length > 10)).toBe(true)
    const metrics = await (await fetch(`${engine.url}/metrics`)).text()
    const byRule = [...metrics.matchAll(/^gemba_rejects_total\{rule="([\w.-]+)"\} (\d+)$/gm)]
    expect(byRule.map(([, rule]) => rule).sort()).toEqual(
      [...new Set(rejects.map(({ rule }) => rule))].sort(),
    )
    expect(byRule.reduce((sum, [, , n]) => sum + Number(n), 0)).toBe(broken.length)
  })

  it('loses nothing that was accepted when the store dies, and brings the store back', async () => {
    await machine.reader()
    machine.send(`${time(0)}|Stemp|20\n`)
    await expect.poll(() => health().accepted).toBe(1)
    for (const pid of storeProcesses()) process.kill(pid, 'SIGKILL')
    for (let second = 1; second <= 50; second++) machine.send(`${time(second)}|Stemp|${20 + second}\n`)
    await expect.poll(() => health().accepted).toBe(51)
    await engine.store.flush()
    const [row] = await engine.store.query<{ n: number; different: number }>(
      'SELECT count() AS n, uniqExact(value) AS different FROM gemba.telemetry',
    )
    expect(row).toEqual({ n: 51, different: 51 })
    expect(engine.store.status().databaseRestarts).toBe(1)
  })
})
