/** A stretch of a machine, Unix ms, both inclusive: its ledger can begin and end nowhere else. */
export interface Span {
  readonly machine: string
  readonly start: number
  readonly end: number
}

export const ofMachine = (times: string): string =>
  `transform(machine, {machines:Array(String)}, {${times}:Array(Int64)}, toInt64(0))`

// transform looks a machine up by hash; indexOf compared it with every other, of each row there is.
export const withSpans = `WITH ${ofMachine('starts')} AS span_start, ${ofMachine('ends')} AS span_end`
export const isInRange = `machine IN {machines:Array(String)}
      AND ts >= fromUnixTimestamp64Milli({earliest:Int64}, 'UTC')
      AND ts <= fromUnixTimestamp64Milli({last:Int64}, 'UTC')`
export const isInSpan = `${isInRange}
      AND toUnixTimestamp64Milli(ts) >= span_start AND toUnixTimestamp64Milli(ts) <= span_end`

export function rangeParameters(spans: readonly Span[]) {
  return {
    machines: spans.map(({ machine }) => machine),
    earliest: Math.min(...spans.map(({ start }) => Math.floor(start))),
    last: Math.max(...spans.map(({ end }) => end)),
  }
}

export function spanParameters(spans: readonly Span[]) {
  return {
    ...rangeParameters(spans),
    starts: spans.map(({ start }) => Math.floor(start)),
    ends: spans.map(({ end }) => end),
  }
}

/**
 * Of a machine, or a line, in one row, because names with each would be most of the answer. All kinds have the same
 * columns, so that one statement asks of all.
 */
export interface Told {
  readonly machine: string
  readonly things: readonly ToldThing[]
}
/** Sorted by time, then by their arrival; what each word and number says depends on the kind. */
export type ToldThing = readonly [
  time: number,
  word: string,
  otherWord: string,
  number: number,
  otherNumber: number,
]

/** Rows with ts and seq, in SQL. */
export const toldAs = (word: string, otherWord: string, number: string, otherNumber: string): string =>
  `arrayMap(each -> (each.1, each.3, each.4, each.5, each.6), arraySort(groupArray((
    toFloat64(toUnixTimestamp64Milli(ts)), seq,
    toString(${word}), toString(${otherWord}), toFloat64(${number}), toFloat64(${otherNumber})
  )))) AS things`

/** What people say is little: it is read of all the range, and what is of no span is left out here. */
export const isWithin =
  ({ start, end }: Span) =>
  ([time]: ToldThing): boolean =>
    time >= start && time <= end
