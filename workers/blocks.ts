import { readFile } from 'node:fs/promises'
import { isWorkerThread, move, transferableSymbol, valueSymbol } from 'piscina'
import { buildBlocks, type TableBlock } from './spool/block-builder.js'
import {
  type ByteRange,
  type Position,
  positionAfter,
  type StampedEntry,
  scanSegment,
} from './spool/record.js'

export interface BlocksTask {
  /** Path of a sealed segment of the spool. */
  readonly path: string
}

/** Bytes of a segment that came into no block. */
export interface Damage extends ByteRange {
  /** Why a record that could be read fits into no block; left out where the bytes themselves are damaged. */
  readonly why?: string
}

export interface Blocks {
  readonly blocks: readonly TableBlock[]
  readonly samples: number
  /** Where counting stands behind it; undefined where nothing in it can be read. */
  readonly next: Position | undefined
  /** Length of the file. */
  readonly bytes: number
  /** In order of place; the records around it are in the blocks. */
  readonly damage: readonly Damage[]
}

/** Turns a segment of the spool into blocks for the store, off the main thread. */
export default async function blocks(task: BlocksTask): Promise<Blocks> {
  const bytes = await readFile(task.path)
  const { records, damage, end } = scanSegment(bytes)
  const { blocks, entries, unfit } = build(records.filter(record => record.kind === 'entry'))
  const torn = end < bytes.byteLength ? [{ from: end, to: bytes.byteLength }] : []
  const made: Blocks = {
    blocks,
    samples: entries.reduce((sum, { entry }) => sum + (entry.samples?.count ?? 0), 0),
    next: positionAfter(records),
    bytes: bytes.byteLength,
    damage: [...damage, ...unfit, ...torn].sort((a, b) => a.from - b.from),
  }
  return isWorkerThread ? moved(made) : made
}

type PlacedEntry = StampedEntry & ByteRange

interface Built {
  readonly blocks: readonly TableBlock[]
  readonly entries: readonly PlacedEntry[]
  readonly unfit: readonly Damage[]
}

/** A record that cannot be encoded must not hold up all that came after it: it is told apart, and left out. */
function build(entries: readonly PlacedEntry[]): Built {
  try {
    return { blocks: buildBlocks(entries), entries, unfit: [] }
  } catch {
    const unfit = entries.flatMap(entry => unfitness(entry))
    const fit = entries.filter(({ from }) => !unfit.some(damage => damage.from === from))
    return { blocks: buildBlocks(fit), entries: fit, unfit }
  }
}

function unfitness(entry: PlacedEntry): Damage[] {
  try {
    buildBlocks([entry])
    return []
  } catch (error) {
    return [{ from: entry.from, to: entry.to, why: error instanceof Error ? error.message : String(error) }]
  }
}

/** Hands the buffers over without copying them. */
function moved(made: Blocks): Blocks {
  const transferable = {
    get [transferableSymbol]() {
      return made.blocks.map(block => block.body.buffer)
    },
    get [valueSymbol]() {
      return made
    },
  }
  return move(transferable as never) as unknown as Blocks
}
