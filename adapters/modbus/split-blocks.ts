import { type Block, splitBlock } from './plan.js'

/** How long a block that was split is left so before the whole of it is asked for again, ms; doubles each time. */
const firstRestMs = 10_000
const longestRestMs = 3_600_000

/** A block as it was planned, and what is read in its place. */
interface Split {
  readonly planned: Block
  readonly parts: Set<Block>
  /** Parts of one field that were refused when they were asked for last. */
  readonly refused: Set<Block>
  restMs: number
  /** When the whole is asked for again. */
  againAt: number
}

/**
 * Blocks that were refused and are read in parts, and when they are whole again: a device that refuses everything for a
 * moment, as one does that loads its program, is not to be asked for each register by itself ever after.
 */
export class SplitBlocks {
  readonly #of = new Map<Block, Split>()

  /** What to read in place of a block of several fields that was refused at `now`, ms. */
  split(block: Block, now: number): readonly [Block, Block] {
    let split = this.#of.get(block)
    split ??= { planned: block, parts: new Set(), refused: new Set(), restMs: firstRestMs, againAt: 0 }
    if (block === split.planned) {
      split.againAt = now + split.restMs
      split.restMs = Math.min(longestRestMs, 2 * split.restMs)
    }
    const halves = splitBlock(block)
    this.#of.delete(block)
    split.parts.delete(block)
    for (const half of halves) {
      split.parts.add(half)
      this.#of.set(half, split)
    }
    return halves
  }

  /** A block of one field was refused. */
  refused(block: Block): void {
    this.#of.get(block)?.refused.add(block)
  }

  /**
   * The block brought values. Returns the planned block to be read in place of its parts: where this part was refused
   * before, or where it is time to see whether the whole is answered.
   */
  answered(
    block: Block,
    now: number,
  ): { readonly planned: Block; readonly parts: ReadonlySet<Block> } | undefined {
    const split = this.#of.get(block)
    if (split === undefined) return undefined
    const { planned, refused } = split
    if (block === planned) {
      this.#of.delete(planned)
      return undefined
    }
    if (!refused.has(block) && now < split.againAt) return undefined
    const parts = new Set(split.parts)
    for (const part of parts) this.#of.delete(part)
    split.parts.clear()
    refused.clear()
    this.#of.set(planned, split)
    return { planned, parts }
  }
}
