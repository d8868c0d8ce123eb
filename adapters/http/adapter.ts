import { asyncScheduler, Observable, type SchedulerLike, type Subscriber } from 'rxjs'
import { type AdapterContext, type AdapterDefinition, AdapterError, type SourceEvent } from '../contract.js'
import { PollSchedule } from '../poll-schedule.js'
import { explainSocketError } from '../socket-error.js'
import { tlsLink } from '../tls.js'
import { AnswerDecoder, type DecodedAnswer } from './codec.js'
import { type HttpOptions, httpOptions, type RequestEntry } from './config.js'
import { headersOf } from './headers.js'
import { type Answer, GetClient } from './request.js'
import { retryAfterMs } from './retry-after.js'
import { Standstill } from './standstill.js'

/** Asks a REST service again and again. All it can send is GET. */
export const http: AdapterDefinition<HttpOptions> = {
  kind: 'http',
  summary: 'REST services that are asked again and again: JSON, with a mapping of its values to tags',
  options: httpOptions,
  examples: [
    {
      title: 'A machine that answers with one document',
      options: {
        url: 'http://192.0.2.40/status',
        requests: [
          {
            time: '$.at',
            values: { temperature: '$.oil.temperature', pressure: { value: '$.psi', unit: 'psi' } },
          },
        ],
      },
    },
    {
      title: 'A gateway with a list of named values, behind a token, every ten seconds',
      options: {
        url: 'https://gateway.example/api',
        bearer: { env: 'GATEWAY_TOKEN' },
        pollMs: 10_000,
        requests: [{ path: '/values', list: '$.readings', name: '$.id', value: '$.v' }],
      },
    },
  ],
  probe: options => options,
  create: (options, context) =>
    new Observable(subscriber => {
      const poller = new Poller(options, context, subscriber)
      return () => poller.close()
    }),
}

interface PolledRequest {
  readonly url: URL
  readonly decoder: AnswerDecoder
  readonly periodMs: number
  /** When each reject was last due, by its reason: an answer that cannot be read is no better at the next poll. */
  readonly told: Map<string, number>
  readonly standstill: Standstill
  /** Failures of its own in a row, whatever the other requests do. */
  failures: number
  /** It was told that this one is not answered as it should be. */
  isInTrouble: boolean
}

/** What was all right for so long, and for three polls, is told anew when it comes again; sooner it is counted. */
const tellAgainMs = 60_000

/** Asks one service, from subscribing to unsubscribing; one request under way at a time. */
class Poller {
  readonly #options: HttpOptions
  readonly #context: AdapterContext
  readonly #subscriber: Subscriber<SourceEvent>
  readonly #scheduler: SchedulerLike
  readonly #client: GetClient
  readonly #schedule: PollSchedule<PolledRequest>
  readonly #requests: readonly PolledRequest[]
  #isConnected = false
  #failures = 0
  #emitted = 0
  #accepted = 0

