import { emit, setup } from 'xstate'
import { Quality, type QualityName, qualityNames } from '../../schema/quality.js'
import { type Connection, type Level, levels } from '../../schema/sensor-state.js'
import { type CompiledLimits, nextLevel } from './level.js'

/** Raise when the chart changes in a way that an older snapshot cannot be restored into. */
export const sensorDefinition = { id: 'sensor', version: 1 } as const

export type SensorEvent =
  /** A sample; `time` is its source time, Unix ms. A bad or missing value never moves the level. */
  | { readonly type: 'SAMPLE'; readonly value: number; readonly quality: Quality; readonly time: number }
  /** Three periods have passed without a sample. */
  | { readonly type: 'SILENT'; readonly time: number }
  /** The link to the source is gone. */
  | { readonly type: 'SOURCE_LOST'; readonly time: number }
  /** The link stands again; what the sensor reads is not known until it says so. */
  | { readonly type: 'SOURCE_FOUND'; readonly time: number }

/** What other twins and the record get to know. */
export type SensorEmitted =
  | { readonly type: 'connection.changed'; readonly time: number; readonly to: Connection }
  | { readonly type: 'quality.changed'; readonly time: number; readonly to: QualityName }
  | { readonly type: 'level.changed'; readonly time: number; readonly to: Level; readonly value: number }

export interface SensorInput {
  readonly limits: CompiledLimits
}

/**
 * A sensor twin: is it heard (connection), can it be believed (quality), what does it say (level). Three regions,
 * because each can change alone: a stale sensor keeps its last level, a bad value keeps it too.
 */
export const sensorMachine = setup({
  types: {
    context: {} as SensorInput,
    events: {} as SensorEvent,
    emitted: {} as SensorEmitted,
    input: {} as SensorInput,
  },
  guards: {
    hasQuality: ({ event }, params: { quality: QualityName }) =>
      event.type === 'SAMPLE' && event.quality === Quality[params.quality],
    reachesLevel: ({ context, event }, params: { from: Level; to: Level }) =>
      event.type === 'SAMPLE' &&
      event.quality !== Quality.bad &&
      !Number.isNaN(event.value) &&
      nextLevel(params.from, event.value, context.limits) === params.to,
  },
  actions: {
    announceConnection: emit(({ event }, params: { to: Connection }) => ({
      type: 'connection.changed' as const,
      time: event.time,
      to: params.to,
    })),
    announceQuality: emit(({ event }, params: { to: QualityName }) => ({
      type: 'quality.changed' as const,
      time: event.time,
      to: params.to,
    })),
    announceLevel: emit(({ event }, params: { to: Level }) => ({
      type: 'level.changed' as const,
      time: event.time,
      to: params.to,
      value: event.type === 'SAMPLE' ? event.value : Number.NaN,
    })),
  },
}).createMachine({
  id: 'sensor',
  context: ({ input }) => ({ limits: input.limits }),
  type: 'parallel',
  states: {
    connection: {
      initial: 'lost',
      states: {
        live: { on: { SILENT: becomes('stale'), SOURCE_LOST: becomes('lost') } },
        stale: { on: { SAMPLE: becomes('live'), SOURCE_LOST: becomes('lost') } },
        lost: { on: { SAMPLE: becomes('live'), SOURCE_FOUND: becomes('stale') } },
      },
    },
    quality: {
      initial: 'bad',
      states: {
        good: { on: { SAMPLE: judged('good') } },
        uncertain: { on: { SAMPLE: judged('uncertain') } },
        bad: { on: { SAMPLE: judged('bad') } },
      },
    },
    level: {
      initial: 'normal',
      states: {
        normal: { on: { SAMPLE: measured('normal') } },
        'warning-high': { on: { SAMPLE: measured('warning-high') } },
        'critical-high': { on: { SAMPLE: measured('critical-high') } },
        'warning-low': { on: { SAMPLE: measured('warning-low') } },
        'critical-low': { on: { SAMPLE: measured('critical-low') } },
      },
    },
  },
})

/** To another connection state, and say so. */
function becomes<To extends Connection>(to: To) {
  return { target: to, actions: { type: 'announceConnection' as const, params: { to } } }
}

/** From one quality to each of the others. */
function judged(from: QualityName) {
  return qualityNames
    .filter(to => to !== from)
    .map(to => ({
      guard: { type: 'hasQuality' as const, params: { quality: to } },
      target: to,
      actions: { type: 'announceQuality' as const, params: { to } },
    }))
}

/** From one level to each of the others. */
function measured(from: Level) {
  return levels
    .filter(to => to !== from)
    .map(to => ({
      guard: { type: 'reachesLevel' as const, params: { from, to } },
      target: to,
      actions: { type: 'announceLevel' as const, params: { to } },
    }))
}
