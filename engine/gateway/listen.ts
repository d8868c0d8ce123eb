import type { TemplatedApp, us_listen_socket } from 'uWebSockets.js'
import { createServer } from 'node:net'
import { GatewayError } from './gateway-error.js'

/** uWebSockets.js listens with the other sockets of the port unless told not to (1 = LIBUS_LISTEN_EXCLUSIVE_PORT). */
type ListenExclusively = (
  host: string,
  port: number,
  options: 1,
  done: (socket: us_listen_socket | false) => void,
) => TemplatedApp

/** Listens on a port of its own; 0 = any free one. Throws GatewayError where it cannot be had; `settings` choose another. */
export async function listen(
  app: TemplatedApp,
  host: string,
  port: number,
  settings = '--port or GEMBA_PORT',
): Promise<us_listen_socket> {
  // The typings lack the form with both a host and options.
  const listenExclusively = app.listen.bind(app) as unknown as ListenExclusively
  const socket = await new Promise<us_listen_socket | false>(resolve => {
    listenExclusively(host, port, 1, resolve)
  })
  if (socket !== false) return socket
  app.close()
  throw await whyNot(host, port, settings)
}

/** uWebSockets.js does not say why it cannot listen; Node does. */
async function whyNot(host: string, port: number, settings: string): Promise<GatewayError> {
  const cause = await new Promise<NodeJS.ErrnoException | undefined>(resolve => {
    const probe = createServer()
    probe.once('error', resolve)
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)))
  })
  if (cause === undefined || cause.code === 'EADDRINUSE') {
    return new GatewayError(
      'port-in-use',
      `Port ${port} on ${host} is in use. Stop what listens there, or choose another with ${settings}.`,
      { cause },
    )
  }
  return new GatewayError(
    'cannot-listen',
    `Cannot listen on ${host}:${port} (${cause.code ?? cause.message}). Choose another address with --host and --port.`,
    { cause },
  )
}
