import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../store/store.js'
import { FaultWalk, type Life } from './fault-walk.js'

const isSoak = process.env.GEMBA_SOAK !== undefined
const minutes = 60_000

type Fate = Omit<Life, 'before' | 'after'>

const killed: Fate = { trouble: 'none', ending: 'kill', passes: false }
const bothKilled: Fate = { trouble: 'none', ending: 'both', passes: false }
const stopped: Fate = { trouble: 'none', ending: 'terminate', passes: false }
const storeKilled: Fate = { trouble: 'database', ending: 'terminate', passes: false }
const clockBack: Fate = { trouble: 'clock', ending: 'kill', passes: false }
const away: Fate = { trouble: 'away', ending: 'terminate', passes: false }
const full: Fate = { trouble: 'full', ending: 'terminate', passes: false }
const spoilt: Fate = { trouble: 'away', ending: 'both', passes: false, isSpoilt: true }
const cutShort: Fate = { ...stopped, isShort: true }
const killedShort: Fate = { ...killed, isShort: true }
/** Posts until segments wait while the store hangs: two, and in the long form one between them. */
const untilTheyWait = isSoak ? 140 : 60
/** The next start is on the full disk. */
const fullAndKilled: Fate = { trouble: 'full', ending: 'kill', passes: false }
const fullForATime: Fate = { trouble: 'full', ending: 'both', passes: true }

let folder: string
let hasSmallDisk = false

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-survive-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512m', 'gemba-survive', folder], { stdio: 'ignore' })
    hasSmallDisk = true
  } catch {
    hasSmallDisk = false
  }
})
afterEach(() => {
  if (hasSmallDisk) execFileSync('umount', ['-l', folder])
  rmSync(folder, { recursive: true, force: true })
})

describe('under 20,000 samples/s everything accepted is there once, and every part counted once', () => {
  it('when engine or store are killed, the store hangs, the clock goes back, the disk is full, in turn', async () => {
    await walk([killed, storeKilled, clockBack, fullForATime, away, full, fullAndKilled, bothKilled], 1_000)
  }, 300_000)

  it('when segments of the spool are flipped and cut, and SIGTERM comes while they are read', async () => {
    await walk([spoilt, cutShort], 1_000)
  }, 300_000)

  describe.runIf(isSoak)('in the long form', () => {
    it('kill -9 of the engine, 50 times', () => walk(times(50, killed)), 15 * minutes)
    it(
      'kill -9 of the store, 50 times, and SIGTERM or kill -9 after it',
      () => walk(times(25, storeKilled, { ...storeKilled, ending: 'kill' })),
      15 * minutes,
    )
    it('kill -9 of both, 50 times', () => walk(times(50, bothKilled)), 15 * minutes)
    it(
      'the store away for 5 minutes',
      () =>
        walk(
          [
            { ...away, passes: true },
            { ...away, ending: 'kill', passes: true },
          ],
          5 * minutes,
        ),
      20 * minutes,
    )
    it(
      'the store away when the engine ends',
      () => walk(times(5, away, { ...away, ending: 'kill' }, { ...away, ending: 'both' }), 30_000),
      20 * minutes,
    )
    it(
      'the clock an hour back',
      () => walk(times(5, clockBack, { ...clockBack, ending: 'terminate' })),
      15 * minutes,
    )
    it(
      'flipped and cut segments of the spool after kill -9 of both, with SIGTERM or kill -9 while they are read and without',
      () => walk(times(3, spoilt, stopped, spoilt, cutShort, spoilt, killedShort), 1_000),
      20 * minutes,
    )
    it(
      'the disk full',
      () => walk(times(5, full, fullAndKilled, { ...full, ending: 'both' }, fullForATime)),
      15 * minutes,
    )
  })
})

const times = (count: number, ...fates: Fate[]): Fate[] => Array.from({ length: count }, () => fates).flat()

/** Lives the fates at random moments, ends in order, and looks at what is there. */
async function walk(fates: readonly Fate[], awayMs = 1_000): Promise<void> {
  const walk = new FaultWalk(folder, { awayMs })
  const posts = fc.sample(fc.integer({ min: 1, max: isSoak ? 40 : 12 }), 2 * fates.length)
  for (const [i, fate] of fates.entries()) {
    if (fate.trouble === 'full' && !hasSmallDisk) {
      process.stderr.write('Only root may mount a small disk: a full one was left out.\n')
      continue
    }
    await walk.live({
      ...fate,
      before: posts[2 * i]!,
      after: (fate.isSpoilt ? untilTheyWait : 0) + posts[2 * i + 1]!,
    })
  }
  await walk.live({ ...stopped, before: 2, after: 1 })
  await expectAll(walk)
}

async function expectAll(walk: FaultWalk): Promise<void> {
  const store = await openStore({ dataDir: walk.data, logger: pino({ level: 'silent' }), wall: Date })
  try {
    await store.flush()
    const samples = await store.query<{ value: number }>(
      "SELECT value FROM gemba.telemetry WHERE signal IN (SELECT signal FROM gemba.signals WHERE id LIKE 'rig-%')",
    )
    const { wrong, parts } = walk.compare(Float64Array.from(samples, ({ value }) => value))
    expect(wrong, `${walk}`).toEqual({ lost: [], doubled: [], torn: [] })
    expect(samples.length).toBeGreaterThanOrEqual(walk.accepted)
    const [sums] = await store.query<object>(
      `SELECT (SELECT sum(parts) FROM gemba.production_events WHERE machine = 'press-01') AS parts,
        (SELECT max(total) FROM gemba.production_events WHERE machine = 'press-01') AS total,
        (SELECT toUInt32(sum(count)) FROM gemba.telemetry_1m) AS minutes,
        (SELECT toUInt32(count()) FROM gemba.telemetry) AS rows`,
    )
    const { rows, parts: counted, total } = sums as Record<'rows' | 'parts' | 'total', number>
    expect(sums).toMatchObject({ minutes: rows, ...(walk.spoilt === 0 && { parts, total: parts }) })
    // A part that was counted by a record that is gone may be gone with it.
    expect(counted).toBeLessThanOrEqual(parts)
    expect(counted).toBeGreaterThanOrEqual(parts - walk.spoilt)
    expect(total).toBeLessThanOrEqual(parts)
    if (isSoak)
      process.stderr.write(
        `${walk.lives.length} lives, ${walk.accepted} samples accepted, ${samples.length} stored\n`,
      )
  } finally {
    await store.close()
  }
}
