import { decay } from '../elementary.js'
import type { MachineLoad } from './machine-load.js'

/** Heat is balanced on a grid of this distance, ms, and exactly wherever the machine starts or stops. */
const grid = 10_000

/**
 * A winding or spindle in its frame: two heat stores, `source → winding → frame → air`. Resistances are shares of the
 * whole way, so that in normal production both stand at 1. Time constants of motors: winding 3 to 10 min, frame 20 to
 * 60 min (IEC 60034-1); a motor at rest has no fan and cools three times slower.
 */
const inner = 0.45
const outer = 0.55
const windingStore = 240_000 / inner
const frameStore = 2_400_000 / outer
export const withoutFan = 3
/** What a change of the load needs to be felt in the heat, ms. */
const strainMemory = 600_000

/** The exact solution over a stretch of constant heat and cooling: new distances to the end from old ones. */
interface Propagator {
  readonly windingFromWinding: number
  readonly windingFromFrame: number
  readonly frameFromWinding: number
  readonly frameFromFrame: number
}

/** The two equations as a matrix: its exponential by its eigenvalues, both real and apart. */
function propagator(elapsed: number, isCooled: boolean): Propagator {
  const out = isCooled ? outer : outer * withoutFan
  const a = -1 / (inner * windingStore)
  const b = 1 / (inner * windingStore)
  const c = 1 / (inner * frameStore)
  const d = -1 / (inner * frameStore) - 1 / (out * frameStore)
  const half = (a + d) / 2
  const root = Math.sqrt(half * half - (a * d - b * c))
  const fast = decay(elapsed, -1 / (half - root))
  const slow = decay(elapsed, -1 / (half + root))
  // e^(At) = (e^(λ₁t) (A - λ₂) - e^(λ₂t) (A - λ₁)) / (λ₁ - λ₂), λ₁ the fast one.
  const [fastRate, slowRate] = [half - root, half + root]
  const entry = (value: number, isDiagonal: boolean): number =>
    (fast * (value - (isDiagonal ? slowRate : 0)) - slow * (value - (isDiagonal ? fastRate : 0))) /
    (fastRate - slowRate)
  return {
    windingFromWinding: entry(a, true),
    windingFromFrame: entry(b, false),
    frameFromWinding: entry(c, false),
    frameFromFrame: entry(d, true),
  }
}

/**
 * How warm machines are. Between a start or stop and the next the balance has a closed solution; only the load, which
 * wanders, is taken as constant over a stretch of the grid. Advanced when somebody asks; the answer depends on the time
 * alone.
 */
export class Warmth {
  /** Rise over the surroundings, 1 = as in normal production for long. */
  readonly winding: Float64Array
  readonly frame: Float64Array
  /** What the load of the last minutes adds: mean 0, less than standard deviation 1 while it works. */
  readonly strain: Float64Array
  readonly #load: MachineLoad
  readonly #running: Float64Array
  readonly #reached: Float64Array
  readonly #steps = [propagator(grid, false), propagator(grid, true)] as const
  readonly #strainKept = decay(grid, strainMemory)

  /** Machines are met warm, in the middle of their work. */
  constructor(machines: number, load: MachineLoad, start: number) {
    this.winding = new Float64Array(machines).fill(1)
    this.frame = new Float64Array(machines).fill(1)
    this.strain = new Float64Array(machines)
    this.#running = new Float64Array(machines).fill(1)
    this.#reached = new Float64Array(machines).fill(start)
    this.#load = load
  }

  /** From `time` on the machine runs at this share of normal production, 0 to 1. */
  setRunning(machine: number, time: number, share: number): void {
    if (this.#running[machine] === share) return
    this.advance(machine, time)
    if (time > this.#reached[machine]!) this.#pass(machine, time)
    this.#running[machine] = share
  }

  /** Balances the heat up to the last point of the grid. */
  advance(machine: number, time: number): void {
    for (
      let next = (Math.floor(this.#reached[machine]! / grid) + 1) * grid;
      next <= time;
      next = this.#reached[machine]! + grid
    ) {
      this.#pass(machine, next)
    }
  }

  #pass(machine: number, to: number): void {
    const elapsed = to - this.#reached[machine]!
    const running = this.#running[machine]!
    const isWhole = elapsed === grid
    const cooled = running > 0 ? 1 : 0
    const step = isWhole ? this.#steps[cooled] : propagator(elapsed, cooled === 1)
    const windingEnd = running * (inner + outer)
    const frameEnd = running
    const winding = this.winding[machine]! - windingEnd
    // The frame's 1 is its own rise in normal production, `outer` of the winding's.
    const frame = (this.frame[machine]! - frameEnd) * outer
    this.winding[machine] = windingEnd + step.windingFromWinding * winding + step.windingFromFrame * frame
    this.frame[machine] = frameEnd + (step.frameFromWinding * winding + step.frameFromFrame * frame) / outer
    const strainEnd = running * this.#load.at(machine, to)
    const kept = isWhole ? this.#strainKept : decay(elapsed, strainMemory)
    this.strain[machine] = strainEnd + (this.strain[machine]! - strainEnd) * kept
    this.#reached[machine] = to
  }
}
