import { Quality } from '../../schema/quality.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { AdapterContext, AdapterDefinition } from '../contract.js'
import { type LoadOptions, loadOptions } from './config.js'
import { type DueSamples, paced } from './paced.js'

/**
 * A source for measurements, not for plants: so many samples a second, round-robin over the numeric signals of the
 * source, each with a number of its own as its value. Whatever arrives can be counted by identity.
 */
export const loadSource: AdapterDefinition<LoadOptions> = {
  kind: 'load',
  summary: 'Numbered samples at an exact rate, for benchmarks.',
  options: loadOptions,
  examples: [
    { title: 'Fifty thousand samples a second for a minute', options: { rate: 50_000, total: 3_000_000 } },
  ],
  create: (options, context) => paced(context, () => numbered(options, context)),
}

function numbered(options: LoadOptions, context: AdapterContext): DueSamples {
  const signals = Uint32Array.from(
    context.signals.filter(({ signal }) => signal.type === 'number'),
    ({ index }) => index,
  )
  const total = signals.length === 0 ? 0 : (options.total ?? Number.POSITIVE_INFINITY)
  const start = context.clock.now()
  const builder = new SampleBatchBuilder(8192)
  let sent = 0
  return {
    get isOver() {
      return sent >= total
    },
    take(elapsed, limit) {
      const receiveTime = context.clock.now()
      const due = Math.min(Math.floor((elapsed * options.rate) / 1000), total, sent + limit)
      for (; sent < due; sent++) {
        const time = start + (sent * 1000) / options.rate
        builder.push(signals[sent % signals.length]!, time, receiveTime, options.first + sent, Quality.good)
      }
      return builder.take()
    },
  }
}
