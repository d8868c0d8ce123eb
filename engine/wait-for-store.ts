import { once } from 'node:events'
import { EngineError, startGivenUp } from './errors.js'
import type { Store } from './store/store.js'

/** Waits for the database; not for ever, because without it nobody knows where the twins stood. */
export async function storeReady(
  store: Pick<Store, 'ready' | 'url'>,
  patienceMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const impatience = once(AbortSignal.timeout(patienceMs), 'abort').then(() => {
    const message = `For ${patienceMs / 1000} s ClickHouse at ${store.url} did not answer. Check the address and that it runs; what was accepted is kept.`
    throw new EngineError('store-unavailable', message)
  })
  const what = `ClickHouse at ${store.url} did not answer`
  await untilStopped(Promise.race([store.ready, impatience]), signal, what)
}

/** What comes of it, unless the start is given up before: much that waits in the spool takes its time to be read. */
export async function untilStopped<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  what = 'what waits in the spool was brought to the database',
): Promise<T> {
  if (signal === undefined) return work
  const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort')
  return Promise.race([
    work,
    stopped.then(() => {
      throw startGivenUp(what)
    }),
  ])
}
