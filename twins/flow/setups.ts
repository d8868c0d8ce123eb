import { Sampler } from './distribution.js'
import type { Setup } from './model.js'
import type { RandomStream } from './random.js'

/** How long one machine is set up from one product for another. */
export class Setups {
  readonly #setups: readonly { readonly from?: number; readonly to?: number; readonly time: Sampler }[]
  readonly #chance: RandomStream

  constructor(setups: readonly Setup[], chance: RandomStream) {
    this.#setups = setups.map(({ time, ...pair }) => ({ ...pair, time: new Sampler(time) }))
    this.#chance = chance
  }

  has(from: number, to: number): boolean {
    return this.#find(from, to) !== undefined
  }

  /** Milliseconds; 0 where there is nothing to be set up. */
  draw(from: number, to: number): number {
    return this.#find(from, to)?.time.draw(this.#chance) ?? 0
  }

  #find(from: number, to: number) {
    return this.#setups.find(each => (each.from ?? from) === from && (each.to ?? to) === to)
  }
}
