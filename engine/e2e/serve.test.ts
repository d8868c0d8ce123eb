import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { serveCommand } from '../cli/serve.js'
import { root } from './process.js'
import { SourceRig } from './source-rig.js'

async function serving(args: readonly string[], folder: string) {
  const stop = new AbortController()
  const out: string[] = []
  const err: string[] = []
  const ended = serveCommand.run([...args], {
    out: line => out.push(line),
    err: line => err.push(line),
    signal: stop.signal,
    env: { GEMBA_DATA: folder },
  })
  return { stop, out, err, ended }
}

it('gemba serve is a simulated plant behind OPC UA, which the plant file that it writes reads', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gemba-serve-'))
  const file = join(folder, 'behind.yaml')
  const plant = join(root, 'plants/automotive-cell.yaml')
  const server = await serving(['--opcua', '0', '--plant', plant, '--out', file], folder)
  await vi.waitFor(() => expect(server.out).toHaveLength(1), 20_000)
  expect(server.out[0]).toMatch(/^Automotive cell: \d+ tags on opc\.tcp:\/\/127\.0\.0\.1:\d+$/)
  const text = readFileSync(file, 'utf8')
  expect(text).toContain('tags: ns=1;s={line}.{machine}.{signal}')
  const rig = new SourceRig(text, join(folder, 'reader'))
  try {
    await vi.waitFor(() => {
      for (const { signal } of rig.floor.registry.signals) {
        // Parts and texts are told when there are any.
        if (signal.role === 'sensor')
          expect(rig.sees(signal.id)).toMatchObject({ connection: 'live', quality: 'good' })
      }
    }, 20_000)
    expect(rig.rejects).toEqual([])
    expect([...rig.floor.machines.state.subarray(0, 3)].every(state => state > 0)).toBe(true)
  } finally {
    rig.stop()
    server.stop.abort()
    expect(await server.ended).toBe(0)
    rmSync(folder, { recursive: true, force: true })
  }
})

it.each([
  [[], 2, '--opcua <port> is missing'],
  [['--opcua', 'x'], 2, '--opcua x is not a port'],
  [['--opcua', '0', '--plant', join(root, 'plants/nist-sms.yaml')], 1, 'is not simulated (mtconnect)'],
])('gemba serve %s ends with exit code %i and the reason', async (args, code, reason) => {
  const folder = mkdtempSync(join(tmpdir(), 'gemba-serve-'))
  const { ended, err } = await serving(args, folder)
  expect([await ended, err[0]]).toEqual([code, expect.stringContaining(reason)])
  rmSync(folder, { recursive: true, force: true })
})
