import { StreamSession } from './stream-session.js'
import type { PageMessage } from './worker-messages.js'

/** Entry of the stream's worker: one session per page. */
const scope = self as unknown as DedicatedWorkerGlobalScope
let session: StreamSession | undefined

scope.onmessage = ({ data: message }: MessageEvent<PageMessage>) => {
  switch (message.kind) {
    case 'start':
      session ??= new StreamSession({
        base: message.base,
        pace: message.pace,
        post: (reply, transfer) => scope.postMessage(reply, transfer),
      })
      break
    case 'ready':
      session?.pageReady(message.spare)
      break
    case 'retry':
      session?.retry()
      break
    case 'visible':
      session?.setVisible(message.isVisible)
      break
  }
}
