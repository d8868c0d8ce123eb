import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AdapterError } from '../../adapters/contract.js'
import { secret } from '../../schema/secret.js'
import { secretReader } from './read-secret.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-secret-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a secret', () => {
  it('is read from the environment, as it is now', () => {
    const env: NodeJS.ProcessEnv = { PLC: 'first ' }
    const read = secretReader(env)
    expect(read({ env: 'PLC' })).toBe('first ')
    env.PLC = 'second'
    expect(read({ env: 'PLC' })).toBe('second')
  })

  it('is read from a file, without the line break at its end', () => {
    const file = join(folder, 'password')
    writeFileSync(file, ' two words \r\n')
    expect(secretReader({})({ file })).toBe(' two words ')
  })

  it.each([
    ['a variable that is not set', { env: 'PLC' }, 'The secret in the variable PLC is not set.'],
    [
      'a file that is not there',
      { file: '/nowhere' },
      'The secret in the file /nowhere cannot be read (ENOENT).',
    ],
    ['an empty file', { file: '/dev/null' }, 'The secret in the file /dev/null is empty.'],
  ])('that is missing is told by its place: %s', (_, place, message) => {
    const read = () => secretReader({})(place)
    expect(read).toThrow(AdapterError)
    expect(read).toThrow(message)
  })

  it.each([['hunter2'], [{ env: 'A', file: 'b' }], [{ password: 'hunter2' }]])(
    'is never written in the clear: %o',
    given => {
      expect(secret.safeParse(given).error?.issues[0]?.message).toContain('{ env: NAME } or { file: path }')
    },
  )
})
