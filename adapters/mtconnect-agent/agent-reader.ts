import { asyncScheduler, type Subscriber, type Subscription } from 'rxjs'
import type { AdapterContext, AdapterError, SourceEvent } from '../contract.js'
import { tlsLink } from '../tls.js'
import { type AgentDocument, type Observation, readDocument } from './codec.js'
import type { AgentOptions } from './config.js'
import { explain } from './explain.js'
import { MultipartReader } from './multipart.js'
import { ObservationTaker } from './observations.js'
import { KeptPosition, type Position } from './position.js'
import { AnswerError, get, readAll } from './request.js'

/** First and longest wait before a link that was cut is tried again, ms. */
const resumeDelays = { first: 250, longest: 2_000 }

/**
 * Follows one agent, from subscribing to unsubscribing. The agent keeps its observations by number, so a cut is an
 * interruption: what was missed is asked for. Where it is no longer there (the buffer ran over, the agent was started
 * anew) the gap is told, and the present is where it goes on.
 */
export class AgentReader {
  readonly #options: AgentOptions
  readonly #context: AdapterContext
  readonly #subscriber: Subscriber<SourceEvent>
  readonly #taker: ObservationTaker
  readonly #closing = new AbortController()
  readonly #kept: KeptPosition
  #position: Position | undefined
  #isConnected = false
  #interruptedAt: number | undefined
  #emitted = 0
  #accepted = 0
  #hasRoom: (() => void) | undefined

