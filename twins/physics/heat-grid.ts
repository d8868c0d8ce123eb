/** Heat is balanced on a grid of this distance, ms, and exactly wherever a machine starts or stops. */
export const grid = 10_000

/** Balances a machine's heat over a stretch, ms, that ends at `to`, Unix ms, and on which it runs at one share. */
type Pass = (machine: number, elapsed: number, to: number) => void

/**
 * How far the heat of each machine is balanced, and at which share of normal production it runs meanwhile. What the
 * heat does on a stretch is its owner's.
 */
export class HeatGrid {
  /** 0 to 1. */
  readonly running: Float64Array
  readonly #reached: Float64Array
  readonly #pass: Pass

  constructor(machines: number, { start, running }: { start: number; running: number }, pass: Pass) {
    this.running = new Float64Array(machines).fill(running)
    this.#reached = new Float64Array(machines).fill(start)
    this.#pass = pass
  }

  /** From `time` on the machine runs at this share. */
  setRunning(machine: number, time: number, share: number): void {
    if (this.running[machine] === share) return
    this.advance(machine, time)
    this.#goTo(machine, time)
    this.running[machine] = share
  }

  /** Balances the heat up to the last point of the grid. */
  advance(machine: number, time: number): void {
    for (
      let next = (Math.floor(this.#reached[machine]! / grid) + 1) * grid;
      next <= time;
      next = this.#reached[machine]! + grid
    ) {
      this.#goTo(machine, next)
    }
  }

  /** There is no heat to balance up to the last point of the grid. */
  skip(machine: number, time: number): void {
    this.#reached[machine] = Math.max(this.#reached[machine]!, Math.floor(time / grid) * grid)
  }

  #goTo(machine: number, to: number): void {
    const elapsed = to - this.#reached[machine]!
    if (elapsed <= 0) return
    this.#reached[machine] = to
    this.#pass(machine, elapsed, to)
  }
}
