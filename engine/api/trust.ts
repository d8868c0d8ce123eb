import { z } from '@hono/zod-openapi'
import type { KpiReader } from './context.js'
import { csv } from './csv.js'

/** How far an answer of figures can be trusted; the same words in all of them. */
export const trustShape = {
  recomputing: z
    .boolean()
    .describe('Something came too late and is being worked out; in some seconds these figures may be others'),
  unheard: z
    .object({ machines: z.number().int(), seconds: z.number() })
    .describe('Time of the range before machines were first heard of: it is in no figure'),
}

export type Trust = ReturnType<ReturnType<typeof watchTrust>>

/** A table of figures: its last column says of each row whether it is being worked out anew. */
export const trustedCsv = (
  columns: readonly string[],
  rows: Parameters<typeof csv>[1],
  { recomputing }: Trust,
): string =>
  csv(
    [...columns, 'recomputing'],
    rows.map(row => [...row, recomputing]),
  )

/** The same of objects: a column a key; what an object lacks is an empty field. */
export const trustedTable = (
  items: readonly Readonly<Record<string, string | number | boolean | null>>[],
  columns: readonly string[],
  trust: Trust,
): string =>
  trustedCsv(
    columns,
    items.map(item => columns.map(column => item[column] ?? null)),
    trust,
  )

/**
 * Watches an answer while it is made: what comes late meanwhile may be in a part of it alone. Call it first, and what it
 * returns last.
 */
export function watchTrust(
  kpis: Pick<KpiReader, 'isRecomputing' | 'unheard'>,
  machines: readonly string[],
  { from, to }: { readonly from: number; readonly to: number },
): () => { recomputing: boolean; unheard: { machines: number; seconds: number } } {
  const wasRecomputing = kpis.isRecomputing(machines, to)
  return () => {
    const { ms, ...unheard } = kpis.unheard(machines, from, to)
    return {
      recomputing: wasRecomputing || kpis.isRecomputing(machines, to),
      unheard: { ...unheard, seconds: ms / 1_000 },
    }
  }
}
