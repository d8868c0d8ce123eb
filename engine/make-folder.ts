import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { EngineError } from './errors.js'

/** Step by step: Node's own recursive form never ends where a file system answers ENOENT to mkdir, as /proc does. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return
  if (dirname(path) !== path) makeFolder(dirname(path))
  mkdirSync(path)
}

/** The same for what somebody wants to have there. Throws EngineError `bad-input` where nothing can be written into it. */
export function makeOutputFolder(path: string): void {
  try {
    makeFolder(path)
    if (!statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' })
    accessSync(path, constants.W_OK | constants.X_OK)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'ENOTDIR' || code === 'EEXIST' ? 'there is a file in its place' : code
    const message = `Nothing can be written into the folder ${path}: ${why}. Choose another, or make it writable for this user.`
    throw new EngineError('bad-input', message, { cause })
  }
}
