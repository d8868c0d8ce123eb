import { describe, expect, it } from 'vitest'
import {
  holdExtension,
  lastingStates,
  type MachineConfig,
  type Mode,
  standardConfig,
} from '../../schema/machine-config.js'
import { packmlStates } from '../../schema/packml.js'
import { checkConfig, isEnabled } from './config.js'

const check = (change: Partial<MachineConfig>) => () => checkConfig({ ...standardConfig, ...change })

describe('the configuration of a machine', () => {
  it('is good as the standard comes, and with everything that the standard leaves open', () => {
    const free = packmlStates.filter(state => state !== 'Undefined' && !lastingStates.includes(state))
    expect(check({})).not.toThrow()
    expect(
      check({
        modes: [
          { mode: 'Production', disabled: [] },
          { mode: 'Mode 4', disabled: free },
          { mode: 'Mode 31', disabled: [] },
        ],
        holdFrom: ['Execute', ...holdExtension],
        counterWidth: 65_536,
      }),
    ).not.toThrow()
  })

  it.each<[Partial<MachineConfig>, string, RegExp]>([
    [{ modes: [{ mode: 'Mode 32' as Mode, disabled: [] }] }, 'unknown-mode', /"Mode 32".*"Mode 31"/],
    [{ modes: [{ mode: 'Invalid', disabled: [] }] }, 'unknown-mode', /"Invalid"/],
    [
      { modes: [...standardConfig.modes, { mode: 'Manual', disabled: [] }] },
      'repeated-mode',
      /"Manual" is described twice/,
    ],
    [{ modes: [{ mode: 'Manual', disabled: ['Held', 'Idle'] }] }, 'lasting-state-disabled', /disables Idle/],
    [{ modes: [{ mode: 'Production', disabled: ['Undefined'] }] }, 'lasting-state-disabled', /nobody knows/],
    [{ modes: [{ mode: 'Manual', disabled: [] }] }, 'no-production', /leaves out Production/],
    [{ modeChangeIn: [] }, 'mode-never-changes', /never changes/],
    [{ modeChangeIn: ['Idle', 'Undefined'] }, 'mode-never-changes', /in Undefined/],
    [{ holdFrom: ['Execute', 'Stopped'] }, 'hold-not-allowed', /never taken in Stopped/],
    [{ counterWidth: -1 }, 'counter-width', /at -1/],
    [{ counterWidth: 0.5 }, 'counter-width', /at 0.5/],
  ])('is refused with %j', (change, code, message) => {
    expect(check(change)).toThrow(expect.objectContaining({ name: 'MachineError', code }))
    expect(check(change)).toThrow(message)
  })

  it('leaves nothing out of a mode that it does not describe', () => {
    expect(isEnabled(standardConfig, 'Manual', 'Held')).toBe(false)
    expect(isEnabled(standardConfig, 'Manual', 'Execute')).toBe(true)
    expect(isEnabled(standardConfig, 'Mode 9', 'Held')).toBe(true)
  })
})
