#!/usr/bin/env node
// The command line: builds what is stale, then runs it. Ctrl-C asks it to finish; a second one insists.
import { build } from './build.js'

if (!build({ log: line => process.stderr.write(`${line}\n`) })) process.exit(70)

const { main } = await import('../dist/engine/cli/main.js')
const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM']) {
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(130)
    stop.abort()
  })
}
const code = await main(process.argv.slice(2), {
  out: line => process.stdout.write(`${line}\n`),
  err: line => process.stderr.write(`${line}\n`),
  signal: stop.signal,
  env: process.env,
})
process.exit(code)
