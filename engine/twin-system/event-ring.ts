/** What became of an event that was sent to a twin. */
export const eventOutcomes = ['handled', 'ignored', 'refused', 'crashed', 'lost'] as const
export type EventOutcome = (typeof eventOutcomes)[number]

export interface PastEvent {
  readonly type: string
  readonly time: number
  readonly outcome: EventOutcome
  /** What it told, in a word: a state, a mode, a reason; missing where it told nothing of the kind. */
  readonly said?: string
}

/** How many events a twin remembers. */
export const rememberedEvents = 100

/** Words beyond this many are remembered under one name: they are sent by somebody who makes them up. */
const mostWords = 1_000
const other = '(other)'

/** Numbers for words, which all twins share. */
class Words {
  readonly #words = [other]
  readonly #numbers = new Map<string, number>()

  word(number: number): string {
    return this.#words[number]!
  }

  numberOf(word: string): number {
    const known = this.#numbers.get(word)
    if (known !== undefined) return known
    if (this.#words.length >= mostWords) return 0
    this.#numbers.set(word, this.#words.length)
    return this.#words.push(word) - 1
  }
}

const types = new Words()
const sayings = new Words()
const nothingSaid = sayings.numberOf('')

/**
 * The last events of a twin: type, time, outcome and a word. Two numbers an event in one array that grows with use:
 * most twins of a calm floor hear little, and there are very many of them.
 */
export class EventRing {
  readonly #cells: number[] = []
  #next = 0

  add(type: string, time: number, outcome: EventOutcome, said = ''): void {
    const cell = this.#next * 2
    const words = (said === '' ? nothingSaid : sayings.numberOf(said)) * mostWords + types.numberOf(type)
    this.#cells[cell] = time
    this.#cells[cell + 1] = words * eventOutcomes.length + eventOutcomes.indexOf(outcome)
    this.#next = (this.#next + 1) % rememberedEvents
  }

  /** Oldest first. */
  list(): PastEvent[] {
    const count = this.#cells.length / 2
    const first = count < rememberedEvents ? 0 : this.#next
    return Array.from({ length: count }, (_, order) => {
      const cell = ((first + order) % count) * 2
      const code = this.#cells[cell + 1]!
      const words = Math.floor(code / eventOutcomes.length)
      const said = sayings.word(Math.floor(words / mostWords))
      return {
        type: types.word(words % mostWords),
        time: this.#cells[cell]!,
        outcome: eventOutcomes[code % eventOutcomes.length]!,
        ...(said !== '' && { said }),
      }
    })
  }
}
