/**
 * What the theory of production lines says of small lines: closed forms, and where there is none the exact solution
 * of the Markov chain. The tests hold the simulation to these; nothing else uses them. Names as in Gershwin,
 * Manufacturing Systems Engineering (1994), and Li & Meerkov, Production Systems Engineering (2009).
 */

/** Chances (slotted time) or rates (continuous time) to fail while working and to be repaired. */
export interface Unreliable {
  readonly p: number
  readonly r: number
}

export interface LineFigures {
  /** Parts per unit of time. */
  readonly throughput: number
  /** Mean number of parts that a machine has finished and the next has not, by buffer. */
  readonly inventory: readonly number[]
}

/**
 * Two machines in slotted time, operation-dependent failures, n from 0 to N, N at least 4 (Gershwin & Schick 1983):
 * the closed form.
 */
export function slottedPair(first: Unreliable, second: Unreliable, N: number): LineFigures {
  const { p: p1, r: r1 } = first
  const { p: p2, r: r2 } = second
  const A = r1 + r2 - r1 * r2 - p1 * r2
  const B = r1 + r2 - r1 * r2 - r1 * p2
  const G = p1 + p2 - p1 * p2 - r1 * p2
  const H = p1 + p2 - p1 * p2 - p1 * r2
  const [Y1, Y2] = [B / H, A / G]
  const X = Y2 / Y1
  const states: [n: number, weight: number][] = []
  for (let n = 2; n <= N - 2; n++) states.push([n, X ** n * (1 + Y1) * (1 + Y2)])
  const starved = (X * B) / (r1 * p2)
  states.push([0, starved], [1, X + X * Y2 + ((X / p2) * B) / G])
  const last = X ** (N - 1)
  const blocked = (last * A) / (p1 * r2)
  states.push([N - 1, last + last * Y1 + ((last / p1) * A) / H], [N, blocked])
  const total = states.reduce((sum, [, weight]) => sum + weight, 0)
  const inventory = states.reduce((sum, [n, weight]) => sum + n * weight, 0) / total
  const e1 = r1 / (r1 + p1)
  return { throughput: e1 * (1 - blocked / total), inventory: [inventory] }
}

/**
 * Any number of machines in slotted time, operation-dependent failures, `sizes` from 0 to N between them: the Markov
 * chain by iteration. In each slot the machines fail (only those that are not idle) and are repaired; then each that
 * is up and neither starved nor blocked moves a part, all by the numbers at the beginning of the slot.
 */
export function slottedLine(machines: readonly Unreliable[], sizes: readonly number[]): LineFigures {
  const k = machines.length
  const levels = sizes.map(N => N + 1)
  const combinations = levels.reduce((product, count) => product * count, 1)
  const size = combinations << k
  const levelsOf = (code: number): number[] => {
    let rest = code
    return levels.map(count => {
      const n = rest % count
      rest = (rest - n) / count
      return n
    })
  }
  const codeOf = (n: readonly number[]): number =>
    n.reduceRight((code, level, buffer) => code * levels[buffer]! + level, 0)
  const isIdle = (n: readonly number[], m: number): boolean =>
    (m > 0 && n[m - 1] === 0) || (m < k - 1 && n[m] === sizes[m])
  // From each state: which states follow, with which chance.
  const targets: Int32Array[] = []
  const chances: Float64Array[] = []
  for (let code = 0; code < combinations; code++) {
    const n = levelsOf(code)
    for (let up = 0; up < 1 << k; up++) {
      const to: number[] = []
      const chance: number[] = []
      for (let next = 0; next < 1 << k; next++) {
        let probability = 1
        const after = [...n]
        for (const [m, { p, r }] of machines.entries()) {
          const wasUp = ((up >> m) & 1) === 1
          const isUp = ((next >> m) & 1) === 1
          const fails = wasUp && !isIdle(n, m) ? p : 0
          probability *= wasUp ? (isUp ? 1 - fails : fails) : isUp ? r : 1 - r
          if (!isUp || isIdle(n, m)) continue
          if (m > 0) after[m - 1]!--
          if (m < k - 1) after[m]!++
        }
        if (probability === 0) continue
        to.push((codeOf(after) << k) | next)
        chance.push(probability)
      }
      targets.push(Int32Array.from(to))
      chances.push(Float64Array.from(chance))
    }
  }
  const state = stationary(size, targets, chances)
  const inventory = sizes.map(() => 0)
  let made = 0
  for (let s = 0; s < size; s++) {
    const n = levelsOf(s >> k)
    for (const [buffer, level] of n.entries()) inventory[buffer]! += level * state[s]!
    // The last machine makes a part in a slot in which it is up after the changes of its beginning.
    if (n[k - 2] === 0) continue
    const { p, r } = machines[k - 1]!
    made += state[s]! * (((s >> (k - 1)) & 1) === 1 ? 1 - p : r)
  }
  return { throughput: made, inventory }
}

/**
 * Two machines with exponential processing, failures and repairs (Gershwin & Berman 1981), operation-dependent, n
 * from 0 to N: the Markov chain in continuous time.
 */
