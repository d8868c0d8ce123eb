import { FakeOpcuaServer } from '../adapters/opcua/fake-server.js'

/** What the benchmark sends: begin to count every `tickMs`, or say how far it came. */
export type ServerOrder = { readonly tickMs: number } | 'report'

/** How far it came: the number that every variable shows now, and the CPU time since the beginning, ms. */
export interface ServerReport {
  readonly ticks: number
  readonly cpuMs: number
}

const names = process.argv.slice(2)[0]!
const [machines = 0, signals = 0] = names.split('x').map(Number)
const server = await FakeOpcuaServer.start()
const tags = Array.from({ length: machines }, (_, m) =>
  Array.from({ length: signals }, (_, s) => `m${m + 1}.s${s + 1}`),
).flat()
for (const tag of tags) server.add(tag)

let ticks = 0
let timer: NodeJS.Timeout | undefined
process.on('message', (order: ServerOrder) => {
  if (order === 'report') {
    clearInterval(timer)
    const { user, system } = process.cpuUsage()
    process.send!({ ticks, cpuMs: (user + system) / 1000 } satisfies ServerReport)
    return
  }
  clearInterval(timer)
  const began = performance.now()
  const first = ticks
  timer = setInterval(() => {
    // What a busy machine has held up is made up for: the rate is what was asked for.
    while (ticks - first < (performance.now() - began) / order.tickMs) {
      ticks++
      const time = new Date()
      for (const tag of tags) server.set(tag, ticks, time)
    }
  }, order.tickMs)
})
process.on('disconnect', () => void server.stop().then(() => process.exit()))
process.send!(server.endpoint)
