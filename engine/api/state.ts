import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { categoryOf, downtimeCategories } from '../../schema/downtime-reasons.js'
import type { Signal } from '../../schema/plant.js'
import { type QualityName, qualityNames } from '../../schema/quality.js'
import { type Connection, connectionOf, connections, levels } from '../../schema/sensor-state.js'
import { type SourceState, sourceStates } from '../../schema/source-state.js'
import { stopKinds } from '../../workers/kpi/stops.js'
import type { Floor, RegisteredMachine, RegisteredSignal } from '../floor/floor.js'
import { silenceOf } from '../floor/signal-silence.js'
import { sensorAddress, sourceAddress } from '../floor/twin-kinds.js'
import { unknownState } from '../floor/unknown-state.js'
import type { MachineStop } from '../kpi/stop-rows.js'
import type { FloorAt, SampleAt } from '../store/state-at.js'
import { ApiError } from './api-error.js'
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
  connection: z
    .enum(connections)
    .describe(
      'How it stood then: not live where nothing was heard for three periods, not even that its source is alive, or came only after the instant from a source without a link',
    ),
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

const alarmAt = z.object({
  machine: z.string(),
  signal: z.string(),
  level: z.enum(levels),
  since: timeSchema.nullable().describe('When it reached this level'),
})

const stopAt = z.object({
  machine: z.string(),
  since: timeSchema.nullable(),
  kind: z.enum(stopKinds).describe('What it counts as'),
  reason: z.string().nullable().describe('category/code, as it is known today; null = unqualified'),
  category: z.enum(downtimeCategories).nullable(),
})

const linkAt = z.object({
  source: z.string(),
  state: z.enum(sourceStates).describe('How the link to it stood'),
  since: timeSchema.nullable().describe('null = since the engine was started'),
})

const stateSchema = z
  .object({
    at: timeSchema,
    plant: z.string().describe('Name of the plant, as it was then'),
    sources: z.array(linkAt),
    alarms: z.array(alarmAt).describe('Signals beyond a limit, the newest first'),
    stops: z.array(stopAt).describe('Stops that went on at that instant, the newest first'),
    machines: z.array(machineAt).describe('All machines of the plant of then, in its order'),
  })
  .openapi('FloorState')

/** `/api/v1/state?at=`: the whole floor at an instant. */
export function addStateRoute(router: OpenAPIHono, { floor, store, kpis, plants }: ApiContext): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/state',
      summary:
        'The whole floor at an instant: machines, signals, faults, alarms, stops and links, as far as is known of it today',
      request: { query: stateQuery },
      responses: {
        200: jsonAnswer(stateSchema, 'The floor'),
        422: problemAnswer('The instant cannot be used, or lies in the future'),
      },
    }),
    async c => {
      const { at } = c.req.valid('query')
      const now = Math.floor(floor.clock.now())
      const time = at === undefined ? now : Date.parse(at)
      if (time > now) {
        const message = `${at} lies in the future: on this floor it is ${new Date(now).toISOString()}`
        throw new ApiError(422, `${message}.`, { errors: [{ path: 'query.at', message }] })
      }
      const { plant, registry } = (await plants?.at(time)) ?? floor
      const { machines, signals } = registry
      const ids = machines.map(({ machine }) => machine.id)
      const [stored, stops] = await Promise.all([
        store.floorAt(
          time,
          signals.map(({ index }) => index),
          ids,
        ),
        kpis?.stops(ids, time, time + 1) ?? [],
      ])
      const found = new FoundFloor(floor, stored, time, at === undefined)
      const items = machines.map(({ machine, signals: own }) => ({
        ...found.machine(machine.id),
        signals: own.map(signal => found.signal(signal)),
      }))
      const body = {
        at: new Date(time).toISOString(),
        plant: plant.name,
        sources: plant.sources.map(({ id }) => found.link(id)),
        alarms: newestFirst(machines.flatMap(machine => found.alarms(machine))),
        stops: newestFirst(stops.map(viewStop)),
        machines: items,
      }
      return c.json(body, 200)
    },
  )
}

const newestFirst = <T extends { readonly since: string | null }>(items: readonly T[]): T[] =>
  items.toSorted((a, b) => ((a.since ?? '') < (b.since ?? '') ? 1 : -1))

function viewStop({ machine, from, kind, reason }: MachineStop): z.infer<typeof stopAt> {
  const category = categoryOf(reason) ?? null
  return { machine, since: isoTime(from), kind, reason: reason || null, category }
}

/** A floor looks for the silent four times a second; one that was busy tells later. */
const toldWithinMs = 1_000

/** A source of these tells nothing. */
const unlinked: ReadonlySet<SourceState> = new Set(['stopped', 'connecting', 'waiting', 'ended'])

