import pino from 'pino'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { openStore } from './store.js'

/*
 * Accepts 20,000 numbered samples a second for ever and says after each append how many were accepted; killed by the
 * test at some moment. SIGTERM ends it in order. Arguments: data folder, and after how many appends its clock jumps an
 * hour back (0 = never).
 */

const batchSamples = 1_000
const batchMs = 50
const [folder, jumpAfter] = [process.argv[2]!, Number(process.argv[3])]
let appends = 0
const wall = { now: () => Date.now() - (jumpAfter > 0 && appends >= jumpAfter ? 3_600_000 : 0) }
const store = await openStore({
  dataDir: folder,
  logger: pino({ level: 'silent' }),
  wall,
  spool: { segmentSamples: 4_000, sealAfterMs: 100 },
})
// Sequence numbers begin at 1: a sample's value is its number less one, over all lives.
let value = store.status().accepted
const appendSome = (): void => {
  const builder = new SampleBatchBuilder()
  for (let j = 0; j < batchSamples; j++) builder.push(j % 7, 1_000_000 + value + j, 0, value + j, 0)
  store.append({ source: 's', samples: builder.take() })
  appends++
  value += batchSamples
  process.stdout.write(`${value}\n`)
}
const timer = setInterval(appendSome, batchMs)
process.on('SIGTERM', () => {
  clearInterval(timer)
  void store.close().then(() => process.exit(0))
})
