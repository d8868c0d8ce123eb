import { Quality } from '../../schema/quality.js'
import type { Reject } from '../../schema/records.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { AdapterContext, SourceEvent } from '../contract.js'
import { guarded } from '../guarded.js'
import type { TagFault } from './fields.js'
import type { Block, Field } from './plan.js'
import { UnwellUnits } from './unwell-units.js'
import { decodeValue } from './value.js'

/** After so many polls without a newer value a value is stale, as after so many periods of silence. */
const missedToStale = 3

/** Turns answers into samples: Modbus has neither time nor quality, so both are ours. */
export class Reading {
  readonly #context: AdapterContext
  readonly #tell: (event: SourceEvent) => void
  readonly #batch = new SampleBatchBuilder()
  /** The value of each signal, where it has one, and when it was read, Unix ms UTC. */
  readonly #last = new Map<number, { readonly value: number; readonly readAt: number }>()
  /** Polls in a row that a block had no newer values. */
  readonly #stillFor = new WeakMap<Block, number>()
  readonly #ids: ReadonlyMap<number, string>
  /** What was rejected already, by rule and place: a wrong tag is wrong at every poll. */
  readonly #told = new Set<string>()
  readonly #unwell: UnwellUnits
  #samples = 0

  constructor(context: AdapterContext, tell: (event: SourceEvent) => void) {
    this.#context = context
    this.#tell = tell
    this.#unwell = new UnwellUnits(tell)
    this.#ids = new Map(context.signals.map(({ index, signal }) => [index, signal.id]))
  }

  /** Samples told so far. */
  get samples(): number {
    return this.#samples
  }

  faults(faults: readonly TagFault[]): void {
    for (const { tag, signal, rule, why } of faults) this.reject(rule, `${signal}: ${why}.`, tag)
  }

  values(block: Block, bytes: Uint8Array): void {
    const now = this.#context.clock.now()
    this.#stillFor.delete(block)
    this.#unwell.clear(block)
    for (const field of block.fields) {
      const raw = `${field.tag.table}:${field.tag.address}`
      const failure = guarded(this.#context.source, now, raw, () => this.#read(field, block, bytes, now))
      if (failure !== undefined) this.reject(failure.rule, failure.reason, failure.raw)
    }
    this.#flush()
  }

  #read({ index, isText, tag }: Field, block: Block, bytes: Uint8Array, now: number): void {
    const decoded = decodeValue(tag, block.address, bytes)
    const isValue = isText || (decoded.kind === 'number' && Number.isFinite(decoded.value))
    if (decoded.kind === 'unfit' || !isValue) {
      const why = decoded.kind === 'unfit' ? decoded.why : `is ${decoded.value}, no number`
      const raw = `${tag.table}:${tag.address}`
      const reason = `${this.#ids.get(index)}: the value at ${raw} ${why}.`
      this.reject('modbus.unfit-value', reason, raw)
      this.#none(index, now)
      return
    }
    const value = isText ? this.#context.intern(String(decoded.value)) : Number(decoded.value)
    this.#last.set(index, { value, readAt: now })
    this.#batch.push(index, now, now, value, Quality.good)
  }

  /** The device has no values for the block: `why`, and what to do about it. */
  none(block: Block, why: string, advice: string): void {
    const now = this.#context.clock.now()
    this.#stillFor.delete(block)
    for (const { index } of block.fields) this.#none(index, now)
    this.#flush()
    this.#unwell.add(block, why, tell(block, why, advice))
  }

  /** What is told as no value is not to come back as the last one. */
  #none(index: number, now: number): void {
    this.#last.delete(index)
    this.#batch.pushNone(index, now, now)
  }

  /**
   * The device has no newer values for the block than those it told last: they are uncertain, at the time they were read,
   * and stale where that lasts, as values are that do not come.
   */
  still(block: Block, why: string, advice: string): void {
    const polls = (this.#stillFor.get(block) ?? 0) + 1
    this.#stillFor.set(block, polls)
    if (polls === 1) {
      const now = this.#context.clock.now()
      for (const { index } of block.fields) {
        const last = this.#last.get(index)
        if (last !== undefined) this.#batch.push(index, last.readAt, now, last.value, Quality.uncertain)
      }
      this.#flush()
    }
    if (polls < missedToStale) return
    if (polls === missedToStale)
      this.#tell({ kind: 'stale', signals: block.fields.map(({ index }) => index) })
    this.#unwell.add(block, why, tell(block, why, advice))
    this.reject('modbus.exception', `${nameOf(block)}: ${why}.`, nameOf(block))
  }

  /** Told once for each place, and counted from then on. */
  reject(rule: string, reason: string, raw: string): void {
    const key = `${rule} ${raw}`
    if (this.#told.has(key)) {
      this.#tell({ kind: 'repeated', rule, count: 1 })
      return
    }
    this.#told.add(key)
    const { source, clock } = this.#context
    const rejects: Reject[] = [{ source, time: clock.now(), rule, reason, raw }]
    this.#tell({ kind: 'rejects', rejects })
  }

  #flush(): void {
    if (this.#batch.count === 0) return
    this.#samples += this.#batch.count
    this.#tell({ kind: 'samples', batch: this.#batch.take() })
  }
}

function tell(block: Block, why: string, advice: string): string {
  return `${nameOf(block)}: ${why}. ${advice} It may be so of more places; the rejects name each.`
}

/** A block in words. */
export const nameOf = ({ unit, table, address, quantity }: Block): string =>
  `unit ${unit}, ${table}:${address}${quantity > 1 ? `–${address + quantity - 1}` : ''}`
