import type { FloorEvent } from '../../adapters/contract.js'
import type { Calibration, Maintenance } from '../../schema/maintenance.js'
import type { Entry } from '../../schema/records.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import type { TurnRow } from '../../schema/tables/turns.js'
import type { SourceTwinEvent } from '../../twins/source/source.events.js'
import type { Past } from './evidence-watch.js'
import type { LiveFloor } from './live-floor.js'

/** What a floor can be told beside samples, by the kind of the turn; what of it is on record. */
export interface Told {
  rejects: undefined
  connected: undefined
  alive: undefined
  interrupted: { readonly reason: string }
  stale: { readonly signals: readonly number[]; readonly since?: number }
  damage: Extract<FloorEvent, { kind: 'damage' }>['reports']
  runs: Extract<FloorEvent, { kind: 'runs' }>['runs']
  link: SourceTwinEvent
  lost: undefined
  tick: undefined
  wake: number
  maintain: Maintenance
  withdraw: Maintenance
  resume: { readonly works: readonly Maintenance[]; readonly lastAlive: number }
  calibrate: Calibration
  past: { readonly past: Past; readonly values: readonly (readonly [signal: number, value: number])[] }
}

/** Of a batch: what the source said of the quality of samples that are on record as bad, by their place. */
export type RawQualities = readonly (readonly [place: number, quality: number])[]

/** The qualities of a batch that nobody believed; undefined where all were. */
export function rawQualities(arrived: SampleBatch, believed: SampleBatch): RawQualities | undefined {
  if (arrived === believed) return undefined
  const raw: (readonly [number, number])[] = []
  for (let i = 0; i < arrived.count; i++) {
    if (arrived.quality[i] !== believed.quality[i]) raw.push([i, arrived.quality[i]!])
  }
  return raw
}

/** A turn as it is on record; `batch`: its samples, where it came with any. */
export type RecordedTurn = Pick<TurnRow, 'ts' | 'source' | 'kind' | 'payload'> & {
  readonly batch?: SampleBatch
}

/** Tells a floor again what one was told before. Throws RangeError for a kind of turn that this version does not know. */
export function tellAgain(floor: LiveFloor, turn: RecordedTurn): Entry | undefined {
  const { source, kind, payload, batch } = turn
  const said = payload === '' ? undefined : JSON.parse(payload)
  switch (kind) {
    case 'samples':
    case 'history':
      return floor.ingest(source, {
        kind: 'samples',
        batch: asSaid(batch!, said),
        ...(kind === 'history' && { isHistory: true }),
      })
    case 'rejects':
      return floor.ingest(source, { kind, rejects: [] })
    case 'connected':
    case 'alive':
      return floor.ingest(source, { kind })
    case 'interrupted':
    case 'stale':
      return floor.ingest(source, { kind, ...said })
    case 'damage':
      return floor.ingest(source, { kind, reports: said })
    case 'runs':
      return floor.ingest(source, { kind, runs: said })
    case 'link':
      return floor.tellSource(source, said)
    case 'lost':
      return floor.sourceLost(source)
    case 'tick':
      return floor.tick()
    case 'wake':
      return floor.wake(said)
    case 'maintain':
      return floor.maintain(said)
    case 'withdraw':
      return floor.withdraw(said)
    case 'rest':
      floor.awaitRest({ id: said })
      return undefined
    case 'resume':
      return floor.resumeMaintenance(said.works, said.lastAlive)
    case 'calibrate':
      return floor.calibrate(said)
    case 'past':
      return floor.learnPast(said.past, new Map(said.values))
    default:
      throw new RangeError(`A turn of the kind '${kind}' is not known to this version of Gemba.`)
  }
}

function asSaid(batch: SampleBatch, raw: RawQualities | undefined): SampleBatch {
  if (raw === undefined) return batch
  const quality = batch.quality.slice()
  for (const [place, said] of raw) quality[place] = said
  return { ...batch, quality }
}
