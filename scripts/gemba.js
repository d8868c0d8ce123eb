#!/usr/bin/env node
// The command line: builds what is stale, then runs it. Ctrl-C asks it to finish; a second one insists.
import { readFileSync } from 'node:fs'
import { build } from './build.js'

if (['--version', '-V'].includes(process.argv[2])) {
  console.log(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version)
  process.exit(0)
}
if (!(await build({ log: line => process.stderr.write(`${line}\n`) }))) process.exit(70)

const { main } = await import('../dist/engine/cli/main.js')
// `gemba browse … | head` has seen enough.
process.stdout.on('error', error => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})
const stop = new AbortController()
let askedAt = 0
for (const name of ['SIGINT', 'SIGTERM']) {
  process.on(name, () => {
    // Ctrl-C reaches a whole process group, and npm passes it on once more: that is one wish, not two.
    if (stop.signal.aborted && Date.now() - askedAt > 1000) process.exit(130)
    askedAt ||= Date.now()
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
