import type {
  HttpRequest,
  HttpResponse,
  us_socket_context_t,
  WebSocket,
  WebSocketBehavior,
} from 'uWebSockets.js'
import { maxClientFrame, maxServerFrame, subprotocol } from '../../schema/stream/protocol.js'
import { problemResponse } from '../api/problem.js'
import type { ReplayDesk } from './replay-desk.js'
import type { StreamHub } from './stream-hub.js'
import type { StreamSocket } from './subscriber.js'
import { isTrustedHost, isTrustedOrigin } from './trusted-host.js'
import { contentOf, writeResponse } from './write-response.js'

/** A frame may be this much over the limit and still be told so; beyond it the connection is cut. */
const toleratedFrame = 4 * maxClientFrame
/** A connection that says nothing, not even a pong, is closed after this, s. */
const idleTimeout = 32

interface Connection {
  socket: StreamSocket | undefined
}

export interface StreamEndpointOptions {
  /** Where clients are let in. */
  readonly hub: StreamHub
  /** Knows in which hub a client is now. */
  readonly desk: Pick<ReplayDesk, 'hubOf' | 'closed' | 'clientCount'>
  /** Address the gateway is bound to. */
  readonly host: string
  readonly maxClients: number
}

/** `/api/v1/stream`: who may connect, and what passes between the socket and the hub. */
export function streamEndpoint(options: StreamEndpointOptions): WebSocketBehavior<Connection> {
  const { hub, desk } = options
  return {
    maxPayloadLength: toleratedFrame,
    // A frame larger than this cannot be; what a slow client holds is bounded by the hub, long before.
    maxBackpressure: 2 * maxServerFrame,
    idleTimeout,
    sendPingsAutomatically: true,
    upgrade: (res, req, context) => upgrade(res, req, context, options),
    open(ws) {
      const socket = streamSocket(ws)
      ws.getUserData().socket = socket
      hub.open(socket)
    },
    message(ws, message, isBinary) {
      const { socket } = ws.getUserData()
      if (socket === undefined) return
      if (isBinary) desk.hubOf(socket).hear(socket, new Uint8Array(message))
      else desk.hubOf(socket).refuse(socket, 'bad-frame', 'A text frame; the stream is binary.')
    },
    close(ws) {
      const { socket } = ws.getUserData()
      if (socket !== undefined) desk.closed(socket)
    },
  }
}

/** A request for the stream that is no WebSocket handshake. */
export function upgradeRequired(): Response {
  return problemResponse(426, `This is the stream: connect with a WebSocket, subprotocol '${subprotocol}'.`, {
    instance: '/api/v1/stream',
    headers: { upgrade: 'websocket' },
  })
}

function upgrade(
  res: HttpResponse,
  req: HttpRequest,
  context: us_socket_context_t,
  { desk, host: boundTo, maxClients }: StreamEndpointOptions,
): void {
  const host = req.getHeader('host')
  const protocols = req.getHeader('sec-websocket-protocol')
  if (!isTrustedHost(host, boundTo) || !isTrustedOrigin(req.getHeader('origin'), host)) {
    reject(res, 403, 'Pages of another origin may not read the stream.')
  } else if (!protocols.split(',').some(name => name.trim() === subprotocol)) {
    reject(res, 400, `The stream speaks the WebSocket subprotocol '${subprotocol}'; offer it.`)
  } else if (desk.clientCount >= maxClients) {
    reject(res, 503, `${maxClients} clients are connected, as many as are allowed. Try again later.`)
  } else {
    const connection: Connection = { socket: undefined }
    res.upgrade(
      connection,
      req.getHeader('sec-websocket-key'),
      subprotocol,
      req.getHeader('sec-websocket-extensions'),
      context,
    )
  }
}

/** No handshake: a problem document instead. */
function reject(res: HttpResponse, status: number, detail: string): void {
  let isAborted = false
  res.onAborted(() => {
    isAborted = true
  })
  const response = problemResponse(status, detail, { instance: '/api/v1/stream' })
  void contentOf(response).then(content => {
    if (!isAborted) writeResponse(res, response, content, { hangUp: true })
  })
}

function streamSocket(ws: WebSocket<Connection>): StreamSocket {
  return {
    send: frame => ws.send(frame, true, false),
    bufferedAmount: () => ws.getBufferedAmount(),
    cork: sends => {
      ws.cork(sends)
    },
    close: (code, reason) => ws.end(code, reason),
  }
}
