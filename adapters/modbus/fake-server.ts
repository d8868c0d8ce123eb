import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { ServerTCP } from 'modbus-serial'

/** A request as it came over the wire. */
export interface SeenRequest {
  readonly unit: number
  readonly function: number
  readonly address: number
  readonly quantity: number
}

interface Pending {
  readonly frame: Buffer
  readonly reader: Socket
  readonly device: Socket
}

/**
 * A Modbus device for tests. The device is modbus-serial's server; before it stands a gate that sees every request and
 * can keep it, refuse it, or cut the line.
 */
export class FakeModbusServer {
  readonly holding = new Uint16Array(65_536)
  readonly input = new Uint16Array(65_536)
  readonly coils = new Uint8Array(65_536)
  readonly requests: SeenRequest[] = []
  /** Readers whose link stands. */
  readonly #readers = new Set<Socket>()
  readonly #held: Pending[] = []
  readonly #gate: Server
  readonly #device: ServerTCP
  readonly #devicePort: number
  #answers = 0
  /** The exception to answer a request with; undefined = the device answers. */
  refuse: (request: SeenRequest) => number | undefined = () => undefined
  /** Requests for which this says so are kept until `release`. */
  hold: (request: SeenRequest) => boolean = () => false

  private constructor(gate: Server, device: ServerTCP, devicePort: number) {
    this.#gate = gate
    this.#device = device
    this.#devicePort = devicePort
    gate.on('connection', reader => this.#serve(reader))
  }

  static async start(port = 0): Promise<FakeModbusServer> {
    let fake: FakeModbusServer | undefined
    const words = (table: 'holding' | 'input') => (address: number, length: number) => [
      ...fake![table].subarray(address, address + length),
    ]
    const bit = (address: number) => fake!.coils[address] === 1
    const vector = {
      getHoldingRegister: (address: number) => fake!.holding[address]!,
      getInputRegister: (address: number) => fake!.input[address]!,
      getMultipleHoldingRegisters: words('holding'),
      getMultipleInputRegisters: words('input'),
      getCoil: bit,
      getDiscreteInput: bit,
    }
    // It takes 0 for "not given", and the text for a port of the system's choice.
    const device = new ServerTCP(vector, { host: '127.0.0.1', port: '0' as unknown as number, unitID: 255 })
    await once(device, 'initialized')
    const { _server } = device as unknown as { _server: Server }
    const gate = createServer()
    gate.listen(port, '127.0.0.1')
    await once(gate, 'listening')
    fake = new FakeModbusServer(gate, device, (_server.address() as AddressInfo).port)
    return fake
  }

  get port(): number {
    return (this.#gate.address() as AddressInfo).port
  }

  get connections(): number {
    return this.#readers.size
  }

  /** Requests answered, exceptions included. */
  get answers(): number {
    return this.#answers
  }

  /** Lets the device answer what was kept. */
  release(): void {
    for (const { frame, device } of this.#held.splice(0)) device.write(frame)
  }

  /** Says this to every reader, whatever they asked. */
  say(bytes: Uint8Array): void {
    for (const reader of this.#readers) reader.write(bytes)
  }

  /** Cuts every link without a goodbye. */
  drop(): void {
    for (const reader of this.#readers) reader.resetAndDestroy()
    this.#readers.clear()
  }

  async stop(): Promise<void> {
    this.drop()
    this.#device.close(() => {})
    if (!this.#gate.listening) return
    this.#gate.close()
    await once(this.#gate, 'close')
  }

  #serve(reader: Socket): void {
    this.#readers.add(reader)
    const device = connect(this.#devicePort, '127.0.0.1')
    device.on('data', chunk => {
      this.#answers++
      reader.write(chunk)
    })
    device.on('error', () => reader.destroy())
    reader.on('error', () => reader.destroy())
    reader.on('close', () => {
      this.#readers.delete(reader)
      device.destroy()
    })
    let rest = Buffer.alloc(0)
    reader.on('data', chunk => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 6 && rest.length >= 6 + rest.readUInt16BE(4)) {
        const end = 6 + rest.readUInt16BE(4)
        this.#pass({ frame: rest.subarray(0, end), reader, device })
        rest = rest.subarray(end)
      }
    })
  }

  #pass(pending: Pending): void {
    const { frame, reader, device } = pending
    const request = {
      unit: frame[6]!,
      function: frame[7]!,
      address: frame.readUInt16BE(8),
      quantity: frame.readUInt16BE(10),
    }
    this.requests.push(request)
    const exception = this.refuse(request)
    if (exception !== undefined) {
      this.#answers++
      reader.write(
        Buffer.from([frame[0]!, frame[1]!, 0, 0, 0, 3, request.unit, request.function | 0x80, exception]),
      )
    } else if (this.hold(request)) this.#held.push(pending)
    else device.write(frame)
  }
}
