import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { answerTo, type DeviceMemory } from '../../adapters/modbus/answer.js'
import { encodeFrame, FrameReader } from '../../adapters/modbus/codec.js'
import { encodeValue } from '../../adapters/modbus/value.js'
import type { Plant, Signal } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import { EngineError } from '../errors.js'
import { type HiddenFaults, neverServed, type Outlet, retagged } from './outlet.js'
import { type Place, registerMap } from './register-map.js'

export interface ModbusServerOptions {
  readonly plant: Plant
  readonly host: string
  /** 0 = any free one. */
  readonly port: number
}

/**
 * A plant's tags as the registers and coils of Modbus TCP devices, a unit a line. Holding and input registers are the same,
 * and so are coils and discrete inputs; nobody can write. Modbus knows neither time nor quality: a measured value that is
 * bad, or not there yet, is NaN; all else keeps its last value.
 */
export class ModbusServer implements Outlet {
  readonly hidden: HiddenFaults = {
    ...neverServed,
    dropout: 'a register always holds something, so that what does not come looks frozen: try frozen',
    duplicate: 'a register holds a value once',
    late: 'registers bear no time',
    'clock-jump': 'registers bear no time',
  }
  readonly #options: ModbusServerOptions
  readonly #map = new Map<string, Place>()
  readonly #units = new Map<number, Unit>()
  readonly #server: Server
  #port: number
  readonly #readers = new Set<Socket>()

  constructor(options: ModbusServerOptions) {
    this.#options = options
    this.#port = options.port
    for (const place of registerMap(options.plant)) this.#map.set(place.signal.id, place)
    for (const { tag } of this.#map.values()) {
      const unit = this.#units.get(tag.unit) ?? new Unit()
      this.#units.set(tag.unit, unit)
      unit.reserve(tag.table === 'coil', tag.address + tag.width)
    }
    for (const { signal } of this.#map.values())
      this.set(signal, signal.type === 'text' ? '' : Number.NaN, Quality.bad)
    this.#server = createServer(reader => this.#serve(reader))
  }

  get tags(): number {
    return this.#map.size
  }

  get place(): string {
    const units = this.#units.size === 1 ? 'unit 1' : `units 1 to ${this.#units.size}`
    return `modbus://127.0.0.1:${this.#port}, ${units}`
  }

  get map(): readonly Place[] {
    return [...this.#map.values()]
  }

  get behind(): Plant {
    return retagged(this.#options.plant, {
      adapter: 'modbus',
      options: { host: '127.0.0.1', port: this.#port },
      tag: ({ id }) => this.#map.get(id)!.text,
    })
  }

  set({ id }: Signal, value: number | string, quality: number): void {
    const place = this.#map.get(id)
    if (place === undefined) return
    const { tag } = place
    const unit = this.#units.get(tag.unit)!
    const isMeasured = tag.value.kind === 'number' && tag.value.type === 'float64'
    const isBad = quality === Quality.bad || (typeof value === 'number' && !Number.isFinite(value))
    if (isBad && !isMeasured) return
    if (tag.value.kind === 'bit') unit.coils[tag.address] = Number(value) >= 0.5 ? 1 : 0
    else encodeValue(tag, isBad ? Number.NaN : value, unit.bytes)
  }

  flush(): void {}

  async open(): Promise<void> {
    const { host } = this.#options
    this.#server.listen(this.#port, host)
    try {
      await once(this.#server, 'listening')
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      const [kind, why] =
        code === 'EADDRINUSE'
          ? (['port-in-use', 'is in use'] as const)
          : (['cannot-listen', `cannot be listened on (${message})`] as const)
      throw new EngineError(kind, `${host}:${this.#port} ${why}. Choose another port with --port.`, { cause })
    }
    this.#port = (this.#server.address() as AddressInfo).port
  }

  goDown(): Promise<void> {
    return this.close()
  }

  comeBack(): Promise<void> {
    return this.open()
  }

  async close(): Promise<void> {
    for (const reader of this.#readers) reader.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(reader: Socket): void {
    this.#readers.add(reader)
    reader.setNoDelay(true)
    const frames = new FrameReader()
    reader.on('error', () => reader.destroy())
    reader.on('drain', () => reader.resume())
    reader.on('close', () => this.#readers.delete(reader))
    reader.on('data', (chunk: Buffer) => {
      for (const { transaction, unit, pdu } of frames.push(chunk))
        reader.write(encodeFrame({ transaction, unit, pdu: answerTo(pdu, this.#units.get(unit)) }))
      // Who does not take the answers is asked nothing more.
      if (reader.writableNeedDrain) reader.pause()
      // Nobody knows where the next request begins.
      if (frames.fault !== undefined) reader.destroy()
    })
  }
}

/** The registers and coils of a unit. */
class Unit implements DeviceMemory {
  bytes = new Uint8Array(0)
  coils = new Uint8Array(0)

  /** Makes room; before anything is written. */
  reserve(isCoil: boolean, end: number): void {
    if (isCoil) this.coils = new Uint8Array(Math.max(this.coils.length, end))
    else this.bytes = new Uint8Array(Math.max(this.bytes.length, end * 2))
  }

  registers(address: number, quantity: number): Uint8Array | undefined {
    const end = (address + quantity) * 2
    return end <= this.bytes.length ? this.bytes.subarray(address * 2, end) : undefined
  }

  bits(address: number, quantity: number): Uint8Array | undefined {
    const end = address + quantity
    return end <= this.coils.length ? this.coils.subarray(address, end) : undefined
  }
}
