import { createHash } from 'node:crypto'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { PostAnswer } from '../../adapters/contract.js'
import { parseExactly } from '../../adapters/exact.js'
import type { Inbox } from '../pipeline/inbox.js'
import type { TokenBook } from '../tokens/token-book.js'
import { ApiError } from './api-error.js'
import { jsonAnswer, problemAnswer } from './router.js'

/** Entries told of in an answer at the most; all are counted. */
const mostProblems = 20
/** How long a post waits to be accepted. */
const patienceMs = 10_000
/** Most posts that are remembered because nobody was told of their end. */
const mostOpen = 1_000

export interface IngestContext {
  readonly inbox: Inbox
  readonly tokens: Pick<TokenBook, 'find'>
}

const entrySchema = z
  .strictObject({
    signal: z.string().optional().describe('Id of the signal, such as press-01.vibration'),
    tag: z.string().optional().describe('Or the source’s own name for it'),
    value: z.union([z.number(), z.string(), z.boolean(), z.null()]).describe('null = no value'),
    unit: z.string().optional().describe('Where it is not that of the signal: °F, psi'),
    time: z
      .union([z.string(), z.number()])
      .optional()
      .describe('ISO 8601 with zone, or Unix ms; now if left out, and no 0'),
    quality: z.enum(['good', 'uncertain', 'bad']).optional().describe('good if left out'),
  })
  .openapi('IngestEntry')

const answerSchema = z
  .object({
    accepted: z.number().int().describe('Samples that are safe now'),
    rejected: z.number().int().describe('Entries that were not taken, and kept with their reason'),
    problems: z
      .array(z.object({ entry: z.number().int(), rule: z.string(), reason: z.string() }))
      .describe(`The first ${mostProblems} of them, by their place in the post from 0`),
  })
  .openapi('IngestAnswer')

const route = createRoute({
  method: 'post',
  path: '/api/v1/ingest',
  summary: 'Post samples and events: answered when they are safe; with a token of the role ingest',
  request: {
    query: z.object({
      source: z.string().max(200).optional().describe('The push source; may be left out where there is one'),
    }),
    headers: z.object({ authorization: z.string().optional().describe('Bearer, and the token') }),
    body: {
      required: true,
      description: 'A list of entries, or { samples, events } with a list each, or one entry a line (NDJSON)',
      content: {
        'application/json': {
          schema: z.union([
            z.array(entrySchema),
            z.object({ samples: z.array(entrySchema).optional(), events: z.array(entrySchema).optional() }),
          ]),
        },
        'application/x-ndjson': { schema: z.string() },
      },
    },
  },
  responses: {
    202: jsonAnswer(answerSchema, 'What could be taken is safe'),
    401: problemAnswer('No token, or one that is not known'),
    404: problemAnswer('No such source, or none that can be posted to'),
    415: problemAnswer('Neither JSON nor NDJSON'),
    422: problemAnswer('The body is no list of entries; nothing was taken'),
    503: problemAnswer(
      'Not now: the engine cannot keep more, or the source is stopped. Post the same again later',
    ),
  },
})

/** `POST /api/v1/ingest`. */
export function addIngestRoute(router: OpenAPIHono, { inbox, tokens }: IngestContext): void {
  router.use('/api/v1/ingest', async (c, next) => {
    if (c.req.method !== 'POST') return next()
    const [, token] = /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
    if (token === undefined || tokens.find(token)?.role !== 'ingest') {
      const message =
        'Posting needs a token: send "Authorization: Bearer …"; make one with gemba token create --role ingest.'
      throw new ApiError(401, message, { headers: { 'www-authenticate': 'Bearer' } })
    }
    return next()
  })
  // Not validated by its schema: an entry that cannot be used is a reject of its own and not the end of the others.
  router.openAPIRegistry.registerPath(route)
  const open = new OpenPosts()
  router.post('/api/v1/ingest', async c => {
    const source = sourceOf(inbox, c.req.query('source'))
    const body = await c.req.text()
    const entries = entriesOf(c.req.header('content-type') ?? '', body)
    const answer = await open.answer(`${source}\n${body}`, () =>
      handed(inbox, source, entries, Buffer.byteLength(body)),
    )
    if (answer.kind === 'busy')
      throw notNow('The engine cannot keep more for now; post the same again in a moment.')
    const { samples, problems } = answer
    return c.json(
      { accepted: samples, rejected: problems.length, problems: problems.slice(0, mostProblems) },
      202,
    )
  })
}

