import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One line of a benchmark's table. */
export interface Figure {
  readonly what: string
  readonly measured: string
  /** What it must reach; empty where it is only told. */
  readonly limit: string
  readonly isReached: boolean
}

/** A benchmark: what it measures and how. */
export interface Benchmark {
  readonly name: string
  readonly title: string
  run(say: (line: string) => void): Promise<readonly Figure[]>
}

export function machineName(): string {
  const [first] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} × ${first?.model.trim() ?? 'unknown CPU'}, ${memory} GiB, Node ${process.versions.node}, ${process.platform}`
}

/** The figures as a Markdown table, its columns aligned as the formatter wants them. */
export function table(figures: readonly Figure[]): string {
  const rows = [
    ['what', 'measured', 'must reach', 'reached'],
    ...figures.map(({ what, measured, limit, isReached }) => {
      const verdict = limit === '' ? '' : isReached ? 'yes' : '**no**'
      return [what, measured, limit, verdict]
    }),
  ]
  const widths = [0, 1, 2, 3].map(column => Math.max(3, ...rows.map(row => row[column]!.length)))
  const line = (cells: readonly string[], filler: string): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!, filler)).join(' | ')} |`
  const [head, ...body] = rows.map(row => line(row, ' '))
  return [head, line(['', '', '', ''], '-'), ...body].join('\n')
}

/** The source file of bench/README.md, seen from dist as well. */
const readme = join(
  dirname(fileURLToPath(import.meta.url)),
  import.meta.url.endsWith('.ts') ? '.' : '../../bench',
  'README.md',
)

/** Writes a benchmark's section between its markers. */
export function writeSection(name: string, text: string): void {
  const begin = `<!-- begin ${name} -->`
  const end = `<!-- end ${name} -->`
  const page = readFileSync(readme, 'utf8')
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from === -1 || to === -1)
    throw new Error(`bench/README.md has no section "${name}": put ${begin} and ${end} there.`)
  writeFileSync(readme, `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`)
}

/** The value below which `share` (0–1) of the sorted values lie. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}
