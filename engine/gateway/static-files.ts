import { createHash } from 'node:crypto'
import { lstat, readFile, realpath } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
}
const compressible = /^(text\/|image\/svg|application\/(json|manifest|wasm))/

/** Nothing but the viewer's own files may run or be loaded in its page. */
export const contentSecurityPolicy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'self'",
].join('; ')

const compressors = {
  br: (bytes: Buffer) =>
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }),
  gzip: (bytes: Buffer) => promisify(gzip)(bytes),
} as const
type Encoding = keyof typeof compressors

type Bytes = Uint8Array<ArrayBuffer>

interface CachedFile {
  /** Time and size of the file on disk that this was read from. */
  readonly stamp: string
  readonly etag: string
  readonly type: string
  readonly bytes: Bytes
  readonly encoded: Map<Encoding, Promise<Bytes>>
}

/** The built viewer, from memory; a file that changes on disk is read anew. */
export class StaticFiles {
  readonly #root: string
  readonly #cache = new Map<string, CachedFile>()

  constructor(root: string) {
    this.#root = root
  }

  /** Answers a GET for a path; undefined where there is no such file. */
  async answer(path: string, headers: Headers): Promise<Response | undefined> {
    const file = await this.#find(path === '/' ? '/index.html' : path)
    if (file === undefined) return undefined
    const common: Record<string, string> = {
      'content-type': file.type,
      etag: file.etag,
      vary: 'accept-encoding',
      'cache-control': cacheControl(path),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    }
    if (file.type.startsWith('text/html')) common['content-security-policy'] = contentSecurityPolicy
    if (headers.get('if-none-match')?.includes(file.etag))
      return new Response(null, { status: 304, headers: common })

    const encoding = compressible.test(file.type)
      ? preferred(headers.get('accept-encoding') ?? '')
      : undefined
    if (encoding === undefined) return new Response(file.bytes, { headers: common })
    const encoded = await encode(file, encoding)
    return new Response(encoded, { headers: { ...common, 'content-encoding': encoding } })
  }

  /** Only plain names below the root, and no link that leads out of it. */
  async #find(path: string): Promise<CachedFile | undefined> {
    const segments = path.split('/').slice(1)
    if (!segments.every(segment => /^[\w@+-][\w@+.-]*$/.test(segment))) return undefined
    const onDisk = join(this.#root, ...segments)
    try {
      const { isFile, stamp } = await lstat(onDisk).then(stats => ({
        isFile: stats.isFile(),
        stamp: `${stats.mtimeMs}:${stats.size}`,
      }))
      if (!isFile) return undefined
      const cached = this.#cache.get(path)
      if (cached?.stamp === stamp) return cached
      if (!(await realpath(onDisk)).startsWith((await realpath(this.#root)) + sep)) return undefined
      const bytes = new Uint8Array(await readFile(onDisk))
      const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
      const type = contentTypes[extname(onDisk).toLowerCase()] ?? 'application/octet-stream'
      const file: CachedFile = { stamp, etag, type, bytes, encoded: new Map() }
      this.#cache.set(path, file)
      return file
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }
}

/** Compressed once, when somebody first asks. */
function encode(file: CachedFile, encoding: Encoding): Promise<Bytes> {
  let encoded = file.encoded.get(encoding)
  if (encoded === undefined) {
    encoded = compressors[encoding](Buffer.from(file.bytes)).then(bytes => new Uint8Array(bytes))
    file.encoded.set(encoding, encoded)
  }
  return encoded
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'].includes(String(error.code))

/** What the build named by its content never changes; the page that names it is asked for each time. */
const cacheControl = (path: string): string =>
  /^\/assets\/.+-[\w-]{8,}\.\w+$/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache'

function preferred(accepted: string): Encoding | undefined {
  const isAccepted = (name: string): boolean =>
    accepted.split(',').some(part => {
      const [coding = '', quality = ''] = part.split(';')
      return coding.trim() === name && !/q=0(\.0*)?\s*$/.test(quality)
    })
  if (isAccepted('br')) return 'br'
  return isAccepted('gzip') ? 'gzip' : undefined
}
