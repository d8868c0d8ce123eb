import { join } from 'node:path'
import type { Logger } from 'pino'
import { type Observable, Subject, Subscription, timer } from 'rxjs'
import {
  type AdapterDefinition,
  AdapterError,
  type IndexedSignal,
  type SourcePast,
} from '../../adapters/contract.js'
import type { Clock } from '../../schema/clock.js'
import type { SourceSpec } from '../../schema/plant.js'
import type { SimulationCommand } from '../../schema/simulation-command.js'
import { EngineError } from '../errors.js'
import type { LiveFloor } from '../floor/live-floor.js'
import type { Inbox } from './inbox.js'
import type { Intake } from './intake.js'
import { secretReader } from './read-secret.js'
import { SilenceWatch, silenceOf } from './silence.js'
import { type RetryPolicy, type SourceSignal, sourceEvents } from './source-events.js'
import { FileMemory } from './source-memory.js'
import type { SourceTime } from './source-time.js'

/** Reasons of one outage that the log is told. */
const mostReasons = 8
/** Most samples of a source that may be on their way to the spool. */
const acceptWindow = 20_000
/**
 * Sources begin one after the other, so that neither the first values of all come at once nor the polls of all fall on
 * the same moment for ever; on a machine with time to spare all have begun after the spread, ms.
 */
const beginApartMs = 10
const longestSpreadMs = 1_000
/** The first values of a source cost more than all that follow; what they hold up is waited out, so long at most, ms. */
const longestCalmMs = 500

export interface SourcesParts {
  readonly floor: LiveFloor
  readonly intake: Intake
  readonly adapters: readonly AdapterDefinition[]
  readonly wall: Clock
  readonly logger: Logger
  readonly retry: RetryPolicy
  /** Where a kind of adapter keeps files of its own. */
  folder(kind: string): string
  /** What this installation is called; see AdapterContext. */
  readonly installation: string
  /** What people want of the machines of a simulation. */
  commands?(source: string): Observable<SimulationCommand> | undefined
  /** What is posted to sources. */
  readonly inbox?: Inbox
  /** Resolves when all that is accepted by now is on the disk. */
  commit?(): Promise<void>
  /** When the floor last ran before this start, Unix ms UTC; undefined at the first. */
  readonly lastAlive?: number | undefined
}

interface RunningSource {
  readonly spec: SourceSpec
  readonly silence: SilenceWatch
  readonly givenUp: Subject<AdapterError>
  readonly memory: FileMemory
  /** Why the source is away, as the log has it since it was there last: each reason once, figures aside. */
  readonly reported: Set<string>
}

/** All sources of the plant: runs their adapters, hands what they say to the intake, watches their silence. */
export class Sources {
  readonly #parts: SourcesParts
  readonly #running: RunningSource[] = []
  readonly #subscription = new Subscription()

  constructor(parts: SourcesParts) {
    this.#parts = parts
  }

  /** Throws EngineError where a source names an adapter that there is not. */
  start(): void {
    const { floor, intake, logger } = this.#parts
    const signals = new Map<string, IndexedSignal[]>()
    for (const registered of floor.registry.signals) {
      const { source } = registered.signal
      const ofSource = signals.get(source)
      if (ofSource === undefined) signals.set(source, [registered])
      else ofSource.push(registered)
    }
    const begin: (() => void)[] = []
    for (const spec of floor.plant.sources) {
      for (const warning of intake.health.get(spec.id)?.warnings ?? [])
        logger.warn({ source: spec.id }, `source ${spec.id}: ${warning}`)
      if (spec.enabled === false) {
        logger.info({ source: spec.id }, `source ${spec.id}: stopped in the plant file`)
        continue
      }
      const definition = this.#definitionOf(spec)
      intake.record(floor.tellSource(spec.id, { type: 'CONNECT', time: floor.clock.now() }))
      begin.push(() => this.#run(spec, definition, signals.get(spec.id) ?? []))
    }
    this.#beginInTurn(begin, Math.min(beginApartMs, longestSpreadMs / begin.length))
  }

  /**
   * A timer that comes late tells how long the engine was busy: the next source waits as long again, so that those which
   * run have their turn. Were all begun by the clock alone, a busy machine would take the first values of all in one go,
   * and polls would be due meanwhile.
   */
  #beginInTurn([begin, ...others]: readonly (() => void)[], apartMs: number): void {
    if (begin === undefined) return
    const { wall } = this.#parts
    const began = wall.now()
    begin()
    const next = (): void => this.#beginInTurn(others, apartMs)
    const look = (): void => {
      const lateMs = wall.now() - began - apartMs
      if (lateMs < apartMs) next()
      else this.#subscription.add(timer(Math.min(lateMs, longestCalmMs)).subscribe(next))
    }
    if (others.length > 0) this.#subscription.add(timer(apartMs).subscribe(look))
  }

