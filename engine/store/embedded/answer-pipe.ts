import { execFile } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { promisify } from 'node:util'

/** What takes an answer piece by piece; the next piece waits until it is done. It must not fail: the rest would stick. */
export type TakePiece = (piece: Buffer) => Promise<void>

const execFileDone = promisify(execFile)

/**
 * A named pipe between the engine, which writes an answer as into a file, and whoever takes it. So an answer of any
 * format and size goes through in pieces of some kilobytes, on a thread of the engine's. (Its own streams work out a
 * query's subqueries on the main thread, where inserts would wait, and frame each piece of most formats as a whole.)
 */
export class AnswerPipe {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  static async make(path: string): Promise<AnswerPipe> {
    await execFileDone('mkfifo', ['-m', '600', path])
    return new AnswerPipe(path)
  }

  /** Takes what `work` writes into the pipe; ends when `work` has and the pipe is empty. */
  async carry<T>(work: () => Promise<T>, take: TakePiece): Promise<T> {
    const socket = new Socket({
      fd: openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK),
      readable: true,
      writable: false,
    })
    // As long as somebody holds the other end, an empty pipe is not an ended one.
    const holder = openSync(this.path, constants.O_WRONLY | constants.O_NONBLOCK)
    const taken = takeAll(socket, take)
    try {
      return await work()
    } finally {
      closeSync(holder)
      await taken
    }
  }
}

async function takeAll(socket: Socket, take: TakePiece): Promise<void> {
  for await (const piece of socket as AsyncIterable<Buffer>) await take(piece)
}
