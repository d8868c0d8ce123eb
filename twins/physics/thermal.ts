import { decay } from '../../schema/elementary.js'
import { grid, HeatGrid } from './heat-grid.js'
import type { MachineLoad } from './machine-load.js'

/**
 * A winding or spindle in its frame: two heat stores, `source → winding → frame → air`. Resistances are shares of the
 * whole way, so that in normal production both stand at 1. Time constants of motors: winding 3 to 10 min, frame 20 to
 * 60 min (IEC 60034-1); a motor at rest has no fan and cools three times slower. A frame that is warmer than the winding
 * alone would make it has its own friction, that of the gears.
 */
const inner = 0.45
const outer = 0.55
/** The winding's own time constant, ms. */
export const windingTime = 240_000
const windingStore = windingTime / inner
const frameStore = 2_400_000 / outer
const withoutFan = 3
/** What a change of the load needs to be felt in the heat, ms. */
const strainMemory = 600_000
/** The frame's rise in normal production as a share of the winding's, where nothing else warms the frame. */
export const plainFrame = outer

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

const wholeSteps = [propagator(grid, false), propagator(grid, true)] as const

/** What becomes of two temperatures over `elapsed` ms, with a fan or without. */
export function passing(elapsed: number, isCooled: boolean): Propagator {
  return elapsed === grid ? wholeSteps[isCooled ? 1 : 0] : propagator(elapsed, isCooled)
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
  readonly #grid: HeatGrid
  /** The frame's rise in normal production, as a share of the winding's. */
  readonly #frameRise: (machine: number) => number
  readonly #strainKept = decay(grid, strainMemory)

  /** Machines are met warm, in the middle of their work. `frameRise`: of a machine's frame, over its winding's. */
  constructor(
    machines: number,
    load: MachineLoad,
    start: number,
    frameRise: (machine: number) => number = () => plainFrame,
  ) {
    this.winding = new Float64Array(machines).fill(1)
    this.frame = new Float64Array(machines).fill(1)
    this.strain = new Float64Array(machines)
    this.#grid = new HeatGrid(machines, { start, running: 1 }, (machine, elapsed, to) =>
      this.#pass(machine, elapsed, to),
    )
    this.#load = load
    this.#frameRise = frameRise
  }

  /** From `time` on the machine runs at this share of normal production, 0 to 1. */
  setRunning(machine: number, time: number, share: number): void {
    this.#grid.setRunning(machine, time, share)
  }

  /** Balances the heat up to the last point of the grid. */
  advance(machine: number, time: number): void {
    this.#grid.advance(machine, time)
  }

  #pass(machine: number, elapsed: number, to: number): void {
    const running = this.#grid.running[machine]!
    const isWhole = elapsed === grid
    const step = passing(elapsed, running > 0)
    const windingEnd = running * (inner + outer)
    const frameEnd = running
    const winding = this.winding[machine]! - windingEnd
    // The frame's 1 is its own rise in normal production: in the unit of the winding, that share of it.
    const rise = this.#frameRise(machine)
    const frame = (this.frame[machine]! - frameEnd) * rise
    this.winding[machine] = windingEnd + step.windingFromWinding * winding + step.windingFromFrame * frame
    this.frame[machine] = frameEnd + (step.frameFromWinding * winding + step.frameFromFrame * frame) / rise
    const strainEnd = running * this.#load.at(machine, to)
    const kept = isWhole ? this.#strainKept : decay(elapsed, strainMemory)
    this.strain[machine] = strainEnd + (this.strain[machine]! - strainEnd) * kept
  }
}
