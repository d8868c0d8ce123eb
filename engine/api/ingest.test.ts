import fc from 'fast-check'
import pino from 'pino'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Post } from '../../adapters/contract.js'
import { fuzzRuns } from '../../adapters/fuzz-runs.js'
import { Inbox } from '../pipeline/inbox.js'
import { addIngestRoute } from './ingest.js'
import { createRouter, refuseOtherMethods } from './router.js'

const token = 'gemba_good'

function ground(
  sources: readonly string[] = ['gateway'],
  answer: 'accepted' | 'busy' | 'nobody' | 'late' = 'accepted',
) {
  const inbox = new Inbox(sources)
  const taken: Post[] = []
  for (const source of answer === 'nobody' ? [] : sources) {
    inbox.posts(source)!.subscribe(post => {
      taken.push(post)
      const samples = post.entries.length
      if (answer === 'late') return
      post.answer(answer === 'busy' ? { kind: 'busy' } : { kind: 'accepted', samples, problems: [] })
    })
  }
  const router = createRouter(pino({ level: 'silent' }))
  const entry = { id: '1', name: '', role: 'ingest' as const, hash: '', created: '' }
  addIngestRoute(router, { inbox, tokens: { find: given => (given === token ? entry : undefined) } })
  refuseOtherMethods(router)
  const send = async (body: string, headers: Record<string, string> = {}, query = '') => {
    const init = { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers }
    const answer = await router.request(`/api/v1/ingest${query}`, { method: 'POST', body, headers: init })
    return {
      status: answer.status,
      body: (await answer.json()) as Record<string, unknown>,
      headers: answer.headers,
    }
  }
  return { send, taken, router }
}
const one = '[{"signal":"press.load","value":1}]'

describe('POST /api/v1/ingest', () => {
  it.each([
    ['a list', one, 'application/json', 1],
    ['one entry', '{"signal":"a","value":1}', 'application/json; charset=utf-8', 1],
    [
      'samples and events',
      '{"samples":[{"tag":"a","value":1}],"events":[{"tag":"b","value":"x"}]}',
      'application/json',
      2,
    ],
    ['lines', '{"tag":"a","value":1}\n\n{"tag":"b","value":2}\n', 'application/x-ndjson', 2],
    ['a line that is no JSON among others', '{"tag":"a","value":1}\nrubbish\n', 'application/x-ndjson', 2],
  ])('takes %s', async (_, body, type, entries) => {
    const { send, taken } = ground()
    expect(await send(body, { 'content-type': type })).toMatchObject({
      status: 202,
      body: { accepted: entries },
    })
    expect(taken[0]?.bytes).toBe(Buffer.byteLength(body))
  })

  it.each(['application/json', 'application/x-ndjson'])(
    'hands on no whole number that a double would round, in %s',
    async type => {
      const { send, taken } = ground()
      await send('{"signal":"a","value":9007199254740993}', { 'content-type': type })
      expect(taken[0]?.entries).toEqual([{ signal: 'a', value: '9007199254740993' }])
    },
  )

  it.each([
    ['no token', ''],
    ['another token', 'Bearer gemba_bad'],
    ['another scheme', `Basic ${token}`],
  ])('refuses %s', async (_, authorization) => {
    const { send, taken } = ground()
    const answer = await send(one, { authorization })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect(answer.body.detail).toContain('gemba token create --role ingest')
    expect(taken).toEqual([])
  })

  it.each([
    ['garbage', 'application/json', 422],
    ['{"samples": 7}', 'application/json', 422],
    ['{"samples":[{"tag":"a","value":1}],"event":[{"tag":"b","value":"x"}]}', 'application/json', 422],
    ['{"tag":"a","value":1,"samples":[]}', 'application/json', 422],
    ['7', 'application/json', 422],
    [one, 'text/csv', 415],
  ])('refuses the body %s of %s with %i', async (body, type, status) => {
    const { send, taken } = ground()
    expect((await send(body, { 'content-type': type })).status).toBe(status)
    expect(taken).toEqual([])
  })

  it('needs to be told which source, where there are several', async () => {
    const { send } = ground(['a', 'b'])
    expect(await send(one)).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('one of a, b') },
    })
    expect((await send(one, {}, '?source=b')).status).toBe(202)
    expect((await send(one, {}, '?source=c')).status).toBe(404)
  })

  it('says so where the plant has no source to post to, or it is stopped', async () => {
    expect((await ground([]).send(one)).body.detail).toContain('adapter: push')
    const { send } = ground(['gateway'], 'nobody')
    expect(await send(one)).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('is stopped') },
    })
  })

  it('asks to come again while nothing more can be kept', async () => {
    const { send } = ground(['gateway'], 'busy')
    const answer = await send(one)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
  })

  it('takes a post of which nobody was told once, however often it is posted, and the next as one of its own', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const { send, taken } = ground(['gateway'], 'late')
    const late = async (body: string) => {
      const answer = send(body)
      await vi.advanceTimersByTimeAsync(10_000)
      return answer
    }
    for (let i = 0; i < 2; i++)
      expect(await late(one)).toMatchObject({
        status: 503,
        body: { detail: expect.stringContaining('not taken twice') },
      })
    expect(taken).toHaveLength(1)
    expect((await late(one.replace('1}', '2}'))).status).toBe(503)
    expect(taken).toHaveLength(2)
    taken[0]!.answer({ kind: 'accepted', samples: 1, problems: [] })
    expect(await send(one)).toMatchObject({ status: 202, body: { accepted: 1 } })
    expect(taken).toHaveLength(2)
    expect((await late(one)).status).toBe(503)
    expect(taken).toHaveLength(3)
  })

  it('answers other methods with 405, token or not', async () => {
    const { router } = ground()
    expect((await router.request('/api/v1/ingest')).status).toBe(405)
  })

  it('takes any body whole, line by line, or nothing of it', async () => {
    const { send, taken } = ground()
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"value"',
      ':',
      ',',
      '1',
      'null',
      '\n',
      '\r\n',
      ' ',
      '{"value":1}',
    )
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.array(token, { maxLength: 12 }).map(tokens => tokens.join('')),
    )
    await fc.assert(
      fc.asyncProperty(body, fc.boolean(), async (text, isLines) => {
        taken.length = 0
        const type = isLines ? 'application/x-ndjson' : 'application/json'
        const { status } = await send(text, { 'content-type': type })
        const lines = text.split('\n').filter(line => line.trim() !== '')
        if (isLines) expect([status, taken[0]?.entries.length]).toEqual([202, lines.length])
        else expect(status).toBe(taken.length === 1 ? 202 : 422)
      }),
      { numRuns: fuzzRuns },
    )
  })
})
