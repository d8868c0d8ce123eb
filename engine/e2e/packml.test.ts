import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { FakeOpcuaServer } from '../../adapters/opcua/fake-server.js'
import { type PackmlState, packmlStates } from '../../schema/packml.js'
import { plantCommand } from '../cli/plant.js'
import { SourceRig } from './source-rig.js'

const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 10 })

/** Where PackML's states stand in the three machines of OPC 30050, as [BaseStateMachine, MachineState, ExecuteState]. */
const standing: Partial<Record<PackmlState, readonly [string, string | null, string | null]>> = {
  Aborting: ['Aborting', null, null],
  Aborted: ['Aborted', null, null],
  Clearing: ['Cleared', 'Clearing', null],
  Stopped: ['Cleared', 'Stopped', null],
  Resetting: ['Cleared', 'Running', 'Resetting'],
  Idle: ['Cleared', 'Running', 'Idle'],
  Starting: ['Cleared', 'Running', 'Starting'],
  Execute: ['Cleared', 'Running', 'Execute'],
  Holding: ['Cleared', 'Running', 'Holding'],
  Held: ['Cleared', 'Running', 'Held'],
  Suspended: ['Cleared', 'Running', 'Suspended'],
  Complete: ['Cleared', 'Running', 'Complete'],
  Stopping: ['Cleared', 'Stopping', null],
}

describe('a machine of the PackML namespace of the OPC Foundation (OPC 30050), imported as it is', () => {
  let folder: string
  let server: FakeOpcuaServer
  let plant: string
  let rig: SourceRig | undefined

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gemba-packml-'))
    server = await FakeOpcuaServer.start({ nodesets: ['ia', 'di', 'packML'] })
    server.addInstance('PackMLBaseObjectType', 'http://opcfoundation.org/UA/PackML/', 'Filler', [])
    const file = join(folder, 'plant.yaml')
    const err: string[] = []
    const io = { out: () => {}, err: (line: string) => err.push(line), env: { GEMBA_DATA: folder } }
    const args = ['import', '--from', 'opcua', server.endpoint, '--out', file]
    await plantCommand.run(args, { ...io, signal: new AbortController().signal })
    expect(err).toEqual([])
    plant = readFileSync(file, 'utf8')
  })
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const levels = ['BaseStateMachine', 'MachineState', 'ExecuteState'] as const

  /** The server's own state machines take the state, in the order given. */
  function go(state: PackmlState, order: readonly number[] = [0, 1, 2]): void {
    for (const depth of order) {
      const node = server.find('Plant', 'Filler', ...levels.slice(0, depth + 1))
      server.opcua.promoteToStateMachine(node).setState(standing[state]![depth]!)
    }
  }

  const shown = (): string => packmlStates[rig!.floor.machines.state[0]!]!

  it('is seen in every state, that of whichever of its three state machines tells it', async () => {
    go('Aborted')
    rig = new SourceRig(plant, folder)
    try {
      for (const state of Object.keys(standing) as PackmlState[]) {
        go(state, state.length % 2 === 0 ? [0, 1, 2] : [2, 1, 0])
        await until(() => expect(shown()).toBe(state))
      }
      const told = rig.entries.flatMap(({ stateChanges }) => stateChanges ?? [])
      const observed = told.filter(change => change.observed && change.state !== '').map(({ state }) => state)
      expect(observed.slice(observed.indexOf('Aborting'))).not.toContain('Undefined')
      expect(rig.rejects).toEqual([])
    } finally {
      rig.stop()
    }
  })

  it('is found in the state it stands in when Gemba comes', async () => {
    for (const state of ['Stopped', 'Held', 'Aborted'] as const) {
      go(state)
      rig = new SourceRig(plant, folder)
      try {
        await until(() => expect(shown()).toBe(state))
      } finally {
        rig.stop()
      }
    }
  })
})
