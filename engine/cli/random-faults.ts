import { simulator } from '../../adapters/simulator/adapter.js'
import { faultShare } from '../../schema/config.js'
import type { Plant } from '../../schema/plant.js'
import { misused } from './flags.js'

/** The options of a verb that runs simulated machines, as `parseFlags` takes them. */
export const randomFaultFlags = {
  'random-faults': { type: 'string' },
  'no-random-faults': { type: 'boolean' },
} as const

/** What the two flags amount to, as text; undefined where neither is given. Throws EngineError 'bad-usage'. */
export function toldShare(
  verb: string,
  flags: { readonly 'random-faults'?: string; readonly 'no-random-faults'?: boolean },
): string | undefined {
  const { 'random-faults': told, 'no-random-faults': isOff } = flags
  if (told !== undefined && isOff === true)
    throw misused(verb, '--random-faults and --no-random-faults contradict each other: give one of them')
  return isOff === true ? '0' : told
}

/** The share that the flags or else the environment tell; undefined: neither does. Throws EngineError 'bad-usage'. */
export function readShare(
  verb: string,
  flags: Parameters<typeof toldShare>[1],
  env: NodeJS.ProcessEnv,
): number | undefined {
  const text = toldShare(verb, flags) ?? env.GEMBA_RANDOM_FAULTS
  if (text === undefined || text === '') return undefined
  const read = faultShare.safeParse(text)
  if (read.success) return read.data
  throw misused(verb, `--random-faults: ${read.error.issues[0]?.message}; got "${text}"`)
}

/** The plant with this share of its simulated machines carrying faults by chance; undefined: as the plant says. */
export function withRandomFaults(plant: Plant, share: number | undefined): Plant {
  if (share === undefined) return plant
  const sources = plant.sources.map(source =>
    source.adapter === simulator.kind
      ? { ...source, options: { ...source.options, randomFaults: share } }
      : source,
  )
  return { ...plant, sources }
}
