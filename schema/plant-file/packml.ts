import { type MachineConfig, type Mode, machineConfigFaults, standardConfig } from '../machine-config.js'
import { isMode, plantModes, unitModes } from '../packml.js'
import type { PackmlEntry } from './machine-entries.js'
import type { PlantPath } from './problem.js'
import { keysOf, type Report } from './report.js'

/**
 * The configuration that an entry's `packml` amounts to, over what it inherits; undefined where the machine is as the
 * standard comes. Says what TR88.00.02 does not allow; what is inherited was checked where it stands.
 */
export function completePackml(
  inherited: PackmlEntry | undefined,
  own: PackmlEntry | undefined,
  report: Report,
  path: PlantPath,
): MachineConfig | undefined {
  if (inherited === undefined && own === undefined) return undefined
  const { modes, ...rest } = { ...inherited, ...own }
  const config: MachineConfig = {
    ...standardConfig,
    ...rest,
    ...(modes && {
      // A name that is no mode stays in, so that the check below says so.
      modes: Object.entries(modes).map(([mode, disabled]) => ({ mode: mode as Mode, disabled })),
    }),
  }
  for (const { path: inner, value, message, fix } of machineConfigFaults(config)) {
    if (!keysOf(own).includes(String(inner[0]))) continue
    const isName = inner[0] === 'modes' && inner.length === 2
    const better =
      isName && !isMode(value) ? report.suggest(String(value), [...unitModes, ...plantModes], fix) : fix
    report.add([...path, ...inner], value, message, better, isName ? 'key' : 'value')
  }
  return JSON.stringify(config) === JSON.stringify(standardConfig) ? undefined : config
}

/** What a plant file must say so that it amounts to `config`. */
export function writePackml(config: MachineConfig): PackmlEntry {
  const { modes, ...own } = config
  const differing = Object.entries(own).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(standardConfig[key as keyof typeof own]),
  )
  const areModesUsual = JSON.stringify(modes) === JSON.stringify(standardConfig.modes)
  return {
    ...(!areModesUsual && {
      modes: Object.fromEntries(modes.map(({ mode, disabled }) => [mode, [...disabled]])),
    }),
    ...Object.fromEntries(differing),
  }
}
