import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { asyncScheduler, Observable, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs'
import { type AdapterContext, type AdapterDefinition, AdapterError, type SourceEvent } from '../contract.js'
import { PollSchedule } from '../poll-schedule.js'
import { explainSocketError } from '../socket-error.js'
import { tlsLink } from '../tls.js'
import { type Answer, encodeRead, FrameReader, type ReadRequest, readAnswer } from './codec.js'
import { type ModbusOptions, modbusOptions } from './config.js'
import { adviceFor, gatewayAdvice, meaningOf } from './exceptions.js'
import { checkTags, readFields, type TagFault } from './fields.js'
import { type Block, planBlocks } from './plan.js'
import { nameOf, Reading } from './reading.js'
import { SplitBlocks } from './split-blocks.js'
import { counterWidth, tables } from './tag.js'

/** How long a block that the device refuses, or that nobody answers for, is left alone, ms. */
const restMs = 10_000
const malformedAdvice =
  'See that it is the device that answers there, and that maxRegisters is what it allows.'

/** Polls the registers and coils of a device over Modbus TCP. The only requests it can make are the four reads. */
export const modbus: AdapterDefinition<ModbusOptions> = {
  kind: 'modbus',
  summary: 'Modbus TCP: registers and coils, read in blocks on a schedule',
  options: modbusOptions,
  examples: [
    { title: 'A PLC; tags such as holding:100:float32 or 40101', options: { host: '192.0.2.20' } },
    {
      title: 'A device that keeps the low word first and allows 60 registers a request',
      options: { host: '192.0.2.21', order: 'CDAB', maxRegisters: 60 },
    },
    {
      title:
        'A gateway to serial devices: tags name the unit (input:0:int16?unit=7), answers take their time',
      options: { host: '192.0.2.22', timeoutMs: 3000, pollMs: 5000 },
    },
  ],
  probe: options => options,
  checkTags: (options, signals) => checkTags(signals, options),
  counterWidth: (options, { tag }) => counterWidth(tag, options),
  create: (options, context) =>
    new Observable(subscriber => {
      const connection = new Connection(options, context, subscriber)
      return () => connection.close()
    }),
}

interface OpenRead {
  readonly request: ReadRequest
  readonly block: Block
  readonly deadline: Subscription
}

/** One TCP connection, from subscribing to unsubscribing; one request under way at a time. */
class Connection {
  readonly #options: ModbusOptions
  readonly #subscriber: Subscriber<SourceEvent>
  readonly #scheduler: SchedulerLike
  readonly #context: AdapterContext
  readonly #socket: Socket
  readonly #frames = new FrameReader()
  readonly #reading: Reading
  readonly #schedule: PollSchedule<Block>
  readonly #splits = new SplitBlocks()
  readonly #connecting: Subscription
  #open: OpenRead | undefined
  #transaction = 0
  readonly #faults: readonly TagFault[]
  #isConnected = false
  #accepted = 0
  /** Requests in a row that nobody answered: of the whole link, and of each block. */
  #timeouts = 0
  readonly #timeoutsOf = new WeakMap<Block, number>()

  constructor(options: ModbusOptions, context: AdapterContext, subscriber: Subscriber<SourceEvent>) {
    this.#options = options
    this.#context = context
    this.#subscriber = subscriber
    this.#scheduler = context.scheduler ?? asyncScheduler
    this.#reading = new Reading(context, event => subscriber.next(event))
    const { byPeriod, faults } = readFields(context.signals, options)
    this.#faults = faults
    const groups = [...byPeriod].map(([periodMs, fields]) => ({
      periodMs,
      parts: planBlocks(fields, options),
    }))
    this.#schedule = new PollSchedule(groups, this.#scheduler, {
      read: block => this.#read(block),
      missed: polls => subscriber.next({ kind: 'missed', polls }),
    })
    this.#socket = this.#connect(() => {
      this.#connecting.unsubscribe()
      // Nothing to ask: nothing more will be known of it.
      if (groups.length === 0) this.#sayConnected()
      this.#schedule.start()
    })
    const { connectTimeoutMs } = options
    this.#connecting = this.#scheduler.schedule(
      () => this.#lose(`did not answer within ${connectTimeoutMs} ms`),
      connectTimeoutMs,
    )
    subscriber.add(
      context.accepted.subscribe(count => {
        this.#accepted = count
        this.#pace()
      }),
    )
  }

  close(): void {
    this.#schedule.stop()
    this.#open?.deadline.unsubscribe()
    this.#connecting.unsubscribe()
    this.#socket.destroy()
  }

  #connect(connected: () => void): Socket {
    const { host, port, tls } = this.#options
    const socket =
      tls === undefined
        ? connect({ host, port, noDelay: true, keepAlive: true }, connected)
        : connectTls({ host, port, ...tlsLink(tls, this.#context) }, connected)
    socket.on('data', (chunk: Buffer) => this.#hear(chunk))
    socket.on('error', error => this.#lose(explainSocketError(error), error))
    socket.on('close', () => this.#lose('closed the connection'))
    return socket
  }

  /** A device that takes the connection need not answer: it is there once it does. */
  #sayConnected(): void {
    if (this.#isConnected) return
    this.#isConnected = true
    this.#subscriber.next({ kind: 'connected' })
    this.#reading.faults(this.#faults)
  }

  #read(block: Block): void {
    this.#transaction = (this.#transaction + 1) % 65_536
    const { unit, table, address, quantity } = block
    const request = { transaction: this.#transaction, unit, function: tables[table], address, quantity }
    const deadline = this.#scheduler.schedule(() => this.#timeOut(block), this.#options.timeoutMs)
    this.#open = { request, block, deadline }
    this.#socket.write(encodeRead(request))
  }

  #hear(chunk: Buffer): void {
    this.#context.received(chunk.length)
    for (const { transaction, unit, pdu } of this.#frames.push(chunk)) {
      // The answer to a request that was given up: too late to be of use.
      if (transaction !== this.#open?.request.transaction) continue
      const { request, block } = this.#open
      this.#settle()
      this.#timeouts = 0
      this.#timeoutsOf.delete(block)
      this.#sayConnected()
      // The server repeats the unit (Messaging Guide, 3.1): behind a gateway another one is another machine.
      const isOurs = unit === request.unit
      const why = `unit ${unit} instead of ${request.unit}`
      this.#take(block, isOurs ? readAnswer(request, pdu) : { kind: 'malformed', why })
      if (this.#subscriber.closed) return
      this.#pace()
      this.#schedule.done()
    }
    const { fault } = this.#frames
    if (fault !== undefined) this.#lose(`does not speak Modbus TCP (${fault})`)
  }

  #take(block: Block, answer: Answer): void {
    switch (answer.kind) {
      case 'values':
        this.#reading.values(block, answer.bytes)
        this.#rejoin(block)
        return
      case 'malformed':
        this.#reading.reject(
          'modbus.malformed',
          `${nameOf(block)}: the answer has ${answer.why}.`,
          nameOf(block),
        )
        this.#reading.none(block, `the answer has ${answer.why}`, malformedAdvice)
        return
      case 'exception':
        this.#except(block, answer.code)
    }
  }

  #except(block: Block, code: number): void {
    const { name, kind } = meaningOf(code)
    const why = `the device answers "${name}" (exception ${code})`
    if (kind === 'busy') {
      this.#reading.still(block, why, adviceFor(code))
      return
    }
    if (kind === 'ask' && block.fields.length > 1) {
      // Which of them it does not have is not told: ask for less at a time until it is known.
      this.#schedule.replace([block], this.#splits.split(block, this.#scheduler.now()))
      return
    }
    this.#reading.none(block, why, adviceFor(code))
    this.#reading.reject('modbus.exception', `${nameOf(block)}: ${why}.`, nameOf(block))
    if (kind !== 'ask') return
    this.#splits.refused(block)
    this.#schedule.rest(block, restMs)
  }

  #rejoin(block: Block): void {
    const whole = this.#splits.answered(block, this.#scheduler.now())
    if (whole !== undefined) this.#schedule.replace([...whole.parts], [whole.planned])
  }

  #timeOut(block: Block): void {
    this.#settle()
    this.#timeouts++
    const { timeouts, timeoutMs } = this.#options
    if (this.#timeouts >= timeouts) {
      this.#lose(`gave no answer to ${this.#timeouts} requests in a row, ${timeoutMs} ms each`)
      return
    }
    const ofBlock = (this.#timeoutsOf.get(block) ?? 0) + 1
    this.#timeoutsOf.set(block, ofBlock)
    if (ofBlock >= timeouts) {
      // Others are answered: behind the gateway one device is away. It must not hold up the rest.
      this.#reading.none(block, `no answer to ${ofBlock} requests in a row`, gatewayAdvice)
      this.#timeoutsOf.delete(block)
      this.#schedule.rest(block, restMs)
    }
    this.#pace()
    this.#schedule.done()
  }

  #settle(): void {
    this.#open?.deadline.unsubscribe()
    this.#open = undefined
  }

  /** Polls only while no more than a window of our samples is still to be accepted. */
  #pace(): void {
    this.#schedule.pause(this.#reading.samples - this.#accepted > this.#context.window)
  }

  #lose(what: string, cause?: unknown): void {
    if (this.#subscriber.closed) return
    const { host, port } = this.#options
    const next = 'Check that the device runs, that the port is open, and that it has a connection left.'
    this.#subscriber.error(new AdapterError('not-connected', `${host}:${port} ${what}. ${next}`, { cause }))
  }
}
