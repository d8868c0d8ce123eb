import { TestClient } from '../engine/gateway/test-client.js'
import { StreamClient } from '../schema/stream/client.js'

/** What a client of the whole floor has seen. */
export interface ProbeReport {
  readonly frames: number
  readonly bytes: number
  readonly gaps: number
  /** Values of a signal that did not grow though they should. */
  readonly disorders: number
  /** Newest number by signal index. */
  readonly newest: readonly (readonly [signal: number, value: number])[]
  /** Sorted latencies from source time to here of every value shown, ms, thinned. */
  readonly latencies: readonly number[]
}

const [port] = process.argv.slice(2)
const socket = await TestClient.open(Number(port))
const client = new StreamClient({ random: Math.random })
const newest = new Map<number, number>()
const latencies: number[] = []
let disorders = 0
let seen = 0

process.on('message', () => {
  const report: ProbeReport = {
    frames: client.counts.frames,
    bytes: socket.bytes,
    gaps: client.counts.gaps,
    disorders,
    newest: [...newest],
    latencies: latencies.sort((a, b) => a - b),
  }
  process.send?.(report)
})
process.send?.('ready')

for (let before = 0; ; before = socket.bytes) {
  const frame = await socket.nextOfAny()
  if (frame === undefined) break
  const now = Date.now()
  const { send, applied } = client.receive(frame, socket.bytes - before, performance.now())
  for (const answer of send) socket.send(answer)
  for (const { kind, signals } of applied) {
    for (let i = 0; i < signals.index.length; i++) {
      const index = signals.index[i]!
      const value = signals.value[i]!
      if (Number.isNaN(value)) continue
      const known = newest.get(index)
      if (known !== undefined && kind === 'delta' && value < known) disorders++
      newest.set(index, value)
      // Every seventh is plenty for a percentile, and keeps the probe small.
      if (kind === 'delta' && seen++ % 7 === 0) latencies.push(now - signals.sourceTime[i]!)
    }
  }
}
