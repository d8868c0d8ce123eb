import type { AddressInfo } from 'node:net'
import { makeHttpInterface } from './http-interface.js'
import type { FromChild, ToChild } from './messages.js'
import { Sessions } from './sessions.js'

/*
 * The embedded database in a process of its own: a crash of the native engine costs a restart of this process, and
 * nothing of what was accepted. Started by embedded.ts, told everything over the channel to it.
 */

// Nobody to work for: let go of the folder at once, so that the next start finds it free. What was accepted is safe.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
// Ctrl-C reaches the whole group; the engine decides when this process goes, after the last rows are in.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)

let stop: (() => Promise<void>) | undefined

process.on('message', (message: ToChild) => {
  if (message.kind === 'start') {
    start(message).then(undefined, (error: unknown) => {
      tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
    })
  } else {
    Promise.resolve(stop?.()).then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
})

async function start(options: Extract<ToChild, { kind: 'start' }>): Promise<void> {
  const sessions = await Sessions.open(options)
  const server = makeHttpInterface(sessions, options.secret)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  stop = async () => {
    server.close()
    server.closeIdleConnections()
    // Running queries are ended and say so; a client that takes nothing of its answer holds up nobody.
    const impatient = setTimeout(() => server.closeAllConnections(), 2_000)
    await sessions.close()
    clearTimeout(impatient)
  }
  tell({ kind: 'listening', port: (server.address() as AddressInfo).port })
}

function tell(message: FromChild): void {
  process.send?.(message)
}