  /** A few times a second: looks whether any source has fallen silent. */
  tick(): void {
    const { floor, intake, wall } = this.#parts
    const now = wall.now()
    for (const { spec, silence, givenUp } of this.#running) {
      const isHeldBack = (intake.health.get(spec.id)?.waiting ?? 0) > 0
      const verdict = silence.look(now, isHeldBack)
      if (verdict.kind === 'fine') continue
      const { reason } = verdict
      if (verdict.kind === 'silent') {
        if (intake.health.get(spec.id)?.state === 'connected')
          intake.record(floor.tellSource(spec.id, { type: 'SILENT', reason, time: floor.clock.now() }))
      } else givenUp.next(new AdapterError('not-connected', `${reason} Connecting anew.`))
    }
  }

  stop(): void {
    const { floor, intake } = this.#parts
    this.#subscription.unsubscribe()
    for (const { spec, memory } of this.#running) {
      memory.close()
      intake.record(floor.tellSource(spec.id, { type: 'STOP', time: floor.clock.now() }))
    }
    this.#running.length = 0
  }

  #definitionOf(spec: SourceSpec): AdapterDefinition {
    const definition = this.#parts.adapters.find(({ kind }) => kind === spec.adapter)
    if (definition !== undefined) return definition
    const message = `Source ${spec.id} names the adapter "${spec.adapter}", which there is not.`
    throw new EngineError('bad-plant', message)
  }

  #run(spec: SourceSpec, definition: AdapterDefinition, signals: readonly IndexedSignal[]): void {
    const { floor, wall, intake, retry, folder, installation, commit } = this.#parts
    const health = intake.health.get(spec.id)!
    const ownFolder = folder(definition.kind)
    const memory = new FileMemory(join(ownFolder, `${encodeURIComponent(spec.id)}.json`), wall, commit)
    const context = {
      source: spec.id,
      clock: floor.clock,
      wall,
      plant: floor.plant,
      signals,
      intern: (text: string) => floor.intern(text),
      installation,
      folder: ownFolder,
      memory,
      readSecret: secretReader(process.env),
      received: (bytes: number) => {
        health.bytes += bytes
      },
      window: acceptWindow,
      posts: this.#parts.inbox?.posts(spec.id),
      ...(commit !== undefined && { onDisk: commit }),
      ...((spec.time ?? 'source') === 'source' && { past: this.#pastOf(health.time) }),
      ...(definition.isSimulation && { commands: this.#parts.commands?.(spec.id) }),
    }
    const periods = signals.map(({ signal }) => signal.period)
    const source: RunningSource = {
      spec,
      silence: new SilenceWatch(silenceOf(spec, periods, definition)),
      givenUp: new Subject(),
      memory,
      reported: new Set(),
    }
    this.#running.push(source)
    const options = definition.options.parse(spec.options)
    this.#subscription.add(
      sourceEvents(definition, options, context, retry, source.givenUp).subscribe(signal => {
        this.#follow(source, signal)
        intake.take(spec.id, signal)
      }),
    )
  }

  #pastOf(sourceTime: SourceTime): SourcePast {
    const { floor, lastAlive } = this.#parts
    return {
      newest(index) {
        const time = floor.signals.sourceTime[index]!
        return time > 0 ? time : lastAlive
      },
      ahead: index => sourceTime.ahead(index),
      missing: [],
    }
  }

  /** What the watch and the log make of a source's signal. */
  #follow(source: RunningSource, signal: SourceSignal): void {
    const { wall, logger } = this.#parts
    const { id } = source.spec
    switch (signal.kind) {
      case 'connecting':
        source.silence.connecting(wall.now())
        return
      case 'event':
        if (signal.event.kind === 'trouble') return
        if (signal.event.kind === 'interrupted') {
          // The adapter has its own patience: giving up would give away what the other side keeps for it.
          source.silence.off()
          this.#reportLoss(source, signal.event.reason)
          return
        }
        if (signal.event.kind !== 'connected') {
          source.silence.heard(wall.now())
          return
        }
        source.silence.connected(wall.now())
        source.reported.clear()
        logger.info({ source: id }, `source ${id}: connected`)
        return
      case 'lost': {
        source.silence.off()
        this.#reportLoss(source, signal.error instanceof Error ? signal.error.message : String(signal.error))
        return
      }
      case 'ended':
        source.silence.off()
    }
  }

  /**
   * Each reason once per outage: a source that is away for a night would fill the log; but a server that broke off, and
   * then has another certificate, has to be told so.
   */
  #reportLoss({ spec, reported }: RunningSource, why: string): void {
    const kind = why.replaceAll(/\d+/g, '#')
    if (reported.has(kind) || reported.size >= mostReasons) return
    reported.add(kind)
    const { id } = spec
    this.#parts.logger.warn({ source: id }, `source ${id}: ${why} Trying again until it answers.`)
  }
}
