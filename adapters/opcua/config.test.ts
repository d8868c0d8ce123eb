import { describe, expect, it } from 'vitest'
import { opcuaOptions } from './config.js'

const endpoint = 'opc.tcp://plc:4840/path'
const problems = (options: Record<string, unknown>) =>
  opcuaOptions
    .safeParse({ endpoint, ...options })
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)

describe('the options of an OPC UA source', () => {
  it.each(['Basic128Rsa15', 'Basic256'])('refuse %s, and say why', security => {
    expect(problems({ security })).toEqual([
      `security: ${security} is no longer secure (it rests on SHA-1; withdrawn by the OPC Foundation); use Basic256Sha256`,
    ])
  })

  it.each([
    [
      'http://plc:4840',
      'endpoint: not an address: write opc.tcp://host:4840, with the path the server asks for',
    ],
    ['opc.tcp://', 'endpoint: not an address: write opc.tcp://host:4840, with the path the server asks for'],
  ])('refuse the address %s', (wrong, problem) => {
    expect(problems({ endpoint: wrong })).toEqual([problem])
  })

  it.each(['opc.tcp://10.0.0.1', 'opc.tcp://plc.example:49320/a/b', 'opc.tcp://[fe80::1]:4840'])(
    'take the address %s',
    right => expect(problems({ endpoint: right })).toBeUndefined(),
  )

  it('refuse what does not go together', () => {
    expect(problems({ mode: 'Sign' })).toEqual([
      'mode: Sign needs a security policy; add security: Basic256Sha256',
    ])
    const user = { name: 'a', password: { env: 'B' } }
    const userCertificate = { file: 'a.pem', key: { file: 'a.key' } }
    expect(problems({ user, userCertificate })).toEqual([
      'userCertificate: a session has one identity; give user or userCertificate',
    ])
  })

  it('hold no password', () => {
    expect(problems({ user: { name: 'a', password: 'hunter2' } })?.join()).toContain('{ env: NAME }')
  })
})
