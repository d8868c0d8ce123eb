import { execFileSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { finished } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { type ByteRange, scanSegment } from '../../workers/spool/record.js'
import { GembaProcess, root } from './process.js'
import { storeProcesses } from './store-processes.js'

/** What goes wrong: nothing, the database is killed, it hangs, the clock goes an hour back, the disk is full. */
type Trouble = 'none' | 'database' | 'away' | 'clock' | 'full'

/** Bytes of the spool that were spoilt, and must be told of. */
interface Spoilt extends ByteRange {
  readonly file: string
}

/** How the engine ends: kill -9, kill -9 of it and its database at once, SIGTERM. */
type Ending = 'kill' | 'both' | 'terminate'

/** One life of an engine: under load, then in trouble, then over. */
export interface Life {
  readonly trouble: Trouble
  readonly ending: Ending
  /** Whether the trouble passes before the end, which else comes in its midst. */
  readonly passes: boolean
  /** Posts before the trouble, and from there to the end. */
  readonly before: number
  readonly after: number
  /** Afterwards a bit of a segment that waits is flipped, and others are cut. */
  readonly isSpoilt?: boolean
  /** It ends as soon as it has found what was spoilt, which waits to be read; nothing is posted. */
  readonly isShort?: boolean
}

interface Post {
  /** Its samples are numbered from here. */
  readonly first: number
  readonly life: number
  answer: 'accepted' | 'refused' | 'unanswered' | 'spoilt'
}

const rigs = 20
const signalsOfRig = 50
/** Samples of a post, one of each signal. */
const postSamples = rigs * signalsOfRig
/** 20,000 samples a second. */
const postMs = 50
const ballastLeaves = 256 * 1024

/**
 * A plant to which numbered samples are posted, 20,000 a second, through one life of `gemba start` after the other. It
 * knows what was accepted; what the store holds is compared with that at the end.
 */
export class FaultWalk {
  readonly lives: Life[] = []
  readonly #posts: Post[] = []
  readonly #folder: string
  readonly #token: string
  #sent = 0
  /** What the next life must tell of. */
  #spoilt: Spoilt[] = []
  #spoiltParts = 0
  /** What the part counter showed in the newest post that was accepted while the clock was right. */
  #counted = 0
  readonly #awayMs: number

  /** `folder` is on a small disk of its own where lives with a full one are to be walked. */
  constructor(folder: string, { awayMs }: { awayMs: number }) {
    this.#folder = folder
    this.#awayMs = awayMs
    writeFileSync(this.#plant, plantFile)
    const verb = ['token', 'create', '--role', 'ingest', '--data', this.data]
    const made = execFileSync(process.execPath, [join(root, 'scripts/gemba.js'), ...verb], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    this.#token = made.trim()
  }

  get data(): string {
    return join(this.#folder, 'data')
  }

  get #spool(): string {
    return join(this.data, 'spool')
  }

  get #plant(): string {
    return join(this.#folder, 'plant.yaml')
  }

  get #ballast(): string {
    return join(this.#folder, 'ballast')
  }

  /** How many samples were accepted. */
  get accepted(): number {
    return this.#posts.filter(({ answer }) => answer === 'accepted').length * postSamples
  }

  async live(life: Life): Promise<void> {
    this.lives.push(life)
    const gemba = new GembaProcess(['start', '--plant', this.#plant, '--data', this.data, '--port', '0'], {
      NODE_OPTIONS: `--import=${encodeURI(jumpingClock)}`,
    })
    try {
      if (existsSync(this.#ballast)) {
        // Left by a life that was killed on a full disk: this one starts there.
        await gemba.says('the start waits')
        rmSync(this.#ballast)
      }
      if (life.isShort) {
        await gemba.says('were on the disk and are gone')
        await this.#end(life.ending, gemba, async () => undefined)
        await finished(gemba.child.stdout!)
        // What this life set aside it must have told of; the rest is for the next one.
        this.#spoilt = this.#spoilt.filter(spoilt => {
          if (existsSync(join(this.#spool, spoilt.file))) return true
          if (gemba.lines.some(line => new RegExp(tellsOf(spoilt)).test(line))) return false
          throw new Error(`it never told of ${JSON.stringify(spoilt)}:\n${gemba.lines.join('\n')}`)
        })
        return
      }
      const url = await gemba.live()
      await this.#compareFigures(url)
      for (const spoilt of this.#spoilt.splice(0)) await gemba.says(tellsOf(spoilt))
      await this.#liveUnderLoad(life, gemba, url)
      if (life.isSpoilt) this.#spoil()
    } finally {
      await gemba.stop('SIGKILL')
    }
  }

  async #liveUnderLoad(life: Life, gemba: GembaProcess, url: string): Promise<void> {
    const load = this.#load(gemba, url, life.trouble !== 'clock')
    try {
      await load.until(() => load.answered >= life.before)
      const relief = await this.#bring(life.trouble, gemba)
      const seen = load.answered
      const hasCome = life.trouble === 'full' ? isBlocked : () => load.answered >= seen + life.after
      await load.until(() => hasCome(gemba))
      if (life.passes) {
        await relief()
        const then = load.answered
        await load.until(() => load.answered >= then + life.after)
      }
      await this.#end(life.ending, gemba, life.passes ? async () => undefined : relief)
    } finally {
      // A life that failed must not go on posting.
      await load.stop()
    }
  }

  /** How many parts the records had counted that were spoilt. */
  get spoilt(): number {
    return this.#spoiltParts
  }

  /**
   * Flips a bit in the oldest segment, cuts the newest through the last record that was on the disk and, where there is one
   * between them, that just before its last record.
   */
  #spoil(): void {
    const spool = this.#spool
    const segments = readdirSync(spool)
      .filter(name => name.endsWith('.segment'))
      .sort()
      .map(file => ({ file, path: join(spool, file), bytes: readFileSync(join(spool, file)) }))
      .map(segment => ({ ...segment, records: scanSegment(segment.bytes).records }))
    const [oldest, newest] = [segments[0]!, segments.at(-1)!]
    const [marked, committed] = readFileSync(join(spool, 'committed'), 'utf8').split(' ').map(Number)
    if (oldest === newest || Number.parseInt(newest.file, 10) !== marked)
      throw new Error(`there are too few segments to be spoilt: ${segments.map(({ file }) => file)}\n${this}`)
    const flipped = oldest.records.find(({ kind, to }) => kind === 'entry' && to > oldest.bytes.length / 2)!
    const place = Math.floor((flipped.from + flipped.to) / 2)
    oldest.bytes[place] = oldest.bytes[place]! ^ 1
    writeFileSync(oldest.path, oldest.bytes)
    const cut = newest.records.findLast(({ kind, to }) => kind === 'entry' && to <= committed!)!
    truncateSync(newest.path, cut.to - 10)
    const dropped = segments.slice(1, -1).map(({ file, path, records }) => {
      const last = records.at(-1)!
      truncateSync(path, last.from)
      return { ...last, file }
    })
    this.#spoilt = [
      { file: oldest.file, from: flipped.from, to: flipped.to },
      ...dropped.map(({ file, from, to }) => ({ file, from, to })),
      { file: newest.file, from: cut.from, to: committed! },
    ]
    for (const record of [flipped, ...dropped, ...newest.records.filter(({ from }) => from >= cut.from)]) {
      if (record.kind !== 'entry') continue
      const { samples, rows } = record.entry
      // Also of posts that were refused or not answered: the first one after them counts them.
      for (const { parts } of rows?.production_events ?? []) this.#spoiltParts += parts
      const values = [...(samples?.value ?? [])]
      const post = this.#posts[Math.floor(Math.max(...values) / postSamples)]
      if (post !== undefined && values.length >= postSamples) post.answer = 'spoilt'
    }
  }

  /** What is not as it must be with the samples that are stored; and what the part counter showed with the last of them. */
  compare(stored: Float64Array): { wrong: Record<'lost' | 'doubled' | 'torn', string[]>; parts: number } {
    const times = new Uint8Array(this.#sent)
    for (const value of stored) times[value]!++
    const wrong: Record<'lost' | 'doubled' | 'torn', string[]> = { lost: [], doubled: [], torn: [] }
    let parts = 0
    for (const [i, { first, life, answer }] of this.#posts.entries()) {
      const of = times.subarray(first, first + postSamples)
      const { trouble, ending } = this.lives[life]!
      const which = `${first} to ${first + postSamples}, ${answer} in life ${life} (${trouble}, ${ending})`
      if (of.some(n => n > 1)) wrong.doubled.push(which)
      if (answer === 'accepted' && of.includes(0)) wrong.lost.push(which)
      if (of[0]! > 0) parts = i
      // What was not answered is there as a whole or not at all.
      if (of.includes(0) && of.some(n => n > 0)) wrong.torn.push(which)
    }
    return { wrong, parts }
  }

  toString(): string {
    return this.lives.map(life => JSON.stringify(life)).join(',\n')
  }

  /** Returns what ends the trouble. */
  async #bring(trouble: Trouble, gemba: GembaProcess): Promise<() => Promise<void>> {
    const pid = gemba.child.pid!
    switch (trouble) {
      case 'none':
        return async () => undefined
      case 'database': {
        const [killed] = storeProcesses(pid)
        process.kill(killed!, 'SIGKILL')
        return async () => undefined
      }
      case 'away': {
        const [stopped] = storeProcesses(pid)
        process.kill(stopped!, 'SIGSTOP')
        const until = Date.now() + this.#awayMs
        return async () => {
          await Promise.race([pause(Math.max(0, until - Date.now())), gemba.ended()])
          // An engine that ends does not wait for ever for a database that hangs.
          if (isThere(stopped!)) process.kill(stopped!, 'SIGCONT')
        }
      }
      case 'clock':
        process.kill(pid, 'SIGUSR2')
        return async () => undefined
      case 'full': {
        fill(this.#ballast)
        return async () => rmSync(this.#ballast)
      }
    }
  }

  async #end(ending: Ending, gemba: GembaProcess, relief: () => Promise<void>): Promise<void> {
    if (ending === 'terminate') {
      // Asked in the midst of the trouble, which passes while it ends.
      gemba.child.kill('SIGTERM')
      await relief()
      const code = await gemba.ended()
      if (code !== 0) throw new Error(`it ended with ${code}:\n${gemba.lines.join('\n')}\n${gemba.errors}`)
      return
    }
    const databases = storeProcesses(gemba.child.pid!)
    if (ending === 'both') for (const database of databases) process.kill(database, 'SIGKILL')
    gemba.child.kill('SIGKILL')
    await gemba.ended()
    if (ending === 'kill' && !existsSync(this.#ballast)) await relief()
  }

  /** Right after the start, before anything is posted: as many parts as were counted. */
  async #compareFigures(url: string): Promise<void> {
    const answer = await fetch(`${url}/api/v1/kpis/oee?scope=machine:press-01`)
    const { items } = (await answer.json()) as { items: { quantities: { PQ: number } }[] }
    const parts = items[0]?.quantities.PQ ?? 0
    // What a record counted that is gone may be gone with it.
    const least = this.#counted - this.spoilt
    if (parts < least || parts > Math.max(0, this.#posts.length - 1))
      throw new Error(
        `after the start there are ${parts} parts, though ${least} to ${this.#posts.length - 1} were counted:\n${this}`,
      )
  }

  #load(gemba: GembaProcess, url: string, isClockRight: boolean) {
    let posting: Promise<void> | undefined
    const life = this.lives.length - 1
    const gone = new AbortController()
    const fail = (what: string): Error =>
      new Error(`${what} in the last life of\n${this}\n${gemba.lines.join('\n')}\n${gemba.errors}`)
    let wake: () => void = () => undefined
    const load = {
      /** Posts that were accepted. */
      answered: 0,
      until: async (isMet: () => boolean): Promise<void> => {
        const patience = Date.now() + 60_000
        while (!isMet()) {
          if (Date.now() > patience) throw fail('nothing moves any more')
          if (gemba.child.exitCode !== null) throw fail('it ended by itself')
          await new Promise<void>(resolve => {
            wake = resolve
          })
        }
      },
      stop: async (): Promise<void> => {
        clearInterval(timer)
        gone.abort()
        await posting
      },
    }
    const post = async (): Promise<void> => {
      const post: Post = { first: this.#sent, life, answer: 'unanswered' }
      this.#sent += postSamples
      const parts = this.#posts.push(post) - 1
      try {
        const answer = await fetch(`${url}/api/v1/ingest`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${this.#token}` },
          body: bodyOf(post.first, parts),
          signal: gone.signal,
        })
        post.answer = answer.status === 202 ? 'accepted' : 'refused'
        if (post.answer === 'refused') return
        load.answered++
        if (isClockRight) this.#counted = Math.max(this.#counted, parts)
      } catch {
        // It died before it answered.
      }
    }
    const timer = setInterval(() => {
      wake()
      // One after the other: a counter that is heard out of order went back.
      posting ??= post().finally(() => {
        posting = undefined
      })
    }, postMs)
    return load
  }
}

const tellsOf = ({ file, from, to }: Spoilt): string =>
  `(bytes ${from} to ${to} of .*${file}\\.corrupt|${file}\\.corrupt.*bytes ${from} to ${to} of)`

/** Takes what room is left on a disk, but for what a moment writes. */
function fill(path: string): void {
  const { bavail, bsize } = statfsSync(dirname(path))
  const file = openSync(path, 'w')
  try {
    const piece = Buffer.alloc(1024 ** 2)
    for (let left = bavail * bsize - ballastLeaves; left > 0; left -= piece.length) writeSync(file, piece)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(file)
  }
}

const isBlocked = (gemba: GembaProcess): boolean =>
  gemba.lines.some(line => line.includes('the spool takes nothing more'))

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const two = (number: number): string => String(number).padStart(2, '0')
const numbered = Array.from(
  { length: postSamples },
  (_, i) => `rig-${two(Math.floor(i / signalsOfRig))}.n-${two(i % signalsOfRig)}`,
)

/** Each sample's value is its number. The machine that counts has made one part with each post. */
function bodyOf(first: number, parts: number): string {
  const samples = numbered.map((signal, i) => `{"signal":"${signal}","value":${first + i}}`)
  return `[${samples.join(',')},{"signal":"press-01.state","value":"Execute"},{"signal":"press-01.produced","value":${parts}}]`
}

/** A clock that SIGUSR2 puts an hour back. */
const jumpingClock = `data:text/javascript,let o=0;const now=Date.now;Date.now=()=>now()-o;process.on('SIGUSR2',()=>{o+=3600000})`

const plantFile = `
gemba: 1
name: Numbers
enterprise: Example
sources:
  script: { adapter: push, silence: never, tags: '{machine}.{signal}' }
types:
  rig:
    name: Rig
    archetype: booth
    ratedPower: 1
    idealCycleTime: 1
    signals:
${Array.from({ length: signalsOfRig }, (_, i) => `      n-${two(i)}: { quantity: number, range: [0, 1000000000], period: on-change }`).join('\n')}
sites:
  - id: here
    timeZone: UTC
    areas:
      - id: hall
        lines:
          - id: line-1
            machines:
              - { id: press-01, type: press }
${Array.from({ length: rigs }, (_, i) => `              - { id: rig-${two(i)}, type: rig }`).join('\n')}
`
