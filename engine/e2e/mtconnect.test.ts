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
