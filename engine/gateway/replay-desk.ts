import { encodeServerFrame } from '../../schema/stream/codec.js'
import type { ReplayFrame, ReplayProblem, ReplayRequest, ReplayState } from '../../schema/stream/protocol.js'
import type { ManifestBook } from '../api/manifest.js'
import type { Floor } from '../floor/floor.js'
import { ReplayError } from '../replay/replay-error.js'
import { Replayer, type ReplayGround } from '../replay/replayer.js'
import { ReplayRoom } from './replay-room.js'
import type { StreamHub } from './stream-hub.js'
import type { StreamMetrics } from './stream-metrics.js'
import type { StreamSocket } from './subscriber.js'

/** The fastest replay, seconds of the past per second: a day in nine seconds. */
const fastest = 10_000
/** In one tick replays may work so long together, in slices between which the live floor has its turn, ms. */
const budgetMs = 45
const sliceMs = 6

export interface ReplayDeskParts {
  /** The floor of the present. */
  readonly floor: Floor
  readonly live: StreamHub
  readonly manifests: ManifestBook
  /** Where the past is; without it nothing is replayed. */
  readonly ground?: ReplayGround
  /** Most replays at once, of all clients together. */
  readonly most: number
  readonly tickMs: number
  readonly metrics: StreamMetrics
  /** Calls back when others have had their turn. */
  later(callback: () => void): void
}

/** A window that a client has asked for: on its way, or playing. */
interface Ticket {
  readonly request: ReplayRequest
  readonly leave: AbortController
  room: ReplayRoom | undefined
  isHeld: boolean
  speed: number
}

/** Where clients ask for the past. Each gets a room of its own: a floor that lives again, and a stream of it. */
export class ReplayDesk {
  readonly #parts: ReplayDeskParts
  readonly #tickets = new Map<StreamSocket, Ticket>()
  /** Of the room that a client is in; not there in the present. */
  readonly #rooms = new Map<StreamSocket, ReplayRoom>()
  #epoch: number

  constructor(parts: ReplayDeskParts) {
    this.#parts = parts
    this.#epoch = parts.live.epoch
  }

  /** The hub whose client this is. */
  hubOf(socket: StreamSocket): StreamHub {
    return this.#rooms.get(socket)?.hub ?? this.#parts.live
  }

  get clientCount(): number {
    return this.#parts.live.clientCount + this.#rooms.size
  }

  /** A client steers. */
  ask(socket: StreamSocket, frame: ReplayFrame): void {
    switch (frame.kind) {
      case 'replay':
        void this.#begin(socket, frame)
        return
      case 'pace':
        this.#pace(socket, frame.speed, frame.isHeld)
        return
      case 'live':
        this.#goLive(socket)
    }
  }

  /** A client is gone. */
  closed(socket: StreamSocket): void {
    this.hubOf(socket).closed(socket)
    this.#forget(socket)
  }

  /** Shows what has happened in all rooms, and lets time pass there. */
  tick(): void {
    for (const [socket, room] of this.#rooms) {
      room.hub.tick()
      // The hub may have closed one that does not read.
      if (room.hub.clientCount === 0) this.#forget(socket)
    }
    if (this.#rooms.size > 0) this.#work(0)
  }

  close(): void {
    for (const [socket, { leave }] of this.#tickets) {
      leave.abort()
      this.#rooms.get(socket)?.hub.close()
    }
    this.#tickets.clear()
    this.#rooms.clear()
  }

  /** One slice for each room, and another round later while any is behind and there is time left in this tick. */
  #work(spent: number): void {
    const { wall } = this.#parts.ground!
    const began = wall.now()
    let isBehind = false
    for (const [socket, room] of this.#rooms) {
      try {
        const news = room.advance(sliceMs)
        if (news === 'behind') isBehind = true
        else if (news === 'over') this.#tell(socket, 'over')
        else if (news === 'new-plant') this.#enter(socket, room)
      } catch (error) {
        this.#fail(socket, error)
      }
    }
    const total = spent + Math.max(1, wall.now() - began)
    if (isBehind && total < budgetMs) this.#parts.later(() => this.#work(total))
  }

