import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'mqtt'
import { expect, it, vi } from 'vitest'
import { Broker } from '../../adapters/mqtt/broker.js'
import type { MachineContext } from '../../twins/machine/machine.context.js'
import { SourceRig } from './source-rig.js'

/** A type of the plant's own, whose machines tell the PackTags of EquipmentInterlock. */
const plant = (url: string): string => `
gemba: 1
name: Interlocked
enterprise: Test
sources:
  plc: { adapter: mqtt, url: "${url}", topics: [{ topic: "{tag}", tag: "{tag}" }] }
types:
  packer:
    archetype: station
    ratedPower: 4
    idealCycleTime: 10
    tags: "shop/{machine}/{signal}"
    status:
      state: { map: packml }
      blocked: { tag: "shop/{machine}/Status.EquipmentInterlock.Blocked" }
      starved: { tag: "shop/{machine}/Status.EquipmentInterlock.Starved" }
sites:
  - id: here
    timeZone: UTC
    areas: [{ id: hall, lines: [{ id: line, machines: [{ id: packer-1, type: packer }] }] }]
`

it('shows a packer as blocked and as starved by the booleans of its controller', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gemba-interlock-'))
  const broker = await Broker.start()
  const rig = new SourceRig(plant(broker.url), folder)
  const client = connect(broker.url)
  const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 })
  const says = (tag: string, value: string) => client.publishAsync(`shop/packer-1/${tag}`, value, { qos: 1 })
  const seen = () => {
    const { state, reason } = rig.floor.inspect('machine:packer-1')!.context as MachineContext
    return [state, reason]
  }
  try {
    await until(() => expect(rig.intake.health.get('plc')?.state).toBe('connected'))
    await says('state', '"Suspended"')
    await says('Status.EquipmentInterlock.Blocked', 'true')
    await until(() => expect(seen()).toEqual(['Suspended', 'blocked']))
    await says('Status.EquipmentInterlock.Blocked', 'false')
    await says('Status.EquipmentInterlock.Starved', 'true')
    await until(() => expect(seen()).toEqual(['Suspended', 'starved']))
    await says('state', '"Execute"')
    await until(() => expect(seen()).toEqual(['Execute', 'none']))
    const changes = rig.entries.flatMap(({ stateChanges = [] }) => stateChanges)
    const reasons = changes.filter(({ observed }) => observed).map(({ reason }) => reason)
    expect(reasons).toEqual(['none', 'blocked', 'none', 'starved', 'none'])
  } finally {
    rig.stop()
    await client.endAsync(true)
    await broker.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
