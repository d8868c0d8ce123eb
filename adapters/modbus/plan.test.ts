import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Block, type Field, planBlocks, splitBlock } from './plan.js'
import { type ModbusTag, parseTag } from './tag.js'

const limits = { maxRegisters: 125, maxCoils: 2000, maxGap: 8 }
const fieldsOf = (...tags: string[]): Field[] =>
  tags.map((text, index) => ({
    index,
    isText: false,
    tag: parseTag(text, { order: 'ABCD', unit: 1 }) as ModbusTag,
  }))
const shown = (blocks: readonly Block[]) =>
  blocks.map(({ unit, table, address, quantity, fields }) => [
    `${unit} ${table}:${address}+${quantity}`,
    fields.map(({ index }) => index).join(' '),
  ])

describe('the reads of a plan', () => {
  it('bring what lies together at once, over gaps up to the limit', () => {
    expect(
      shown(planBlocks(fieldsOf('holding:10', 'holding:0:float32', 'holding:19', 'holding:29'), limits)),
    ).toEqual([
      ['1 holding:0+20', '1 0 2'],
      ['1 holding:29+1', '3'],
    ])
  })

  it('never mix tables or units', () => {
    const fields = fieldsOf('holding:0', 'input:0', 'coil:0', 'holding:1?unit=2')
    expect(planBlocks(fields, limits)).toHaveLength(4)
  })

  it('end where the protocol does: at 125 registers, at 2,000 coils', () => {
    const registers = Array.from({ length: 200 }, (_, i) => `holding:${i}`)
    const coils = Array.from({ length: 2001 }, (_, i) => `coil:${i}`)
    expect(planBlocks(fieldsOf(...registers), limits).map(({ quantity }) => quantity)).toEqual([125, 75])
    expect(planBlocks(fieldsOf(...coils), limits).map(({ quantity }) => quantity)).toEqual([2000, 1])
  })

  it('keep a value whole, also at the limit', () => {
    const blocks = planBlocks(fieldsOf('holding:0', 'holding:124:float32', 'holding:125'), limits)
    expect(shown(blocks)).toEqual([
      ['1 holding:0+1', '0'],
      ['1 holding:124+2', '1 2'],
    ])
  })

  it('read bits of one register once', () => {
    expect(shown(planBlocks(fieldsOf('holding:3.0', 'holding:3.1', 'holding:3'), limits))).toEqual([
      ['1 holding:3+1', '0 1 2'],
    ])
  })

  it('hold each field once and whole, within the limits, and no two neighbours could be one', () => {
    const anyTag = fc
      .tuple(
        fc.constantFrom('holding', 'coil'),
        fc.nat(600),
        fc.constantFrom('', ':float32', ':int64', ':string[20]'),
      )
      .map(([table, address, type]) => `${table}:${address}${table === 'coil' ? '' : type}`)
    const anyLimits = fc.record({
      maxRegisters: fc.integer({ min: 10, max: 125 }),
      maxCoils: fc.integer({ min: 1, max: 2000 }),
      maxGap: fc.nat(20),
    })
    fc.assert(
      fc.property(fc.array(anyTag, { maxLength: 60 }), anyLimits, (tags, given) => {
        const blocks = planBlocks(fieldsOf(...tags), given)
        const seen = blocks.flatMap(({ fields }) => fields.map(({ index }) => index)).sort((a, b) => a - b)
        expect(seen).toEqual(tags.map((_, i) => i))
        blocks.forEach(({ address, quantity, fields, table }, i) => {
          expect(quantity).toBeLessThanOrEqual(table === 'coil' ? given.maxCoils : given.maxRegisters)
          for (const { tag } of fields) {
            expect(tag.address).toBeGreaterThanOrEqual(address)
            expect(tag.address + tag.width).toBeLessThanOrEqual(address + quantity)
          }
          const next = blocks[i + 1]
          if (next === undefined || next.table !== table) return
          const [most, gap] =
            table === 'coil' ? [given.maxCoils, given.maxGap * 16] : [given.maxRegisters, given.maxGap]
          const first = next.fields[0]!.tag
          const isTooFar = first.address - (address + quantity) > gap
          expect(isTooFar || first.address + first.width - address > most).toBe(true)
        })
      }),
    )
  })

  it('are halved until a read has one field', () => {
    const [block] = planBlocks(fieldsOf('holding:0', 'holding:1:float32', 'holding:5'), limits)
    expect(shown(splitBlock(block!))).toEqual([
      ['1 holding:0+3', '0 1'],
      ['1 holding:5+1', '2'],
    ])
  })
})
