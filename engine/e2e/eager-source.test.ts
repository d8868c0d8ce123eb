import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { concat, NEVER, of } from 'rxjs'
import { expect, it } from 'vitest'
import { z } from 'zod'
import type { AdapterDefinition, SourceEvent } from '../../adapters/contract.js'
import { configSchema } from '../../schema/config.js'
import { Quality } from '../../schema/quality.js'
import { referencePlant } from '../../schema/reference-plant/reference-plant.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { startEngine } from '../engine.js'
import { root } from './process.js'

const samples = 100

/** Brings its samples in the very moment in which it is asked. */
const eager: AdapterDefinition = {
  kind: 'eager',
  summary: 'Samples at once.',
  options: z.object({}),
  examples: [],
  create(_, { signals, clock }) {
    const builder = new SampleBatchBuilder(samples)
    const sensors = signals.filter(({ signal }) => signal.role === 'sensor' && signal.type === 'number')
    for (const { index } of sensors.slice(0, samples))
      builder.push(index, clock.now(), clock.now(), 20, Quality.good)
    return concat(of<SourceEvent[]>({ kind: 'connected' }, { kind: 'samples', batch: builder.take() }), NEVER)
  },
}

it('takes what a source brings while the engine still starts once, and at once', async () => {
  const data = mkdtempSync(join(tmpdir(), 'gemba-eager-'))
  const plant = referencePlant({ scale: 1 })
  const [source] = plant.sources
  const engine = await startEngine({
    config: configSchema.parse({ data, port: 0 }),
    plant: { ...plant, sources: [{ ...source!, adapter: 'eager', options: {} }] },
    logger: pino({ level: 'silent' }),
    viewer: join(root, 'dist/viz'),
    adapters: [eager],
  })
  try {
    expect(engine.intake.isBlocked).toBe(false)
    await expect.poll(() => engine.intake.health.get(source!.id)?.accepted).toBe(samples)
    await engine.store.flush()
    const [row] = await engine.store.query('SELECT count() AS stored FROM gemba.telemetry')
    expect(row).toEqual({ stored: samples })
  } finally {
    await engine.stop()
    rmSync(data, { recursive: true, force: true })
  }
})
