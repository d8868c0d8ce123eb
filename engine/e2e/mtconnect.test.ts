import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { FakeShdrServer } from '../../adapters/mtconnect/fake-server.js'
import { FakeAgent } from '../../adapters/mtconnect-agent/fake-server.js'
import { packmlNumber } from '../../schema/packml.js'
import { root } from './process.js'
import { SourceRig } from './source-rig.js'

it('docs/connect/mtconnect.md shows a plant that runs as it is written, with an agent and an SHDR adapter', async () => {
  const page = readFileSync(join(root, 'docs/connect/mtconnect.md'), 'utf8')
  const [, plant = ''] = /```yaml\n(.*?)```/s.exec(page)!
  const folder = mkdtempSync(join(tmpdir(), 'gemba-mtconnect-'))
  const agent = await FakeAgent.start(['x', 'Exec'], new Date())
  const shdr = await FakeShdrServer.start()
  const rig = new SourceRig(
    plant.replace(':5000', `:${agent.port}`).replace('7878', String(shdr.port)),
    folder,
  )
  try {
    await shdr.reader()
    await vi.waitFor(() => expect(agent.streams).toBe(1), 10_000)
    agent.observe('x', 12.5, new Date())
    agent.observe('Exec', 'ACTIVE', new Date())
    agent.flush()
    shdr.send(`${new Date().toISOString()}|x|7|Exec|INTERRUPTED\n`)
    const live = { connection: 'live', quality: 'good' }
    await vi.waitFor(() => {
      expect(rig.sees('mill-1.x')).toMatchObject({ ...live, value: 12.5 })
      expect(rig.sees('mill-2.x')).toMatchObject({ ...live, value: 7 })
    }, 10_000)
    expect([...rig.floor.machines.state.subarray(0, 2)]).toEqual([packmlNumber.Execute, packmlNumber.Held])
    // What did not change while the link was down is live again without a change.
    agent.drop()
    await vi.waitFor(() => expect(rig.sees('mill-1.x').connection).toBe('lost'), 10_000)
    await vi.waitFor(() => expect(rig.sees('mill-1.x')).toMatchObject({ ...live, value: 12.5 }), 10_000)
    expect(rig.rejects).toEqual([])
  } finally {
    rig.stop()
    await Promise.all([agent.stop(), shdr.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
})

it('what an agent observed while Gemba was stopped comes at the next start, once and in its order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gemba-mtconnect-'))
  const agent = await FakeAgent.start(['x'], new Date())
  const plant = `gemba: 1
name: Test
enterprise: Test
sources: { agent: { adapter: mtconnect-agent, url: ${agent.url}, intervalMs: 10, heartbeatMs: 50 } }
types:
  mill:
    archetype: machining
    ratedPower: 5
    idealCycleTime: 30
    signals: { x: { quantity: position, unit: mm, range: [-2000, 2000], period: on-change } }
sites: [{ id: here, timeZone: UTC, areas: [{ id: hall, lines: [{ id: l1, machines: [{ id: mill-1, type: mill }] }] }] }]
`
  let rig = new SourceRig(plant, folder)
  const values = () => rig.record('mill-1.x').map(([value]) => value)
  const observe = (...told: number[]) => {
    for (const value of told) agent.observe('x', value, new Date())
    agent.flush()
  }
  try {
    await vi.waitFor(() => expect(agent.streams).toBe(1), 10_000)
    observe(1, 2)
    await vi.waitFor(() => expect(values().at(-1)).toBe(2), 10_000)
    rig.stop()
    await vi.waitFor(() => expect(agent.streams).toBe(0), 10_000)
    observe(941, 942, 943, 944, 945)
    rig = new SourceRig(plant, folder)
    await vi.waitFor(() => expect(values().at(-1)).toBe(945), 10_000)
    expect(values()).toEqual([941, 942, 943, 944, 945])
    expect(rig.sees('mill-1.x')).toMatchObject({ connection: 'live', value: 945 })
    expect(rig.rejects).toEqual([])
  } finally {
    rig.stop()
    await agent.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