  async #begin(socket: StreamSocket, request: ReplayRequest): Promise<void> {
    const { ground, most, floor } = this.#parts
    const before = this.#tickets.get(socket)
    const now = floor.clock.now()
    const to = request.to === 0 ? now : Math.min(request.to, now)
    const refuse = (problem: ReplayProblem, detail: string): void =>
      this.#say(socket, { ...request, to, at: request.from, stage: 'refused', problem, detail })
    if (ground === undefined)
      return refuse('unavailable', 'This engine keeps no record that could be replayed.')
    if (!isSpeed(request.speed)) return refuse('bad-speed', speedProblem(request.speed))
    if (request.from >= now) {
      const message = `${shown(request.from)} lies in the future: on this floor it is ${shown(now)}.`
      return refuse('in-future', message)
    }
    if (before === undefined && this.#tickets.size >= most) {
      const message = `${this.#tickets.size} replays are running, as many as are allowed. Try again when one has ended.`
      return refuse('too-many', message)
    }
    // Who asks again while the first is on its way wants the second.
    before?.leave.abort()
    const leave = new AbortController()
    const ticket: Ticket = { request, leave, room: before?.room, isHeld: false, speed: request.speed }
    this.#tickets.set(socket, ticket)
    this.#count()
    this.#say(socket, {
      ...{ ...request, to, at: request.from },
      ...{ stage: 'preparing', problem: '', detail: '' },
    })
    try {
      const replayer = await Replayer.begin(ground, { from: request.from, to }, { signal: leave.signal })
      if (leave.signal.aborted) return
      const { wall } = ground
      ticket.room = new ReplayRoom({ replayer, wall, speed: ticket.speed, isHeld: ticket.isHeld })
      this.#enter(socket, ticket.room)
    } catch (error) {
      if (leave.signal.aborted) return
      // Where it was before it stays.
      if (before?.room === undefined) this.#tickets.delete(socket)
      else this.#tickets.set(socket, { ...before, leave: new AbortController() })
      this.#count()
      refuse(...problemOf(error))
    }
  }

  #pace(socket: StreamSocket, speed: number, isHeld: boolean): void {
    const ticket = this.#tickets.get(socket)
    if (ticket === undefined) {
      this.#refuse(socket, 'not-replaying', 'There is no replay to be steered: ask for a window first.')
    } else if (!isSpeed(speed)) this.#refuse(socket, 'bad-speed', speedProblem(speed))
    else {
      ticket.speed = speed
      ticket.isHeld = isHeld
      ticket.room?.pace(speed, isHeld)
      if (ticket.room !== undefined) this.#tell(socket, ticket.room.stage)
    }
  }

  #goLive(socket: StreamSocket): void {
    if (!this.#tickets.has(socket)) {
      this.#refuse(socket, 'not-replaying', 'This is the present already.')
      return
    }
    const room = this.#rooms.get(socket)
    this.#forget(socket)
    if (room === undefined) return
    room.hub.leave(socket)
    this.#parts.live.open(socket)
  }

  /** Lets the client into the room: it leaves where it was, and is greeted anew. */
  #enter(socket: StreamSocket, room: ReplayRoom): void {
    const { tickMs, metrics, manifests, floor } = this.#parts
    const from = this.hubOf(socket)
    this.#epoch = Math.max(this.#epoch + 1, Math.floor(floor.wall.now()))
    const manifest = manifests.add(room.floor)
    room.open({
      epoch: this.#epoch,
      manifest,
      tickMs,
      metrics,
      onReplay: (who, frame) => this.ask(who, frame),
    })
    from.leave(socket)
    this.#rooms.set(socket, room)
    room.hub.open(socket)
    this.#tell(socket, room.stage)
  }

  #tell(socket: StreamSocket, stage: ReplayState['stage']): void {
    const room = this.#rooms.get(socket)
    if (room === undefined) return
    const { window, at, speed } = room
    this.#say(socket, { ...window, at, speed, stage, problem: '', detail: '' })
  }

  #refuse(socket: StreamSocket, problem: ReplayProblem, detail: string): void {
    const nothing = { from: 0, to: 0, at: 0, speed: 0 }
    this.#say(socket, { ...nothing, stage: 'refused', problem, detail })
  }

  /** The record cannot be read on: the client is told, and led back to the present. */
  #fail(socket: StreamSocket, error: unknown): void {
    this.#refuse(socket, ...problemOf(error))
    this.#goLive(socket)
  }

  #say(socket: StreamSocket, state: Omit<ReplayState, 'kind' | 'epoch'>): void {
    const hub = this.hubOf(socket)
    const { stage, from, to, at, speed, problem, detail } = state
    const frame = { stage, from, to, at, speed, problem, detail }
    hub.say(socket, encodeServerFrame({ kind: 'replay-state', epoch: hub.epoch, ...frame }))
  }

  #forget(socket: StreamSocket): void {
    this.#tickets.get(socket)?.leave.abort()
    this.#tickets.delete(socket)
    this.#rooms.delete(socket)
    this.#count()
  }

  #count(): void {
    this.#parts.metrics.replays.set(this.#tickets.size)
  }
}

const isSpeed = (speed: number): boolean => speed > 0 && speed <= fastest
const speedProblem = (speed: number): string =>
  `A replay at ${speed} times real time is none: choose above 0, up to ${fastest}. To stop the time, hold it.`
const shown = (time: number): string =>
  Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time)

function problemOf(error: unknown): [ReplayProblem, string] {
  if (!(error instanceof ReplayError))
    return ['unavailable', `The record could not be read: ${String(error)}`]
  return [error.code === 'unreadable' ? 'unavailable' : error.code, error.message]
}
