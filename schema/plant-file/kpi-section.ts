import {
  type DowntimeCategory,
  downtimeCategories,
  downtimeReasonsOf,
  isReason,
} from '../downtime-reasons.js'
import type { Plant } from '../plant.js'
import { kpiRulesEntry, reasonCodesEntry, reasonWordsEntry } from './figure-entries.js'
import { oneOf } from './problem.js'
import type { Report } from './report.js'

/** How the plant counts, and what it calls the reasons of its stops. */
export interface KpiSections {
  readonly kpis?: unknown
  readonly downtimeReasons?: unknown
  readonly faultReasons?: unknown
}

type KpiParts = Pick<Plant, 'kpis' | 'downtimeReasons' | 'faultReasons'>

export function readKpiSections(
  sections: KpiSections,
  machineTypes: ReadonlySet<string>,
  report: Report,
): KpiParts {
  const kpis =
    sections.kpis === undefined || sections.kpis === null
      ? undefined
      : report.read(kpiRulesEntry, sections.kpis, ['kpis'])
  const codes = report
    .map(sections.downtimeReasons, ['downtimeReasons'])
    .flatMap(([key, value, path]): [DowntimeCategory, string[]][] => {
      const category = downtimeCategories.find(name => name === key)
      if (category === undefined) {
        const fix = report.suggest(key, downtimeCategories, `use ${oneOf(downtimeCategories)}`)
        report.add(path, value, `there is no category "${key}"`, fix, 'key')
        return []
      }
      const read = report.read(reasonCodesEntry, value, path)
      return read === undefined ? [] : [[category, read]]
    })
  const downtimeReasons: Plant['downtimeReasons'] = Object.fromEntries(codes)
  const reasons = downtimeReasonsOf({ downtimeReasons })
  const all = downtimeCategories.flatMap(category => reasons[category].map(code => `${category}/${code}`))
  const words = report
    .map(sections.faultReasons, ['faultReasons'])
    .flatMap(([type, value, path]): [string, Record<string, string>][] => {
      if (!machineTypes.has(type)) {
        const fix = report.suggest(type, machineTypes, 'use the id of a machine type that a machine has')
        report.add(path, value, `no machine is of the type "${type}"`, fix, 'key')
      }
      const read = report.read(reasonWordsEntry, value, path)
      for (const [word, reason] of Object.entries(read ?? {})) {
        if (isReason(reasons, reason)) continue
        const fix = report.suggest(reason, all, `write category/code, e.g. ${all[0]}`)
        report.add([...path, word], reason, `there is no reason "${reason}"`, fix)
      }
      return read === undefined ? [] : [[type, read]]
    })
  return {
    ...(kpis !== undefined && { kpis }),
    ...(codes.length > 0 && { downtimeReasons }),
    ...(words.length > 0 && { faultReasons: Object.fromEntries(words) }),
  }
}