  constructor(options: AgentOptions, context: AdapterContext, subscriber: Subscriber<SourceEvent>) {
    this.#options = options
    this.#context = context
    this.#subscriber = subscriber
    this.#taker = new ObservationTaker(context, options.device)
    this.#kept = new KeptPosition(context.memory, options.url)
    this.#position = this.#kept.recall()
    subscriber.add(
      context.accepted.subscribe(count => {
        this.#accepted = count
        this.#kept.accept(count)
        if (!this.#isOver) this.#hasRoom?.()
      }),
    )
  }

  /** Never rejects: what goes wrong is the subscriber's. */
  async run(): Promise<void> {
    let delay = resumeDelays.first
    while (!this.#subscriber.closed) {
      try {
        await this.#follow()
      } catch (error) {
        if (this.#subscriber.closed) return
        if (this.#isConnected) delay = resumeDelays.first
        const lost = explain(this.#options.url, error)
        const since = this.#interruptedAt ?? (this.#isConnected ? this.#context.wall.now() : undefined)
        if (since === undefined || this.#context.wall.now() - since >= this.#options.resumeMs) {
          this.#subscriber.error(lost)
          return
        }
        this.#interrupt(lost, since)
        await this.#wait(delay)
        delay = Math.min(2 * delay, resumeDelays.longest)
      }
    }
  }

  close(): void {
    this.#closing.abort()
    this.#hasRoom?.()
  }

  #interrupt({ message }: AdapterError, since: number): void {
    this.#interruptedAt = since
    if (!this.#isConnected) return
    this.#isConnected = false
    this.#subscriber.next({ kind: 'interrupted', reason: message })
  }

  /** Reads on until the link breaks; always ends with an error. */
  async #follow(): Promise<never> {
    const { timeoutMs, maxLength } = this.#options
    const head = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(2 * timeoutMs)])
    const answer = await get(this.#url('current'), { ...this.#link, signal: head })
    this.#begin(readDocument(await readAll(answer, maxLength)))
    await this.#room()
    await this.#stream()
    throw new AnswerError('ended its stream')
  }

  get #link() {
    const { tls, timeoutMs } = this.#options
    return { tls: tls && tlsLink(tls, this.#context), timeoutMs }
  }

  /** What is now: after an interruption, only what did not change meanwhile; the rest follows by its number. */
  #begin(document: AgentDocument): void {
    const { header, observations } = expectStreams(document)
    const { instanceId, firstSequence, nextSequence } = header
    const before = this.#position
    const isSame = before !== undefined && before.instanceId === instanceId && before.next <= nextSequence
    const isKept = isSame && before.next >= firstSequence
    if (!isKept) this.#position = { instanceId, next: nextSequence }
    this.#isConnected = true
    this.#interruptedAt = undefined
    this.#subscriber.next({ kind: 'connected' })
    if (before !== undefined && !isKept) this.#tellGap(before.next, isSame ? firstSequence : undefined)
    if (isKept) this.#taker.begin(observations.filter(({ sequence }) => sequence >= before.next))
    else this.#taker.forget()
    this.#emit(isKept ? observations.filter(({ sequence }) => sequence < before.next) : observations)
    this.#kept.reach(this.#position!, this.#emitted)
  }

  /** From `next` on nothing is known; `first`: what the agent's buffer begins with, where it is the same agent. */
  #tellGap(next: number, first: number | undefined, until = 'the present'): void {
    const why =
      first === undefined
        ? 'the agent was started anew and has forgotten what came before'
        : `the agent's buffer ran over: it begins at ${first}`
    const reason = `${why}; observations from number ${next} on are lost up to ${until}`
    const { source, clock } = this.#context
    const reject = { source, time: clock.now(), rule: 'agent.gap', reason, raw: String(next) }
    this.#subscriber.next({ kind: 'rejects', rejects: [reject] })
  }

  async #stream(): Promise<void> {
    const { intervalMs, heartbeatMs, count, maxLength } = this.#options
    const url = this.#url('sample', {
      from: this.#position!.next,
      interval: intervalMs,
      heartbeat: heartbeatMs,
      count,
    })
    const response = await get(url, { ...this.#link, signal: this.#closing.signal })
    const watch = this.#watch(() =>
      response.destroy(new AnswerError(`said nothing for ${this.#silenceMs} ms`)),
    )
    try {
      const type = response.headers['content-type']
      // An agent that cannot go on answers with one document that says why.
      if (!/multipart/i.test(type ?? '')) expectStreams(readDocument(await readAll(response, maxLength)))
      const parts = new MultipartReader(type, maxLength)
      for await (const chunk of response as AsyncIterable<Buffer>) {
        this.#context.received(chunk.length)
        for (const part of parts.push(chunk)) {
          this.#take(readDocument(part))
          watch.stop()
          await this.#room()
        }
        watch.restart()
      }
    } finally {
      watch.stop()
      response.destroy()
    }
  }

  #take(document: AgentDocument): void {
    const { header, observations } = expectStreams(document)
    const { instanceId, next } = this.#position!
    if (header.instanceId !== instanceId) throw new AnswerError('was started anew')
    const { firstSequence } = header
    // It writes faster than it can send, and its buffer has run over within the stream.
    const isGap = firstSequence > next
    if (isGap) this.#tellGap(next, firstSequence, 'there')
    // Sent twice or not: a number that was taken is not taken again.
    const fresh = observations.filter(({ sequence }) => sequence >= next)
    this.#position = { instanceId, next: Math.max(next, header.nextSequence) }
    if (fresh.length === 0) this.#subscriber.next({ kind: 'alive' })
    else this.#emit(fresh)
    this.#kept.reach(this.#position, this.#emitted)
    // What stands of conditions and data sets can no longer be added up from what changed: it is asked for.
    if (isGap && this.#taker.addsUp) {
      this.#taker.forget()
      throw new AnswerError('lost observations of conditions or data sets, which are asked for anew')
    }
  }

  #emit(observations: readonly Observation[]): void {
    const { samples, rejects, unknown } = this.#taker.take(observations, this.#context.clock.now())
    if (samples.count > 0) {
      this.#emitted += samples.count
      this.#subscriber.next({ kind: 'samples', batch: samples })
    }
    if (rejects.length > 0) this.#subscriber.next({ kind: 'rejects', rejects })
    if (unknown.length > 0) this.#subscriber.next({ kind: 'unknown-tags', values: unknown })
    this.#subscriber.next({ kind: 'alive' })
  }

  get #isOver(): boolean {
    return this.#emitted - this.#accepted > this.#context.window
  }

  /** Resolves when no more than a window of our samples is still to be accepted. */
  async #room(): Promise<void> {
    if (!this.#isOver) return
    await new Promise<void>(resolve => {
      this.#hasRoom = resolve
    })
    this.#hasRoom = undefined
  }

  get #silenceMs(): number {
    return 2 * this.#options.heartbeatMs + this.#options.timeoutMs
  }

  /** Calls `lost` when it was not restarted for longer than the agent may be silent. */
  #watch(lost: () => void) {
    const scheduler = this.#context.scheduler ?? asyncScheduler
    let deadline: Subscription | undefined
    const stop = (): void => deadline?.unsubscribe()
    const restart = (): void => {
      stop()
      deadline = scheduler.schedule(lost, this.#silenceMs)
    }
    restart()
    return { stop, restart }
  }

  #wait(ms: number): Promise<void> {
    const { signal } = this.#closing
    return new Promise(resolve => {
      const end = (): void => {
        // A reader waits as often as its link is cut: what it leaves at the signal would add up.
        signal.removeEventListener('abort', end)
        resolve()
      }
      signal.addEventListener('abort', end, { once: true })
      const scheduler = this.#context.scheduler ?? asyncScheduler
      this.#subscriber.add(scheduler.schedule(end, ms))
    })
  }

  #url(what: string, query: Readonly<Record<string, number>> = {}): URL {
    const url = new URL(this.#options.url)
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${what}`
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, String(value))
    return url
  }
}

function expectStreams(document: AgentDocument): AgentDocument & { readonly kind: 'streams' } {
  if (document.kind === 'streams') return document
  if (document.kind === 'error') throw new AnswerError(`answers ${document.code}: ${document.text}`)
  throw new AnswerError(`answers with a document that cannot be read: ${document.reason}`)
}
