import { z } from 'zod'

const time = z.iso.datetime({ offset: true })

/** Options of a `replay` source in a plant file. */
export const replayOptions = z
  .strictObject({
    /** ClickHouse that keeps the past: that of a running Gemba, or your own. */
    clickhouse: z.url({ protocol: /^https?$/ }),
    /** The window: samples that were received from then (inclusive) to then (exclusive). */
    from: time,
    to: time,
    /** Seconds of the past per real second. */
    speed: z.number().positive().max(1_000_000).default(1),
    /** Samples in one request. */
    page: z.int().min(1).max(1_000_000).default(200_000),
  })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), {
    path: ['to'],
    error: 'the window ends before it begins; `to` must lie after `from`',
  })
export type ReplayOptions = z.output<typeof replayOptions>
