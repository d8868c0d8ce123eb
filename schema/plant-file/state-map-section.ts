import { isMode, packmlStates, unitModes } from '../packml.js'
import type { StateMap } from '../plant.js'
import { foldWord, type StateMeaning } from '../state-maps.js'
import { meaningEntry } from './entries.js'
import { id } from './entry-rules.js'
import { oneOf, type PlantPath, showValue } from './problem.js'
import type { Report } from './report.js'

const states: ReadonlySet<string> = new Set(packmlStates)
/** A word of a state machine whose inner one, another state signal, tells the state. */
export const inner = 'inner'

/** The file's own maps from a source's words, by name; broken ones with the words that could be read. */
export function readStateMaps(value: unknown, report: Report): ReadonlyMap<string, StateMap> {
  const maps = new Map<string, StateMap>()
  for (const [name, entry, path] of report.map(value, ['stateMaps'])) {
    report.read(id, name, path)
    const words = new Map<string, StateMeaning>()
    const folded = new Map<string, string>()
    for (const [word, meaning, at] of report.map(entry, path)) {
      const same = folded.get(foldWord(word))
      if (same !== undefined) {
        const message = `"${word}" is the same word as "${same}": case does not count`
        report.add(at, word, message, 'keep one of the two', 'key')
      }
      folded.set(foldWord(word), word)
      const read = readMeaning(meaning, at, report)
      if (read !== undefined) words.set(word, read)
    }
    maps.set(name, { words: Object.fromEntries(words) })
  }
  return maps
}

/** `Execute`, `Maintenance`, `inner`, or `{ state: Suspended, reason: blocked }`. */
function readMeaning(value: unknown, path: PlantPath, report: Report): StateMeaning | undefined {
  if (typeof value !== 'string') {
    const meaning = report.read(meaningEntry, value, path)
    if (meaning !== undefined && Object.keys(meaning).length === 0) {
      report.add(path, value, 'the word means neither a state nor a mode', 'write the name of a PackML state')
    }
    return meaning
  }
  if (states.has(value)) return { state: value }
  if (value === inner) return { isInner: true }
  if (isMode(value)) return { mode: value }
  const fix = report.suggest(
    value,
    [...states, ...unitModes, inner],
    `use ${oneOf(packmlStates)}, or a mode: ${oneOf(unitModes)}, or one of the plant's, Mode 4 to Mode 31, or inner`,
  )
  report.add(path, value, `${showValue(value)} is no PackML state or unit mode`, fix)
  return undefined
}
