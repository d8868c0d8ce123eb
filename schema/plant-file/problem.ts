/** Where in the plant file something is: map keys and list places from the root. */
export type PlantPath = readonly (string | number)[]

/** One thing that is wrong with a plant file, for a person to put right. */
export interface PlantProblem {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** e.g. `sites[0].areas[1].lines[0].machines[3].signals.vibration.unit`; empty for the file as a whole. */
  readonly path: string
  /** The value at fault as the file has it; undefined where something is missing. */
  readonly value: unknown
  /** What is wrong. */
  readonly message: string
  /** What to do about it. */
  readonly fix: string
}

/** The problem in one line: `plants/x.yaml:14:9  sites[0]…unit: "mm" does not measure temperature; use °C, K or °F`. */
export function formatProblem(problem: PlantProblem): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`
  const path = problem.path === '' ? '' : `${problem.path}: `
  return `${place}  ${path}${problem.message}; ${problem.fix}`
}

export function formatPath(path: PlantPath): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[\w-]+$/.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${JSON.stringify(shorten(step))}]`
  }
  return text
}

/** A value as a person would write it, short enough for one line. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value))
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a map'
  if (value === undefined || value === null) return 'nothing'
  return String(value)
}

/** `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
