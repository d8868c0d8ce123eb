// Modbus devices in a process of their own: `count` of them, each on a port of the system's choice. A register shows how
// often its block has been read, so that every poll can be told from every other.
import { type AddressInfo, createServer, type Socket } from 'node:net'

const count = Number(process.argv[2])

function serve(socket: Socket): void {
  const reads = new Map<number, number>()
  let rest: Buffer = Buffer.alloc(0)
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', chunk => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (; rest.length >= 12; rest = rest.subarray(12)) {
      const [address, quantity] = [rest.readUInt16BE(8), rest.readUInt16BE(10)]
      const times = (reads.get(address) ?? 0) + 1
      reads.set(address, times)
      const answer = Buffer.alloc(9 + quantity * 2)
      rest.copy(answer, 0, 0, 8)
      answer.writeUInt16BE(3 + quantity * 2, 4)
      answer[8] = quantity * 2
      for (let i = 0; i < quantity; i++) answer.writeUInt16BE(times, 9 + i * 2)
      socket.write(answer)
    }
  })
}

const ports = await Promise.all(
  Array.from(
    { length: count },
    () =>
      new Promise<number>(resolve => {
        const server = createServer(serve)
        server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
      }),
  ),
)
process.send?.(ports)
