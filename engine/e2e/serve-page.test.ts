import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Broker } from '../../adapters/mqtt/broker.js'
import { GembaProcess, root } from './process.js'
import { SourceRig } from './source-rig.js'

const page = readFileSync(join(root, 'docs/connect/serve.md'), 'utf8')
const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block!.trim().split('\n'))
const pairs = blocks.filter(([, second]) => second?.startsWith('npx gemba start'))
const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 90_000, interval: 50 })
let folder: string
let broker: Broker

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-serve-page-'))
  broker = await Broker.start()
})
afterAll(async () => {
  await broker.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A command of the page, where the page's reader would type it; only ports are the system's. */
function type(command: string, ...more: string[]): GembaProcess {
  const [npx, gemba, ...args] = command.replace(':1883', `:${broker.port}`).split(' ')
  expect([npx, gemba]).toEqual(['npx', 'gemba'])
  return new GembaProcess([...args, ...more], {}, folder)
}

describe('the page about serving', () => {
  it('has a pair of commands for each protocol, of which the second reads what the first writes', () => {
    const said = pairs.map(([serve, start]) => [
      / --as (\w+)/.exec(serve!)?.[1],
      / --write-plant (\S+)/.exec(serve!)?.[1] === / --plant (\S+)/.exec(start!)?.[1],
    ])
    expect(said).toEqual(['modbus', 'opcua', 'mqtt', 'sparkplug'].map(protocol => [protocol, true]))
  })

  it.each(pairs)(
    '%s: serves the reference plant, and the file that it writes reads it',
    async (serve, start) => {
      const serving = type(serve!, ...(serve!.includes('--to') ? [] : ['--port', '0']))
      try {
        await until(() => {
          expect(serving.child.exitCode, serving.errors).toBeNull()
          expect(serving.lines.join()).toMatch(/^Reference plant: 2628 tags (on|to) /)
        })
        const text = readFileSync(join(folder, / --plant (\S+)/.exec(start!)![1]!), 'utf8')
        const rig = new SourceRig(text, join(folder, 'reader'))
        try {
          // Over MQTT states come when they change, or after ten seconds.
          const isToldAtOnce = !serve!.includes('--as mqtt')
          const machines = isToldAtOnce ? rig.floor.registry.machines.map(({ index }) => index) : []
          const sensors = rig.floor.registry.signals.filter(({ signal }) => signal.role === 'sensor')
          await until(() => {
            expect(machines.filter(index => rig.floor.machines.state[index] === 0)).toEqual([])
            const unseen = sensors.filter(({ index }) => rig.floor.signals.sourceTime[index] === 0)
            expect(unseen.map(({ signal }) => signal.id)).toEqual([])
          })
          expect(rig.intake.health.get('simulator')).toMatchObject({ state: 'connected', losses: 0 })
        } finally {
          rig.stop()
        }
      } finally {
        expect(await serving.stop()).toBe(0)
      }
      expect(serving.errors).toBe('')
    },
  )

  it('ends in a floor that shows the machines', async () => {
    const [serve, start] = pairs[0]!
    const again = (command: string) => command.replaceAll('behind-', 'once-more-').replace('registers', 'map')
    const serving = type(again(serve!), '--port', '0')
    await until(() => expect(serving.lines).toHaveLength(1))
    const starting = type(again(start!), '--port', '0')
    try {
      const url = await starting.live()
      await until(async () => {
        const answer = await fetch(`${url}/api/v1/machines?limit=300`)
        const { items } = (await answer.json()) as { items: { state: string }[] }
        expect(items).toHaveLength(228)
        expect(items.filter(({ state }) => state === 'Undefined')).toEqual([])
      })
    } finally {
      await starting.stop()
      await serving.stop()
    }
  })
})
