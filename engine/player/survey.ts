import { parseShdrTime } from '../../adapters/mtconnect/time.js'
import { EngineError } from '../errors.js'
import { readRows } from './recording.js'

/** What is worth knowing of a recording before it is played. */
export interface Survey {
  readonly rows: number
  /** Rows before this one (counted from 0) are old news: what items last said before the recording began. */
  readonly bodyFrom: number
  /** Span of the body, Unix ms UTC. */
  readonly firstTime: number
  readonly lastTime: number
}

const dayMs = 86_400_000
const hourMs = 3_600_000
/** A day beside the busiest belongs to the recording when it has this many rows and this share of the busiest's. */
const leastRows = 1000
const leastShare = 0.1

/** Time of a row in Unix ms UTC; undefined where it has none of its own. */
export function rowTime(row: string): number | undefined {
  const pipe = row.indexOf('|')
  const parsed = pipe > 0 ? parseShdrTime(row.slice(0, pipe)) : undefined
  return parsed?.kind === 'absolute' ? parsed.time : undefined
}

/** Reads a recording once from end to end. Throws EngineError `bad-input` where there is nothing to play. */
export async function surveyRecording(path: string): Promise<Survey> {
  const survey = new Surveyor()
  for await (const rows of readRows(path)) for (const row of rows) survey.add(row)
  return survey.result(path)
}

class Surveyor {
  #rows = 0
  #previous: number | undefined
  #lastTime = Number.NEGATIVE_INFINITY
  /** Where an unbroken run of rows (no step of more than an hour) began. */
  #run = { row: 0, time: 0 }
  readonly #days = new Map<number, { rows: number; readonly run: { row: number; time: number } }>()

  add(row: string): void {
    const time = rowTime(row)
    if (time !== undefined) {
      const isBroken = this.#previous === undefined || Math.abs(time - this.#previous) > hourMs
      if (isBroken) this.#run = { row: this.#rows, time }
      this.#previous = time
      this.#lastTime = Math.max(this.#lastTime, time)
      const day = Math.floor(time / dayMs)
      const known = this.#days.get(day)
      if (known === undefined) this.#days.set(day, { rows: 1, run: this.#run })
      else known.rows++
    }
    this.#rows++
  }

  result(path: string): Survey {
    if (this.#rows === 0) throw new EngineError('bad-input', `${path} is empty: there is nothing to play.`)
    const days = [...this.#days].sort(([a], [b]) => a - b)
    if (days.length === 0) {
      const expected = 'Expected rows like 2017-06-08T09:07:44.696Z|execution|ACTIVE.'
      throw new EngineError('bad-input', `${path} has no row with a readable time. ${expected}`)
    }
    const busiest = days.reduce((most, day) => (day[1].rows >= most[1].rows ? day : most))
    const least = Math.max(leastRows, busiest[1].rows * leastShare)
    const first = days.find(day => day === busiest || day[1].rows >= least) ?? busiest
    const { row, time } = first[1].run
    return { rows: this.#rows, bodyFrom: row, firstTime: time, lastTime: this.#lastTime }
  }
}
