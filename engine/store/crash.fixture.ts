import pino from 'pino'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { openStore } from './store.js'

/*
 * Appends for ever and says after each append which sample was accepted last; killed by the test at some moment.
 * Arguments: data folder, value of the first sample.
 */

const store = await openStore({
  dataDir: process.argv[2]!,
  logger: pino({ level: 'silent' }),
  wall: { now: () => Date.now() },
  spool: { segmentSamples: 500, sealAfterMs: 20 },
})
let value = Number(process.argv[3])
const appendSome = (): void => {
  for (let i = 0; i < 5; i++) {
    const builder = new SampleBatchBuilder()
    for (let j = 0; j < 20; j++) builder.push(1, 1_000_000 + value + j, 0, value + j, 0)
    store.append({ source: 's', samples: builder.take() })
    value += 20
  }
  process.stdout.write(`${value}\n`, () => setImmediate(appendSome))
}
appendSome()
