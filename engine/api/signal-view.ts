import { z } from '@hono/zod-openapi'
import { type QualityName, qualityNames } from '../../schema/quality.js'
import { connectionOf, connections, levelOf, levels } from '../../schema/sensor-state.js'
import type { Floor, RegisteredSignal } from '../floor/floor.js'
import { isoTime, timeSchema } from './router.js'

const limit = z.number().optional()

/** A signal with its latest value, as REST shows it. */
export const signalSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(['sensor', 'status']),
    quantity: z.string(),
    unit: z.string().describe('Empty where there is none'),
    value: z
      .union([z.number(), z.string(), z.null()])
      .describe('Text signals have texts; null where the source has no value'),
    quality: z.enum(['good', 'uncertain', 'bad']),
    sourceTime: timeSchema.nullable().describe('When the source says the value was true; null = never heard'),
    receiveTime: timeSchema.nullable().describe('When it reached us, by the floor’s clock'),
    connection: z.enum(connections),
    level: z.enum(levels),
    limits: z.object({
      warningHigh: limit,
      criticalHigh: limit,
      warningLow: limit,
      criticalLow: limit,
      deadband: limit,
    }),
  })
  .openapi('Signal')
export type SignalView = z.infer<typeof signalSchema>

export function viewSignal(floor: Floor, { index, signal }: RegisteredSignal): SignalView {
  const { signals } = floor
  const status = signals.status[index]!
  return {
    id: signal.id,
    name: signal.name,
    role: signal.role,
    quantity: signal.quantity,
    unit: signal.unit,
    value: viewValue(floor, signal.type, signals.value[index]!),
    quality: viewQuality(signals.quality[index]!),
    sourceTime: isoTime(signals.sourceTime[index]!),
    receiveTime: isoTime(signals.receiveTime[index]!),
    connection: connectionOf(status),
    level: levelOf(status),
    limits: signal.limits,
  }
}

/** A number that is one, a text by its code, else null. */
function viewValue(floor: Floor, type: 'number' | 'text', value: number): number | string | null {
  if (!Number.isFinite(value)) return null
  return type === 'text' ? (floor.text(value) ?? null) : value
}

const viewQuality = (quality: number): QualityName => qualityNames[quality] ?? 'bad'
