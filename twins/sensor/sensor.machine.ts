import { assign, emit, enqueueActions, setup } from 'xstate'
import { Quality, type QualityName, qualityNames } from '../../schema/quality.js'
import {
  type Connection,
  type Level,
  levels,
  type SensorHealth,
  sensorHealths,
} from '../../schema/sensor-state.js'
import type { CompiledLimits } from './level.js'
import {
  believedQuality,
  followLevel,
  freshLevel,
  type LevelCourse,
  type LevelMemory,
  withoutDelays,
} from './level-memory.js'
import type { SensorEvent } from './sensor.events.js'

export type { SensorEvent } from './sensor.events.js'

/** Raise when the chart changes in a way that an older snapshot cannot be restored into. */
export const sensorDefinition = { id: 'sensor', version: 2 } as const

/** What other twins and the record get to know. */
export type SensorEmitted =
  | { readonly type: 'connection.changed'; readonly time: number; readonly to: Connection }
  | { readonly type: 'quality.changed'; readonly time: number; readonly to: QualityName }
  | { readonly type: 'level.changed'; readonly time: number; readonly to: Level; readonly value: number }
  | {
      readonly type: 'health.changed'
      readonly time: number
      readonly to: SensorHealth
      readonly score: number
    }
  | { readonly type: 'calibrated'; readonly time: number }

export interface SensorInput {
  readonly limits: CompiledLimits
}

export interface SensorContext extends SensorInput {
  readonly level: LevelMemory
  /** Source time of the newest sample that came here, Unix ms; 0 = none. */
  readonly sampledAt: number
  /** Of the estimator's last verdict, 0 to 100, and its time, Unix ms; 0 = none yet. */
  readonly score: number
  readonly judgedAt: number
  /** Time of the last calibration told, Unix ms; 0 = none. */
  readonly calibratedAt: number
}

/** What a sensor twin remembers when nothing has happened yet. */
export const freshSensor = {
  level: freshLevel,
  sampledAt: 0,
  score: 100,
  judgedAt: 0,
  calibratedAt: 0,
} as const

/**
 * A sensor twin: is it heard (connection), can it be believed (quality), what does it say (level), is the instrument
 * itself well (health). Four regions, because each can change alone: a stale sensor keeps its last level, a bad value
 * keeps it too.
 */
