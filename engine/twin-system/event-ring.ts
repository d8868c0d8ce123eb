/** What became of an event that was sent to a twin. */
export const eventOutcomes = ['handled', 'ignored', 'refused', 'crashed', 'lost'] as const
export type EventOutcome = (typeof eventOutcomes)[number]

export interface PastEvent {
  readonly type: string
  readonly time: number
  readonly outcome: EventOutcome
}

/** How many events a twin remembers. */
const remembered = 100
/** Types beyond this many are remembered under one name: they are sent by somebody who makes them up. */
const mostTypes = 1_000

const types: string[] = ['(other)']
const typeNumbers = new Map<string, number>()

/**
 * The last events of a twin, types, times and outcomes only. Two numbers an event in one array that grows with use:
 * most twins of a calm floor hear little, and there are very many of them.
 */
export class EventRing {
  readonly #cells: number[] = []
  #next = 0

  add(type: string, time: number, outcome: EventOutcome): void {
    const cell = this.#next * 2
    this.#cells[cell] = time
    this.#cells[cell + 1] = numberOf(type) * eventOutcomes.length + eventOutcomes.indexOf(outcome)
    this.#next = (this.#next + 1) % remembered
  }

  /** Oldest first. */
  list(): PastEvent[] {
    const count = this.#cells.length / 2
    const first = count < remembered ? 0 : this.#next
    return Array.from({ length: count }, (_, order) => {
      const cell = ((first + order) % count) * 2
      const code = this.#cells[cell + 1]!
      return {
        type: types[Math.floor(code / eventOutcomes.length)]!,
        time: this.#cells[cell]!,
        outcome: eventOutcomes[code % eventOutcomes.length]!,
      }
    })
  }
}

function numberOf(type: string): number {
  const known = typeNumbers.get(type)
  if (known !== undefined) return known
  if (types.length >= mostTypes) return 0
  typeNumbers.set(type, types.length)
  return types.push(type) - 1
}
