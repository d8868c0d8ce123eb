import { decay } from '../../schema/elementary.js'

/**
 * A first-order autoregression with unit variance: an Ornstein–Uhlenbeck process seen each `step`. Exact, so that its
 * spectrum is the same at every rate of sampling: S(f) = 2τ / (1 + (2πfτ)²), folded at half the rate. `memory` (τ) and
 * `step` in the same unit.
 */
export function autoregression(memory: number, step: number): { keep: number; innovation: number } {
  const keep = decay(step, memory)
  return { keep, innovation: Math.sqrt(1 - keep * keep) }
}
