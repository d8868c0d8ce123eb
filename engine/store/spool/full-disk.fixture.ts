import { execFileSync } from 'node:child_process'
import pino from 'pino'
import { SampleBatchBuilder } from '../../../schema/sample-batch.js'
import type { StoreError } from '../errors.js'
import { Spool } from './spool.js'

/* Appends under a limit on the size of files until it is refused, then with the limit lifted; says what happened. */

const spool = await Spool.open(
  { folder: process.argv[2]!, wall: { now: () => 0 }, logger: pino({ level: 'silent' }) },
  async () => ({ nextSample: 1, nextRecord: 1 }),
)
const append = (): number => {
  const builder = new SampleBatchBuilder()
  for (let i = 0; i < 100; i++) builder.push(1, i, i, i, 0)
  return spool.append({ source: 's', samples: builder.take() })
}

let refusal: StoreError | undefined
for (let i = 0; i < 100 && refusal === undefined; i++) {
  try {
    append()
  } catch (error) {
    refusal = error as StoreError
  }
}
execFileSync('prlimit', ['--fsize=unlimited', '--pid', String(process.pid)])
const accepted = append()
await spool.close()
process.stdout.write(JSON.stringify({ code: refusal?.code, message: refusal?.message, accepted }))
