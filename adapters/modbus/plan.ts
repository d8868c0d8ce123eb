import type { ModbusTag, Table } from './tag.js'

/** A signal and where its value is. */
export interface Field {
  readonly index: number
  readonly isText: boolean
  readonly tag: ModbusTag
}

/** One read: the fields that lie in it, in the order of their addresses. */
export interface Block {
  readonly unit: number
  readonly table: Table
  readonly address: number
  /** Coils or registers. */
  readonly quantity: number
  readonly fields: readonly Field[]
}

export interface BlockLimits {
  readonly maxRegisters: number
  readonly maxCoils: number
  /** Registers that may be read for nothing between two fields; of coils 16 times as many. */
  readonly maxGap: number
}

const coilsPerRegister = 16

/** The fewest reads that bring all fields, each whole in one read and the reads within the limits. */
export function planBlocks(fields: readonly Field[], limits: BlockLimits): Block[] {
  const byPlace = new Map<string, Field[]>()
  for (const field of fields) {
    const place = `${field.tag.unit} ${field.tag.table}`
    byPlace.set(place, [...(byPlace.get(place) ?? []), field])
  }
  return [...byPlace.values()].flatMap(group => {
    const sorted = group.toSorted((a, b) => a.tag.address - b.tag.address || a.tag.width - b.tag.width)
    return mergeFields(sorted, limits)
  })
}

function mergeFields(sorted: readonly Field[], { maxRegisters, maxCoils, maxGap }: BlockLimits): Block[] {
  const { table } = sorted[0]!.tag
  const isBits = table === 'coil' || table === 'discrete'
  const most = isBits ? maxCoils : maxRegisters
  const gap = isBits ? maxGap * coilsPerRegister : maxGap
  const blocks: Block[] = []
  let open: Field[] = []
  let end = 0
  for (const field of sorted) {
    const { address, width } = field.tag
    const fits = open.length > 0 && address - end <= gap && address + width - open[0]!.tag.address <= most
    if (!fits && open.length > 0) {
      blocks.push(blockOf(open))
      open = []
      end = 0
    }
    open.push(field)
    end = Math.max(end, address + width)
  }
  return [...blocks, blockOf(open)]
}

/** Two reads that bring together what one does not: a device refuses all of a read of which it lacks a part. */
export function splitBlock({ fields }: Block): readonly [Block, Block] {
  const middle = Math.ceil(fields.length / 2)
  return [blockOf(fields.slice(0, middle)), blockOf(fields.slice(middle))]
}

function blockOf(fields: readonly Field[]): Block {
  const { unit, table, address } = fields[0]!.tag
  const end = Math.max(...fields.map(({ tag }) => tag.address + tag.width))
  return { unit, table, address, quantity: end - address, fields }
}
