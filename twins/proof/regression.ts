import { expect, it } from 'vitest'

/** A defect that a chart had once, or would have by one of its mutants, and the shortest walk that shows it. */
interface Regression<Chart> {
  readonly chart: Chart
  /** The chart with the defect put back: a mutant of it (`mutated`), or with the old guard or action (`provide`). */
  readonly broken: Chart
  /** Leads a chart and its model through the events that were kept; throws where they differ. */
  readonly walk: (chart: Chart) => void
}

/** A kept failure as a test of its own: chart and model agree on the walk, and do not when the defect is put back. */
export function regression<Chart>(whatWasWrong: string, { chart, broken, walk }: Regression<Chart>): void {
  it(whatWasWrong, () => {
    walk(chart)
    expect(() => walk(broken)).toThrow(expect.objectContaining({ name: 'AssertionError' }))
  })
}
