import { readFileSync } from 'node:fs'
import { AdapterError } from '../../adapters/contract.js'
import type { ReadSecret, Secret } from '../../schema/secret.js'

/**
 * Reads a secret from the environment or from a file, anew at each call, so that a password mended while the engine
 * runs counts at the next attempt. The line break that editors put at the end of a file is not part of the secret.
 * Throws AdapterError; its message names the place and never what is there.
 */
export function secretReader(env: NodeJS.ProcessEnv): ReadSecret {
  return (place: Secret) => {
    if ('env' in place) {
      const value = env[place.env]
      if (value !== undefined && value !== '') return value
      const fix = 'Set it where the engine is started.'
      throw new AdapterError('not-connected', `The secret in the variable ${place.env} is not set. ${fix}`)
    }
    return readSecretFile(place.file)
  }
}

function readSecretFile(path: string): string {
  try {
    const value = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    if (value !== '') return value
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const message = `The secret in the file ${path} cannot be read (${code}). Check the path and who may read it.`
    throw new AdapterError('not-connected', message, { cause })
  }
  throw new AdapterError('not-connected', `The secret in the file ${path} is empty. Write it there.`)
}
