import { readFile } from 'node:fs/promises'
import { isWorkerThread, move, transferableSymbol, valueSymbol } from 'piscina'
import { buildBlocks, type TableBlock } from './spool/block-builder.js'
import { type ByteRange, scanSegment } from './spool/record.js'

export interface BlocksTask {
  /** Path of a sealed segment of the spool. */
  readonly path: string
}

export interface Blocks {
  readonly blocks: readonly TableBlock[]
  readonly samples: number
  /** What could not be read; the records around it are in the blocks. */
  readonly damage: readonly ByteRange[]
}

/** Turns a segment of the spool into blocks for the store, off the main thread. */
export default async function blocks(task: BlocksTask): Promise<Blocks> {
  const bytes = await readFile(task.path)
  const { records, damage, end } = scanSegment(bytes)
  const entries = records.filter(record => record.kind === 'entry')
  const made: Blocks = {
    blocks: buildBlocks(entries),
    samples: entries.reduce((sum, { entry }) => sum + (entry.samples?.count ?? 0), 0),
    damage: end < bytes.byteLength ? [...damage, { from: end, to: bytes.byteLength }] : damage,
  }
  return isWorkerThread ? moved(made) : made
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
