import type { Reject } from '../schema/records.js'
import { asCame } from './shown.js'

/**
 * Lets a codec read an input, and answers with the reject of one that made it throw; nothing else comes of that: what was
 * read before it stays, the stream goes on, and the input counts as read, so that no broker sends it again and again.
 * `time`: of its receipt, Unix ms UTC. No input should ever make a codec throw; that none may stop the engine is not left
 * to that.
 */
export function guarded(source: string, time: number, input: unknown, read: () => void): Reject | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const reason = `What came could not be read, which is a fault of this program and not of the source (${why}). It was left out; please report it with what came.`
    return { source, time, rule: 'codec.failed', reason, raw: asCame(input) }
  }
}
