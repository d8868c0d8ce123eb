import { readFileSync } from 'node:fs'
import { adapterDefinitions, findAdapter } from '../../adapters/list.js'
import type { Plant } from '../../schema/plant.js'
import { type LoadedPlant, loadPlant } from '../../schema/plant-file/load-plant.js'
import { formatProblem } from '../../schema/plant-file/problem.js'
import type { CheckSource, CheckTags } from '../../schema/plant-file/sources.js'
import { EngineError } from '../errors.js'
import { withCounterWidths } from './counter-widths.js'

/** Most problems shown at once: who sees a hundred reads none. */
const shownProblems = 20

/** Asks the adapter a source names whether it can work with the options. */
const checkSource: CheckSource = source => {
  const definition = findAdapter(source.adapter)
  if (definition === undefined) {
    const kinds = adapterDefinitions.map(({ kind }) => kind).join(', ')
    const message = `there is no adapter "${source.adapter}"`
    return [{ path: ['adapter'], message, fix: `use one of ${kinds}` }]
  }
  const result = definition.options.safeParse(source.options)
  if (result.success) return []
  const fix = `see \`gemba adapters ${source.adapter}\` for an example`
  return result.error.issues.flatMap(issue => {
    const path = issue.path.filter(step => typeof step !== 'symbol')
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message, fix }]
    return issue.keys.map(key => ({
      path: [...path, key],
      message: `${source.adapter} has no option "${key}"`,
      fix,
    }))
  })
}

const checkTags: CheckTags = (source, signals) => {
  const definition = findAdapter(source.adapter)
  const options = definition?.options.safeParse(source.options)
  return options?.success ? (definition?.checkTags?.(options.data, signals) ?? []) : []
}

export function readPlantFile(path: string): LoadedPlant {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const known: Record<string, string> = {
      ENOENT: 'there is no such file',
      EISDIR: 'it is a folder',
      ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8; save it as UTF-8',
    }
    const why = known[code ?? ''] ?? message
    throw new EngineError('bad-input', `The plant file ${path} cannot be read: ${why}.`, { cause })
  }
  const { plant, problems } = loadPlant(text, { file: path, checkSource, checkTags })
  return plant === undefined ? { problems } : { plant: withCounterWidths(plant) }
}

/** The plant of a file that has no problems; throws EngineError 'bad-plant' with all of them otherwise. */
export function openPlant(path: string): Plant {
  const { plant, problems } = readPlantFile(path)
  if (plant !== undefined) return plant
  const lines = problems.slice(0, shownProblems).map(formatProblem)
  if (problems.length > shownProblems) lines.push(`… and ${problems.length - shownProblems} more`)
  lines.push(
    `The plant file has ${problems.length} problem${problems.length === 1 ? '' : 's'}; nothing was started.`,
  )
  throw new EngineError('bad-plant', lines.join('\n'))
}