export const sensorMachine = setup({
  types: {
    context: {} as SensorContext,
    events: {} as SensorEvent,
    emitted: {} as SensorEmitted,
    input: {} as SensorInput,
  },
  guards: {
    hasQuality: ({ event }, params: { quality: QualityName }) =>
      event.type === 'SAMPLE' && believedQuality(event.value, event.quality) === Quality[params.quality],
    reachesLevel: ({ context, event }, params: { from: Level; to: Level }) =>
      courseOf(params.from, context, event)?.to === params.to,
    hasHealth: ({ event }, params: { health: SensorHealth }) =>
      event.type === 'HEALTH' && event.condition === params.health,
  },
  actions: {
    rememberSample: assign(({ event }) => (event.type === 'SAMPLE' ? { sampledAt: event.time } : {})),
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
    /** Says every move of the level, each with the time it was due, and remembers the delays that run now. */
    followLevel: enqueueActions(({ context, event, enqueue }, params: { from: Level }) => {
      const course = courseOf(params.from, context, event)
      if (course === undefined) return
      for (const step of course.steps) enqueue.emit({ type: 'level.changed', ...step })
      enqueue.assign({ level: course.memory })
    }),
    stopDelays: assign(({ context }) => ({ level: withoutDelays(context.level) })),
    /** The source may begin with another day: times told before say nothing of what it tells next. */
    forgetTimes: assign(({ context }) => ({
      sampledAt: 0,
      level: { ...freshLevel, value: context.level.value },
    })),
    rememberVerdict: assign(({ event }) =>
      event.type === 'HEALTH' ? { score: event.score, judgedAt: event.time } : {},
    ),
    announceHealth: emit(({ context, event }, params: { to: SensorHealth }) => ({
      type: 'health.changed' as const,
      time: event.time,
      to: params.to,
      score: context.score,
    })),
    rememberCalibration: assign(({ event }) => ({ calibratedAt: event.time })),
    /** Of what calibration has mended nothing is left; what else costs points the estimator says anew. */
    forgetScore: assign({ score: freshSensor.score }),
    announceCalibration: emit(({ event }) => ({ type: 'calibrated' as const, time: event.time })),
  },
}).createMachine({
  id: 'sensor',
  context: ({ input }) => ({ limits: input.limits, ...freshSensor }),
  type: 'parallel',
  states: {
    connection: {
      initial: 'lost',
      states: {
        live: {
          on: {
            SAMPLE: { actions: 'rememberSample' },
            SILENT: becomes('stale'),
            SOURCE_LOST: becomes('lost'),
          },
        },
        stale: { on: { SAMPLE: becomesLive(), SOURCE_LOST: becomes('lost') } },
        lost: { on: { SAMPLE: becomesLive(), SOURCE_FOUND: becomes('stale') } },
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
        normal: { on: measured('normal') },
        'warning-high': { on: measured('warning-high') },
        'critical-high': { on: measured('critical-high') },
        'warning-low': { on: measured('warning-low') },
        'critical-low': { on: measured('critical-low') },
      },
      on: {
        // What nobody hears is neither beyond a limit nor back: the delays begin anew with the next good value.
        SILENT: { actions: 'stopDelays' },
        SOURCE_LOST: { actions: 'stopDelays' },
        SOURCE_FOUND: { actions: 'forgetTimes' },
      },
    },
    health: {
      initial: 'ok',
      states: {
        ok: { on: { HEALTH: diagnosed('ok') } },
        drifting: { on: { HEALTH: diagnosed('drifting'), CALIBRATED: cured() } },
        stuck: { on: { HEALTH: diagnosed('stuck') } },
        noisy: { on: { HEALTH: diagnosed('noisy') } },
        'out-of-range': { on: { HEALTH: diagnosed('out-of-range') } },
        'calibration-due': { on: { HEALTH: diagnosed('calibration-due'), CALIBRATED: cured() } },
      },
      on: { CALIBRATED: { actions: ['rememberCalibration', 'announceCalibration'] } },
    },
  },
})

/** Where the level goes by this event; undefined where the event says nothing of it. */
function courseOf(from: Level, context: SensorContext, event: SensorEvent): LevelCourse | undefined {
  return event.type === 'SAMPLE' || event.type === 'TICK'
    ? followLevel(from, context.level, event, context.limits)
    : undefined
}

/** To another connection state, and say so. */
function becomes<To extends Connection>(to: To) {
  return { target: to, actions: { type: 'announceConnection' as const, params: { to } } }
}

function becomesLive() {
  const announce = { type: 'announceConnection' as const, params: { to: 'live' as const } }
  return { target: 'live' as const, actions: ['rememberSample' as const, announce] }
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

/** From one level to each of the others, by a value or by a delay that has passed. */
function measured(from: Level) {
  const follow = { type: 'followLevel' as const, params: { from } }
  const moves = levels
    .filter(to => to !== from)
    .map(to => ({
      guard: { type: 'reachesLevel' as const, params: { from, to } },
      target: to,
      actions: follow,
    }))
  // A value may begin or end a delay without moving the level; time alone may not.
  return { SAMPLE: [...moves, { actions: follow }], TICK: moves }
}

/** From one verdict to each of the others; the same again only renews its score. */
function diagnosed(from: SensorHealth) {
  const moves = sensorHealths
    .filter(to => to !== from)
    .map(to => ({
      guard: { type: 'hasHealth' as const, params: { health: to } },
      target: to,
      actions: ['rememberVerdict' as const, { type: 'announceHealth' as const, params: { to } }],
    }))
  return [...moves, { actions: 'rememberVerdict' as const }]
}

/**
 * Calibration ends a drift, and the wait for it. A stuck, noisy or silent instrument is as it was, whatever it was
 * compared with.
 */
function cured() {
  const announce = { type: 'announceHealth' as const, params: { to: 'ok' as const } }
  return {
    target: 'ok' as const,
    actions: [
      'rememberCalibration' as const,
      'forgetScore' as const,
      'announceCalibration' as const,
      announce,
    ],
  }
}