export function exponentialPair(
  first: Unreliable & { readonly mu: number },
  second: Unreliable & { readonly mu: number },
  N: number,
): LineFigures {
  const fastest = first.mu + second.mu + first.p + second.p + first.r + second.r
  const size = 4 * (N + 1)
  const targets: Int32Array[] = []
  const chances: Float64Array[] = []
  for (let s = 0; s < size; s++) {
    const [n, up1, up2] = [s >> 2, (s >> 1) & 1, s & 1]
    const moves: [to: number, rate: number][] = []
    if (up1 === 1 && n < N) moves.push([s + 4, first.mu], [s - 2, first.p])
    if (up2 === 1 && n > 0) moves.push([s - 4, second.mu], [s - 1, second.p])
    if (up1 === 0) moves.push([s + 2, first.r])
    if (up2 === 0) moves.push([s + 1, second.r])
    const out = moves.reduce((sum, [, rate]) => sum + rate, 0)
    targets.push(Int32Array.from([s, ...moves.map(([to]) => to)]))
    chances.push(Float64Array.from([1 - out / fastest, ...moves.map(([, rate]) => rate / fastest)]))
  }
  const state = stationary(size, targets, chances)
  let throughput = 0
  let inventory = 0
  for (let s = 0; s < size; s++) {
    inventory += (s >> 2) * state[s]!
    if ((s & 1) === 1 && s >> 2 > 0) throughput += second.mu * state[s]!
  }
  return { throughput, inventory: [inventory] }
}

/**
 * Two machines that pass a fluid on, both at speed `mu`, with exponential times to fail (while working) and to be
 * repaired, and room for N between them: the closed form.
 */
export function fluidPair(first: Unreliable, second: Unreliable, N: number, mu = 1): number {
  const { p: p1, r: r1 } = first
  const { p: p2, r: r2 } = second
  const Y = (r1 + r2) / (p1 + p2)
  const lambda = ((p2 * r1 - p1 * r2) * (1 / (p1 + p2) + 1 / (r1 + r2))) / mu
  const end = Math.exp(lambda * N)
  const length = lambda === 0 ? N : (end - 1) / lambda
  const empty = 1 / p2 + (p1 + p2) / (r1 * p2)
  const full = end * (1 / p1 + (p1 + p2) / (r2 * p1))
  const total = length * (1 + Y) ** 2 + mu * Y * (empty + full)
  return (mu * (length * Y * (1 + Y) + (mu * Y) / p2 + (mu * Y * end) / p1)) / total
}

/** Mean number in a system with Poisson arrivals at a rate and one server, by the moments of its times (Pollaczek–Khinchine). */
export function poissonQueue(lambda: number, mean: number, variance: number): number {
  const rho = lambda * mean
  return rho + (lambda ** 2 * (variance + mean ** 2)) / (2 * (1 - rho))
}

/** M/M/1/K: one server, at most K parts in the system, those that find it full go away. */
export function singleServer(
  lambda: number,
  mu: number,
  K: number,
): LineFigures & { readonly wait: number; readonly empty: number; readonly full: number } {
  const rho = lambda / mu
  const weights = Array.from({ length: K + 1 }, (_, n) => rho ** n)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const throughput = lambda * (1 - weights[K]! / total)
  const inventory = weights.reduce((sum, weight, n) => sum + n * weight, 0) / total
  const [empty, full] = [weights[0]! / total, weights[K]! / total]
  return { throughput, inventory: [inventory], wait: inventory / throughput, empty, full }
}

/** Production rate of two Bernoulli machines, up in a slot with chances p1 and p2, N places (Li & Meerkov 2009). */
export function bernoulliPair(p1: number, p2: number, N: number): number {
  const alpha = (p1 * (1 - p2)) / (p2 * (1 - p1))
  const empty = p1 === p2 ? (1 - p1) / (N + 1 - p1) : ((1 - p1) * (1 - alpha)) / (1 - (p1 / p2) * alpha ** N)
  return p2 * (1 - empty)
}

/** Equal machines without buffers, operation-dependent failures (Buzacott 1967): share of the time the line moves. */
export function rigidLine(machines: readonly Unreliable[]): number {
  return 1 / (1 + machines.reduce((sum, { p, r }) => sum + p / r, 0))
}

/** Mean number up of `machines` alike machines that `crews` repair, exponential (machine interference, M/M/c//N). */
export function repairShop(machines: number, crews: number, { p, r }: Unreliable): number {
  const weights = [1]
  for (let down = 1; down <= machines; down++) {
    weights.push((weights[down - 1]! * (machines - down + 1) * p) / (Math.min(down, crews) * r))
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.reduce((sum, weight, down) => sum + (machines - down) * weight, 0) / total
}

/** The stationary distribution of a chain, by iteration until it moves less than 1e-13. */
function stationary(
  size: number,
  targets: readonly Int32Array[],
  chances: readonly Float64Array[],
): Float64Array {
  let state = new Float64Array(size).fill(1 / size)
  for (let round = 0; round < 200_000; round++) {
    const next = new Float64Array(size)
    for (let s = 0; s < size; s++) {
      const weight = state[s]!
      if (weight === 0) continue
      const to = targets[s]!
      const chance = chances[s]!
      for (let i = 0; i < to.length; i++) next[to[i]!]! += weight * chance[i]!
    }
    let moved = 0
    for (let s = 0; s < size; s++) moved += Math.abs(next[s]! - state[s]!)
    state = next
    if (moved < 1e-13) return state
  }
  throw new Error('The chain has not come to rest; its machines may never be repaired.')
}
