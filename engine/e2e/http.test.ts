import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { root } from './process.js'
import { SourceRig } from './source-rig.js'

const page = readFileSync(join(root, 'docs/connect/http.md'), 'utf8').split('## Services that are asked')[1]!
const block = (language: string): string => page.match(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's'))![1]!

describe('the page about HTTP', () => {
  it('has a plant that asks as written, the service that it shows', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gemba-http-'))
    const script = block('sh').replace('8081', '0').replace('python3 -u', 'exec python3 -u')
    const service = spawn('sh', ['-ec', script], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })
    const [said] = (await once(service.stdout, 'data')) as [Buffer]
    const [, port = ''] = /port (\d+)/.exec(said.toString()) ?? []
    const shown = new SourceRig(block('yaml').replace('8081', port), folder)
    try {
      const health = shown.intake.health.get('gateway')!
      const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 10 })
      await until(() => expect(health.accepted).toBeGreaterThanOrEqual(4))
      expect(shown.sees('oven-01.temperature')).toMatchObject({ value: 850, quality: 'good' })
      const { at } = JSON.parse(readFileSync(join(folder, 'oven/oven.json'), 'utf8')) as { at: string }
      expect(shown.sees('oven-01.temperature').time).toBe(Date.parse(at))
      expect(shown.sees('oven-01.gas-flow').value).toBe(124)
      expect(shown.sees('oven-01.fan-speed')).toMatchObject({ value: 1450, connection: 'live' })
      expect(shown.floor.text(shown.sees('oven-01.state').value)).toBe('running')
      expect(health.unknownTags.list()[0]?.[0]).toBe('oven-01/door')
      // The same document again: nothing new, and nothing late.
      await until(() => expect(health.duplicates).toBeGreaterThanOrEqual(3))
      expect(health.late).toBe(0)
    } finally {
      shown.stop()
      service.kill()
      if (service.exitCode === null && service.signalCode === null) await once(service, 'exit')
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
