import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** What a token allows. */
export const tokenRoles = ['ingest'] as const
export type TokenRole = (typeof tokenRoles)[number]

/** A token as the data folder keeps it: its hash, never itself. */
const tokenEntry = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(tokenRoles),
  /** SHA-256 of the token, hex. A token is 32 random bytes, so that no slow hash is needed. */
  hash: z.string(),
  /** ISO 8601 UTC. */
  created: z.string(),
})
export type TokenEntry = z.infer<typeof tokenEntry>

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')

/**
 * The tokens of a data folder (`tokens.json`). The command line writes it, also while an engine runs on the folder; the
 * engine reads it anew when it has changed.
 */
export class TokenBook {
  readonly #path: string
  #entries: readonly TokenEntry[] = []
  #readAt = Number.NaN

  constructor(folder: string) {
    this.#path = join(folder, 'tokens.json')
  }

  list(): readonly TokenEntry[] {
    this.#refresh()
    return this.#entries
  }

  /** A new token; it is shown once and cannot be found again. `time`: Unix ms. */
  create(
    role: TokenRole,
    name: string,
    time: number,
  ): { readonly entry: TokenEntry; readonly token: string } {
    const token = `gemba_${randomBytes(32).toString('base64url')}`
    const id = randomBytes(4).toString('hex')
    const entry = { id, name, role, hash: hashOf(token), created: new Date(time).toISOString() }
    this.#write([...this.list(), entry])
    return { entry, token }
  }

  /** Whether there was such a token. */
  revoke(id: string): boolean {
    const left = this.list().filter(entry => entry.id !== id)
    if (left.length === this.#entries.length) return false
    this.#write(left)
    return true
  }

  /** The token's entry; undefined where it is none. */
  find(token: string): TokenEntry | undefined {
    const hash = hashOf(token)
    return this.list().find(entry => entry.hash === hash)
  }

  #refresh(): void {
    let changed: number
    try {
      changed = statSync(this.#path).mtimeMs
    } catch {
      this.#entries = []
      this.#readAt = Number.NaN
      return
    }
    if (changed === this.#readAt) return
    this.#entries = z.array(tokenEntry).parse(JSON.parse(readFileSync(this.#path, 'utf8')))
    this.#readAt = changed
  }

  /** Whole or not at all, and for nobody else to read. */
  #write(entries: readonly TokenEntry[]): void {
    mkdirSync(join(this.#path, '..'), { recursive: true })
    const fresh = `${this.#path}.new`
    writeFileSync(fresh, `${JSON.stringify(entries, undefined, 2)}\n`, { mode: 0o600 })
    renameSync(fresh, this.#path)
    this.#readAt = Number.NaN
  }
}
