import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/**
 * Threads and processes load modules by URL, from sources (tests, development) or from the build. These two say which
 * file that is and what Node needs to load it.
 */
const isSource = (from: string): boolean => from.endsWith('.ts')

/** URL of the module `name` (relative, without an extension) as seen from the module `from`. */
export function moduleUrl(name: string, from: string): string {
  return new URL(`${name}${isSource(from) ? '.ts' : '.js'}`, from).href
}

/** Arguments for a Node that runs a module found from `from`. */
export function sourceExecArgv(from: string): string[] {
  return isSource(from) ? ['--import', pathToFileURL(createRequire(from).resolve('tsx')).href] : []
}
