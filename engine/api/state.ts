import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type QualityName, qualityNames } from '../../schema/quality.js'
import { connections, levels } from '../../schema/sensor-state.js'
import type { Floor, RegisteredSignal } from '../floor/floor.js'
import { sensorAddress } from '../floor/twin-kinds.js'
import type { FloorAt, SampleAt } from '../store/state-at.js'
import type { ApiContext } from './context.js'
import { isoTime, jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { timeParameter } from './time-span.js'

const stateQuery = z.object({
  at: timeParameter.optional().describe('The instant; now by the floor’s clock unless given'),
})

const signalAt = z.object({
  id: z.string(),
  value: z
    .union([z.number(), z.string(), z.null()])
    .describe('Text signals have texts; null where the source had no value'),
  unit: z.string(),
  quality: z.enum(['good', 'uncertain', 'bad']),
  sourceTime: timeSchema.nullable().describe('When the source says the value was true; null = never heard'),
  receiveTime: timeSchema.nullable(),
  connection: z.enum(connections),
  level: z.enum(levels),
})

const machineAt = z.object({
  id: z.string(),
  state: z.string().describe('State (PackML); Undefined where nobody had told one yet'),
  mode: z.string(),
  reason: z.string().describe('blocked, starved or none'),
  sourceState: z.string().describe('The source’s own word'),
  observed: z.boolean().describe('False where it was inferred, as from a lost source'),
  since: timeSchema.nullable(),
  faults: z.array(
    z.object({
      pattern: z.string(),
      stage: z.string(),
      since: timeSchema.nullable(),
      severity: z.number(),
      progress: z.number(),
      estimated: z.boolean(),
    }),
  ),
  signals: z.array(signalAt),
})

const stateSchema = z
  .object({
    at: timeSchema,
    machines: z.array(machineAt).describe('All machines of the plant, in its order'),
  })
  .openapi('FloorState')

/** `/api/v1/state?at=`: the whole floor at an instant. */
export function addStateRoute(router: OpenAPIHono, { floor, store }: ApiContext): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/state',
      summary: 'The whole floor at an instant: machines, signals, faults, as far as is known of it today',
      request: { query: stateQuery },
      responses: {
        200: jsonAnswer(stateSchema, 'The floor'),
        422: problemAnswer('The instant cannot be used'),
      },
    }),
    async c => {
      const { at } = c.req.valid('query')
      const time = at === undefined ? Math.floor(floor.clock.now()) : Date.parse(at)
      const { machines, signals } = floor.registry
      const found = new FoundFloor(
        floor,
        await store.floorAt(
          time,
          signals.map(({ index }) => index),
        ),
      )
      const items = machines.map(({ machine, signals: own }) => ({
        ...found.machine(machine.id),
        signals: own.map(signal => found.signal(signal)),
      }))
      return c.json({ at: new Date(time).toISOString(), machines: items }, 200)
    },
  )
}

/** What the store found, by what it is of. */
class FoundFloor {
  readonly #samples: ReadonlyMap<number, SampleAt>
  readonly #machines: ReadonlyMap<string, FloorAt['machines'][number]>
  readonly #twins: ReadonlyMap<string, string>
  readonly #faults: ReadonlyMap<string, FloorAt['faults']>

  readonly #floor: Floor

  constructor(floor: Floor, { samples, machines, twins, faults }: FloorAt) {
    this.#floor = floor
    this.#samples = new Map(samples.map(sample => [sample.signal, sample]))
    this.#machines = new Map(machines.map(machine => [machine.machine, machine]))
    this.#twins = new Map(twins.map(({ address, type, to }) => [`${address} ${type}`, to]))
    const byMachine = new Map<string, FloorAt['faults'][number][]>()
    for (const fault of faults) byMachine.set(fault.machine, [...(byMachine.get(fault.machine) ?? []), fault])
    this.#faults = byMachine
  }

  machine(id: string): Omit<z.infer<typeof machineAt>, 'signals'> {
    const told = this.#machines.get(id)
    const faults = (this.#faults.get(id) ?? []).map(({ machine: _, since, ...fault }) => ({
      ...fault,
      since: isoTime(since),
    }))
    if (told === undefined) {
      const unknown = { state: 'Undefined', mode: '', reason: 'none', sourceState: '', observed: false }
      return { id, ...unknown, since: null, faults }
    }
    const { machine: _, state, since, ...rest } = told
    return { id, ...rest, state: state === '' ? 'Undefined' : state, since: isoTime(since), faults }
  }

  signal({ index, signal }: RegisteredSignal): z.infer<typeof signalAt> {
    const sample = this.#samples.get(index)
    const address = sensorAddress(signal.id)
    const connection = this.#twins.get(`${address} connection.changed`)
    const level = this.#twins.get(`${address} level.changed`)
    return {
      id: signal.id,
      value: sample === undefined ? null : this.#valueOf(signal.type, sample.value),
      unit: signal.unit,
      quality: sample === undefined ? 'bad' : qualityOf(sample),
      sourceTime: sample === undefined ? null : isoTime(sample.sourceTime),
      receiveTime: sample === undefined ? null : isoTime(sample.receiveTime),
      connection: connections.find(each => each === connection) ?? (sample === undefined ? 'lost' : 'live'),
      level: levels.find(each => each === level) ?? 'normal',
    }
  }

  #valueOf(type: 'number' | 'text', value: number): number | string | null {
    if (!Number.isFinite(value)) return null
    return type === 'text' ? (this.#floor.text(value) ?? null) : value
  }
}

const qualityOf = ({ quality }: SampleAt): QualityName => qualityNames[quality] ?? 'bad'
