#!/usr/bin/env node
// The command line: builds what is stale, then runs it. Ctrl-C asks it to finish; a second one insists.
import { readFileSync } from 'node:fs'
import { build } from './build.js'

// `gemba browse … | head` has seen enough.
process.stdout.on('error', error => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})
/** Ends once all that was said is taken: a pipe that is full takes the rest only as its reader reads. */
async function end(code) {
  const taken = [process.stdout, process.stderr].map(stream => new Promise(done => stream.write('', done)))
  await Promise.all(taken)
  process.exit(code)
}

if (['--version', '-V'].includes(process.argv[2])) {
  console.log(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version)
  await end(0)
}
if (!(await build({ log: line => process.stderr.write(`${line}\n`) }))) await end(70)

const { main } = await import('../dist/engine/cli/main.js')
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
await end(code)
