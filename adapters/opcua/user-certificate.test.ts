import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Secret } from '../../schema/secret.js'
import { makeCertificate } from './fake-server.js'
import { readUserCertificate } from './user-certificate.js'

let folder: string
let file: string
let key: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-user-'))
  const made = await makeCertificate(folder)
  file = made.certificate
  key = made.key
}, 30_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const variables: Record<string, string> = { SESAME: 'open sesame', WRONG: 'shut' }
const readSecret = (place: Secret): string =>
  'env' in place ? variables[place.env]! : readFileSync(place.file, 'utf8')
const put = (name: string, content: string | Buffer): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const encrypted = () =>
  put(
    'encrypted.key',
    createPrivateKey(readFileSync(key)).export({
      ...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' },
    }),
  )

describe('a user certificate', () => {
  it('is read as PEM or DER, with a key in PKCS #1 or #8, encrypted or not', () => {
    const { raw } = new X509Certificate(readFileSync(file))
    const expected = {
      certificateData: raw,
      privateKey: expect.stringMatching(/^-----BEGIN PRIVATE KEY-----/),
    }
    const old = createPrivateKey(readFileSync(key)).export({ type: 'pkcs1', format: 'pem' })
    const passphrase = { env: 'SESAME' }
    for (const given of [
      { file, key: { file: key } },
      { file: put('user.der', raw), key: { file: put('old.key', old) } },
      { file, key: { file: encrypted() }, passphrase },
    ])
      expect(readUserCertificate(given, readSecret)).toEqual(expected)
  })

  it('says what is wrong with it', () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const otherKey = put('other.key', other.export({ type: 'pkcs8', format: 'pem' }))
    const said = (given: Parameters<typeof readUserCertificate>[0]): string => {
      try {
        readUserCertificate(given, readSecret)
        return 'nothing'
      } catch (error) {
        return (error as Error).message.replaceAll(folder, '')
      }
    }
    const of = { file }
    expect([
      said({ file: join(folder, 'none.pem'), key: { file: key } }),
      said({ file: key, key: { file: key } }),
      said({ ...of, key: { file } }),
      said({ ...of, key: { env: 'WRONG' } }),
      said({ ...of, key: { file: otherKey } }),
      said({ ...of, key: { file: encrypted() } }),
      said({ ...of, key: { file: encrypted() }, passphrase: { env: 'WRONG' } }),
    ]).toEqual([
      'The user certificate /none.pem cannot be read (ENOENT). Check the path and who may read it.',
      expect.stringMatching(/ is no certificate\. A user certificate is a file in PEM or DER\.$/),
      expect.stringMatching(/^There is no private key in .*\. That of a user certificate is in PEM\.$/),
      'There is no private key in the variable WRONG. That of a user certificate is in PEM.',
      expect.stringMatching(
        /^The key in \/other\.key is not that of the user certificate .*belong together\.$/,
      ),
      'The key in /encrypted.key is encrypted, and no passphrase is given. Say beside it where that is: passphrase.',
      'The key in /encrypted.key is encrypted, and the passphrase does not open it. Check it.',
    ])
  })
})