  constructor(options: HttpOptions, context: AdapterContext, subscriber: Subscriber<SourceEvent>) {
    this.#options = options
    this.#context = context
    this.#subscriber = subscriber
    this.#scheduler = context.scheduler ?? asyncScheduler
    const { maxLength, tls } = options
    const link = tls === undefined ? undefined : tlsLink(tls, context)
    this.#client = new GetClient(
      { headers: headersOf(options, place => context.readSecret(place)), tls: link, maxLength },
      bytes => context.received(bytes),
    )
    const groups = groupsOf(options, context)
    this.#requests = groups.flatMap(({ parts }) => parts)
    this.#schedule = new PollSchedule(groups, this.#scheduler, {
      read: request => void this.#ask(request),
      missed: polls => subscriber.next({ kind: 'missed', polls }),
    })
    subscriber.add(
      context.accepted.subscribe(count => {
        this.#accepted = count
        this.#pace()
      }),
    )
    this.#schedule.start()
  }

  close(): void {
    this.#schedule.stop()
    this.#client.close()
  }

  async #ask(request: PolledRequest): Promise<void> {
    const { timeoutMs } = this.#options
    const patience = this.#scheduler.schedule(
      () => this.#client.abort(new RangeError(`does not answer within ${timeoutMs} ms`)),
      timeoutMs,
    )
    this.#subscriber.add(patience)
    try {
      const answer = await this.#client.get(request.url)
      if (!this.#subscriber.closed) this.#hear(request, answer)
    } catch (error) {
      if (!this.#subscriber.closed) this.#fail(request, error as NodeJS.ErrnoException)
    } finally {
      patience.unsubscribe()
      this.#subscriber.remove(patience)
    }
    if (this.#subscriber.closed) return
    this.#pace()
    this.#schedule.done()
  }

  #hear(request: PolledRequest, { status, retryAfter, body }: Answer): void {
    if (status === 401 || status === 403) {
      this.#lose(`does not let us in (${status})`, 'Check bearer, user and secretHeaders.')
    } else if (status === 429 || status === 503) {
      const waitMs = retryAfterMs(retryAfter, this.#context.wall.now())
      const wait = waitMs === undefined ? {} : { waitMs }
      const message = `${request.url.href} asks to be left alone for now (${status}).`
      this.#subscriber.error(new AdapterError('back-off', message, wait))
    } else if (status >= 500) {
      this.#fail(request, new RangeError(`has a trouble of its own (${status})`))
    } else {
      request.failures = 0
      if (status === 200) this.#read(request, body)
      else {
        this.#stand()
        const rejects = [this.#refused(request, status, body)]
        this.#trouble(request, `${rejects[0]!.reason} Its signals have no values until it answers with one.`)
        this.#emit(request, { batch: request.decoder.none(), unknown: [], rejects, isTimed: false })
      }
    }
  }

  /** An answer that is not what was asked for, again and again, is a service that is not there: something stands before it. */
  #read(request: PolledRequest, body: string): void {
    const { isUnread, ...decoded } = request.decoder.decode(body)
    if (!isUnread) this.#stand()
    const reason = decoded.rejects.map(reject => reject.reason.replace(/\.$/, '')).join(', ')
    const what = `answers with something else than what is asked for: ${reason}`
    if (this.#isConnected) {
      const until = 'Its signals have no values until that is over.'
      this.#trouble(request, isUnread ? `${request.url.href} ${what}. ${until}` : undefined)
      // A try that fails is told by its error; to reject every one would fill the record.
      this.#emit(request, decoded)
    }
    if (isUnread) this.#count(new RangeError(what))
  }

  /** What is wrong with one request while the link stands; undefined: no more. */
  #trouble(request: PolledRequest, what: string | undefined): void {
    if (what === undefined && !request.isInTrouble) return
    request.isInTrouble = what !== undefined
    this.#subscriber.next({ kind: 'trouble', of: request.url.href, what })
  }

  /** The first answer that can be read, or says why there is none, is the link. */
  #stand(): void {
    this.#failures = 0
    if (this.#isConnected) return
    this.#isConnected = true
    this.#subscriber.next({ kind: 'connected' })
  }

  #emit(
    { told, periodMs, standstill, url }: PolledRequest,
    { batch, rejects, unknown, note, isTimed }: Omit<DecodedAnswer, 'isUnread'>,
  ): void {
    const now = this.#context.clock.now()
    for (const [reason, at] of told) if (now - at > Math.max(tellAgainMs, 3 * periodMs)) told.delete(reason)
    const fresh = rejects.filter(({ reason }) => !told.has(reason))
    const repeated = new Map<string, number>()
    for (const { reason, rule } of rejects) {
      if (told.has(reason)) repeated.set(rule, (repeated.get(rule) ?? 0) + 1)
      told.set(reason, now)
    }
    if (fresh.length > 0) this.#subscriber.next({ kind: 'rejects', rejects: fresh })
    for (const [rule, count] of repeated) this.#subscriber.next({ kind: 'repeated', rule, count })
    if (unknown.length > 0) this.#subscriber.next({ kind: 'unknown-tags', values: unknown })
    if (note !== undefined) this.#subscriber.next({ kind: 'noted', what: note })
    const still = standstill.take(batch, isTimed, this.#scheduler.now())
    if (still.length > 0) {
      const seconds = standstill.patienceMs / 1000
      const what = `The document at ${url.href} stood still: the same values of the same times for more than ${seconds} s. Its signals are stale until it goes on; give those that it tells only on change the period on-change, or the source a silence.`
      this.#subscriber.next({ kind: 'noted', what })
      this.#subscriber.next({ kind: 'stale', signals: still })
    } else if (batch.count > 0) {
      this.#emitted += batch.count
      this.#subscriber.next({ kind: 'samples', batch })
    }
  }

  #refused({ url }: PolledRequest, status: number, body: string) {
    const { source, clock } = this.#context
    const reason = `${url.href} answers with ${status} instead of a document.`
    return { source, time: clock.now(), rule: 'http.refused', reason, raw: body.slice(0, 4_096) }
  }

  /**
   * A link that breaks is the service's trouble; what is wrong with an answer is that of one request for as long as not
   * all fail. What it said last is no longer known then.
   */
  #fail(request: PolledRequest, error: NodeJS.ErrnoException): void {
    request.failures++
    const isItsOwn = error instanceof RangeError && this.#requests.some(({ failures }) => failures === 0)
    if (!isItsOwn) this.#count(error)
    if (this.#subscriber.closed || request.failures !== this.#options.timeouts) return
    const what = `${request.url.href} ${whatOf(error)}, ${request.failures} times in a row, while others are answered. Its signals are stale until it is.`
    this.#trouble(request, what)
    const signals = [...new Set(request.decoder.none().signal)]
    if (signals.length > 0) this.#subscriber.next({ kind: 'stale', signals })
  }

  /** So many failures in a row, of whatever requests, and the service is lost. */
  #count(error: NodeJS.ErrnoException): void {
    this.#failures++
    if (this.#isConnected && this.#failures < this.#options.timeouts) return
    this.#lose(whatOf(error), 'Check that the service runs and that the address is right.', error)
  }

  /** Asks only while no more than a window of our samples is still to be accepted. */
  #pace(): void {
    this.#schedule.pause(this.#emitted - this.#accepted > this.#context.window)
  }

  #lose(what: string, next: string, cause?: unknown): void {
    const { origin } = new URL(this.#options.url)
    this.#subscriber.error(new AdapterError('not-connected', `${origin} ${what}. ${next}`, { cause }))
  }
}

const whatOf = (error: NodeJS.ErrnoException): string =>
  error instanceof RangeError ? error.message : explainSocketError(error)

function groupsOf({ url, requests, pollMs }: HttpOptions, context: AdapterContext) {
  const byPeriod = new Map<number, PolledRequest[]>()
  const periods = new Map(context.signals.map(({ index, signal }) => [index, signal.period]))
  const silenceMs = context.plant.sources.find(({ id }) => id === context.source)?.silence
  for (const entry of requests) {
    const period = entry.pollMs ?? pollMs
    const group = byPeriod.get(period) ?? []
    byPeriod.set(period, group)
    const decoder = new AnswerDecoder(context, entry)
    const standstill = new Standstill({ periods, pollMs: period, silenceMs })
    group.push({
      url: urlOf(url, entry),
      decoder,
      periodMs: period,
      told: new Map(),
      standstill,
      failures: 0,
      isInTrouble: false,
    })
  }
  return [...byPeriod].map(([periodMs, parts]) => ({ periodMs, parts }))
}

const urlOf = (url: string, { path }: RequestEntry): URL =>
  new URL(path === '' ? url : url.replace(/\/$/, '') + path)