/** What the store found, by what it is of. */
class FoundFloor {
  readonly #samples: ReadonlyMap<number, SampleAt>
  readonly #machines: ReadonlyMap<string, FloorAt['machines'][number]>
  readonly #twins: ReadonlyMap<string, FloorAt['twins'][number]>
  readonly #started: number
  readonly #faults: ReadonlyMap<string, FloorAt['faults']>
  readonly #confirmed: ReadonlyMap<string, number>

  readonly #floor: Floor
  readonly #at: number
  readonly #isPresent: boolean

  constructor(
    floor: Floor,
    { started, samples, machines, twins, faults, confirmed }: FloorAt,
    at: number,
    isPresent: boolean,
  ) {
    this.#isPresent = isPresent
    this.#at = at
    this.#started = started
    this.#floor = floor
    this.#samples = new Map(samples.map(sample => [sample.signal, sample]))
    this.#machines = new Map(machines.map(machine => [machine.machine, machine]))
    this.#twins = new Map(twins.map(twin => [`${twin.address} ${twin.type}`, twin]))
    const byMachine = new Map<string, FloorAt['faults'][number][]>()
    for (const fault of faults) byMachine.set(fault.machine, [...(byMachine.get(fault.machine) ?? []), fault])
    this.#faults = byMachine
    this.#confirmed = new Map(confirmed.map(({ source, time }) => [source, time]))
  }

  machine(id: string): Omit<z.infer<typeof machineAt>, 'signals'> {
    const told = this.#machines.get(id)
    const faults = (this.#faults.get(id) ?? []).map(({ machine: _, since, ...fault }) => ({
      ...fault,
      since: isoTime(since),
    }))
    if (told === undefined) return { id, ...unknownState, since: null, faults }
    const { machine: _, state, since, ...rest } = told
    return { id, ...rest, state: state === '' ? 'Undefined' : state, since: isoTime(since), faults }
  }

  signal({ index, signal }: RegisteredSignal): z.infer<typeof signalAt> {
    const sample = this.#samples.get(index)
    const address = sensorAddress(signal.id)
    const told = this.#twins.get(`${address} connection.changed`)
    // Until it is heard after a start, nobody knows of it.
    const isHeard = told === undefined ? sample !== undefined : told.seq >= this.#started
    const connection = isHeard ? this.#connection(signal, sample, told?.to) : 'lost'
    const level = this.#twins.get(`${address} level.changed`)?.to
    return {
      id: signal.id,
      value: sample === undefined ? null : this.#valueOf(signal.type, sample.value),
      unit: signal.unit,
      quality: sample === undefined ? 'bad' : qualityOf(sample),
      sourceTime: sample === undefined ? null : isoTime(sample.sourceTime),
      receiveTime: sample === undefined ? null : isoTime(sample.receiveTime),
      connection,
      level: levels.find(each => each === level) ?? 'normal',
    }
  }

  /** What its twin had told then. Nobody told of silence while the engine was down, or of what came only later. */
  #connection(signal: Signal, sample: SampleAt | undefined, told: string | undefined): Connection {
    const connection = connections.find(each => each === told) ?? 'live'
    if (connection !== 'live' || sample === undefined) return connection
    const cameLater = sample.receiveTime > this.#at
    if (cameLater && unlinked.has(this.link(signal.source).state)) return 'lost'
    const toldAt = cameLater ? sample.sourceTime : sample.receiveTime
    const heardAt = Math.max(toldAt, this.#confirmed.get(signal.source) ?? toldAt)
    if (this.#at - heardAt <= silenceOf(signal) + toldWithinMs) return 'live'
    return this.#isPresent && this.#isLiveNow(signal) ? 'live' : 'stale'
  }

  /** What its source confirmed a moment ago is on record only with what comes next. */
  #isLiveNow({ id }: Signal): boolean {
    const { registry, signals } = this.#floor
    const index = registry.signalById(id)?.index
    return index !== undefined && connectionOf(signals.status[index]!) === 'live'
  }

  /** Of a machine's signals those that were beyond a limit. */
  alarms({ machine, signals }: RegisteredMachine): z.infer<typeof alarmAt>[] {
    return signals.flatMap(({ signal }) => {
      const told = this.#twins.get(`${sensorAddress(signal.id)} level.changed`)
      const level = levels.find(each => each === told?.to) ?? 'normal'
      if (told === undefined || level === 'normal') return []
      return [{ machine: machine.id, signal: signal.id, level, since: isoTime(told.time) }]
    })
  }

  link(source: string): z.infer<typeof linkAt> {
    const told = this.#twins.get(`${sourceAddress(source)} link.changed`)
    const state = sourceStates.find(each => each === told?.to)
    if (told === undefined || state === undefined || told.seq < this.#started)
      return { source, state: sourceStates[0], since: null }
    return { source, state, since: isoTime(told.time) }
  }

  #valueOf(type: 'number' | 'text', value: number): number | string | null {
    if (!Number.isFinite(value)) return null
    return type === 'text' ? (this.#floor.text(value) ?? null) : value
  }
}

const qualityOf = ({ quality }: SampleAt): QualityName => qualityNames[quality] ?? 'bad'