function sourceOf({ sources }: Inbox, named: string | undefined): string {
  if (named !== undefined) {
    if (sources.includes(named)) return named
    throw new ApiError(
      404,
      `No push source '${named}' is in the plant; there is ${sources.join(', ') || 'none'}.`,
    )
  }
  const [only, another] = sources
  if (only !== undefined && another === undefined) return only
  const message =
    only === undefined
      ? 'The plant has no source to post to; add one with "adapter: push".'
      : `Say which source: ?source= one of ${sources.join(', ')}.`
  throw new ApiError(404, message)
}

function entriesOf(contentType: string, body: string): readonly unknown[] {
  const [type = ''] = contentType.toLowerCase().split(';', 1)
  if (type.trim() === 'application/x-ndjson' || type.trim() === 'application/ndjson') {
    return body.split('\n').flatMap(line => (line.trim() === '' ? [] : [parsedOrText(line)]))
  }
  if (type.trim() !== 'application/json') {
    throw new ApiError(415, 'Post application/json or application/x-ndjson.')
  }
  const json = parsedOrText(body)
  if (Array.isArray(json)) return json
  if (typeof json === 'object' && json !== null) {
    const { samples, events, ...others } = json as Record<string, unknown>
    const lists = [samples, events].filter(list => list !== undefined)
    if (lists.length > 0 && lists.every(Array.isArray)) {
      const [other] = Object.keys(others)
      if (other === undefined) return lists.flat()
      const message = `The body has "${other.slice(0, 100)}" beside samples and events, which nobody reads. Nothing was taken.`
      throw new ApiError(422, message)
    }
    if ('value' in json) return [json]
  }
  throw new ApiError(
    422,
    'The body is no list of entries; write [{ "signal": …, "value": … }, …]. Nothing was taken.',
  )
}

function parsedOrText(text: string): unknown {
  try {
    return parseExactly(text)
  } catch {
    return text
  }
}

/** Resolves when the post is answered, however late. Throws ApiError where nobody takes it. */
function handed(
  inbox: Inbox,
  source: string,
  entries: readonly unknown[],
  bytes: number,
): Promise<PostAnswer> {
  return new Promise((answer, reject) => {
    if (inbox.post(source, { entries, bytes, answer })) return
    reject(notNow(`The source ${source} is stopped; see /api/v1/sources/${source}.`))
  })
}

/**
 * Posts of which nobody was told whether they are safe. They are kept when there is room again: who posts the same once
 * more, as he is told to, is answered with what became of the first, or it would be counted twice.
 */
class OpenPosts {
  readonly #answers = new Map<string, Promise<PostAnswer>>()

  /** Throws ApiError 503 where it takes too long. */
  async answer(post: string, hand: () => Promise<PostAnswer>): Promise<PostAnswer> {
    const key = createHash('sha256').update(post).digest('base64')
    const answer = this.#answers.get(key) ?? hand()
    let patience: NodeJS.Timeout | undefined
    const late = new Promise<undefined>(resolve => {
      patience = setTimeout(resolve, patienceMs, undefined)
    })
    const given = await Promise.race([answer, late]).finally(() => clearTimeout(patience))
    this.#answers.delete(key)
    if (given !== undefined) return given
    this.#answers.set(key, answer)
    const [oldest] = this.#answers.keys()
    if (this.#answers.size > mostOpen) this.#answers.delete(oldest!)
    throw notNow('It is not known yet whether it is safe; post the same again, it is not taken twice.')
  }
}

const notNow = (message: string): ApiError => new ApiError(503, message, { headers: { 'retry-after': '1' } })
