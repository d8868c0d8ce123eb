import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FakeOpcuaServer, makeCertificate } from '../../adapters/opcua/fake-server.js'
import { browseCommand } from './browse.js'

let server: FakeOpcuaServer
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-browse-'))
  server = await FakeOpcuaServer.start({ users: { gemba: 'sesame' } })
  const { DataType } = server.opcua
  server.addFolder('Line1')
  server.addFolder('Line1.Press1', 'Line1')
  server.add('Line1.Press1.Load', DataType.Double, 'Line1.Press1')
  server.add('Line1.Press1.State', DataType.String, 'Line1.Press1')
  server.set('Line1.Press1.Load', 41.5, new Date(Date.UTC(2026, 0, 1)))
  server.set('Line1.Press1.State', 'ACTIVE', new Date(), server.opcua.StatusCodes.UncertainLastUsableValue)
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function run(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await browseCommand.run([...args], {
    out: line => out.push(line),
    err: line => err.push(line),
    signal: new AbortController().signal,
    env: { GEMBA_DATA: folder, SESAME: 'sesame' },
  })
  return { code, out, err }
}
const asUser = ['--user', 'gemba', '--password-env', 'SESAME']

describe('gemba browse', () => {
  it('shows the tree with types, values and the node ids that a plant file takes', async () => {
    expect(await run(server.endpoint, ...asUser, '--values', '--node', 'ns=1;s=Line1')).toEqual({
      code: 0,
      err: [],
      out: [
        'Press1                                              ns=1;s=Line1.Press1',
        '  Load   Double  41.5                               ns=1;s=Line1.Press1.Load',
        '  State  String  ACTIVE (UncertainLastUsableValue)  ns=1;s=Line1.Press1.State',
      ],
    })
  })

  it('goes as deep as it is told, and leaves out what every server has of itself', async () => {
    const { out } = await run(server.endpoint, ...asUser, '--depth', '2')
    expect(out.map(line => line.trim().split(/ +/)[0])).toEqual(['Plant', 'Line1'])
  })

  it('is known by a certificate', async () => {
    const { certificate, key } = await makeCertificate(folder)
    const asReader = ['--user-certificate', certificate, '--user-key-file', key]
    expect(await run(server.endpoint, ...asReader, '--node', 'ns=1;s=Line1')).toMatchObject({
      code: 0,
      err: [],
    })
  })

  it('writes JSON, a node a line', async () => {
    const { out } = await run(
      server.endpoint,
      ...asUser,
      '--values',
      '--json',
      '--node',
      'ns=1;s=Line1.Press1',
    )
    expect(JSON.parse(out[0]!)).toEqual({
      path: 'Load',
      nodeId: 'ns=1;s=Line1.Press1.Load',
      kind: 'variable',
      dataType: 'Double',
      value: '41.5',
      status: 'Good',
      time: '2026-01-01T00:00:00.000Z',
    })
  })

  it('says when there is more than was asked for', async () => {
    const { out, err } = await run(server.endpoint, ...asUser, '--limit', '1')
    expect(out).toHaveLength(1)
    expect(err).toEqual(['There is more than 1 nodes: begin further down with --node, or raise --limit.'])
  })

  it('shows what the server offers, and trusts it once', async () => {
    const secure = [server.endpoint, ...asUser, '--security', 'Basic256Sha256', '--node', 'ns=1;s=Line1']
    const before = await run(...secure)
    expect([before.code, before.err[0]]).toEqual([
      1,
      expect.stringContaining(`trust it once: gemba browse ${server.endpoint} --trust`),
    ])
    const offered = await run(server.endpoint, '--endpoints')
    expect(offered.out.join('\n')).toMatch(/^None +None +UserName, Certificate/m)
    expect(offered.out.join('\n')).toMatch(/^Aes256_Sha256_RsaPss +SignAndEncrypt/m)
    const trusted = await run(server.endpoint, '--trust')
    expect(trusted.out.slice(-2)).toEqual([
      expect.stringMatching(/^thumbprint {3}[0-9A-F]{40}$/),
      expect.stringContaining('Trusted from now on'),
    ])
    expect(await run(...secure)).toMatchObject({ code: 0, err: [] })
  })

  it.each([
    [[], 2, 'browse: name the server'],
    [['http://plc'], 2, 'browse: endpoint: not an address'],
    [['opc.tcp://plc', '--depth', '0'], 2, 'browse: --depth 0 is not a number from 1'],
    [['opc.tcp://plc', '--user', 'a'], 2, 'browse: --user goes with --password-env or --password-file'],
    [
      ['opc.tcp://plc', '--user-certificate', 'a.pem'],
      2,
      'browse: --user-certificate goes with --user-key-env or --user-key-file',
    ],
    [
      ['opc.tcp://127.0.0.1:1', '--user-certificate', '/nowhere.pem', '--user-key-env', 'SESAME'],
      1,
      'The user certificate /nowhere.pem cannot be read (ENOENT)',
    ],
    [
      ['opc.tcp://plc', '--security', 'Basic128Rsa15'],
      2,
      'browse: security: Basic128Rsa15 is no longer secure',
    ],
    [['opc.tcp://127.0.0.1:1'], 1, 'opc.tcp://127.0.0.1:1 refused the connection'],
  ])('answers %s with exit code %i', async (args, code, message) => {
    const answer = await run(...args)
    expect([answer.code, answer.err[0]]).toEqual([code, expect.stringContaining(message)])
  })
})
