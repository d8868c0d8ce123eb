import { CurrentValues } from './current-values.js'
import { Delivery } from './delivery.js'
import { Pacer, type Speed } from './pacer.js'
import type { Reader } from './reader.js'
import { readRows } from './recording.js'
import type { ShdrServer } from './shdr-server.js'
import { rowTime, type Survey } from './survey.js'
import type { Timer } from './timer.js'

export interface PlayerOptions {
  readonly path: string
  readonly survey: Survey
  readonly server: ShdrServer
  readonly speed: Speed
  readonly isLooped: boolean
  readonly timer: Timer
  /** A line of progress. */
  report(line: string): void
}

/** What was played. */
export interface Played {
  /** Rows of the recording sent, each counted once per round. */
  readonly rows: number
  /** Rows sent again, and current values repeated, to readers that came later. */
  readonly repeated: number
  readonly rounds: number
}

/** Rows go out in pieces of about this size, characters. */
const parcelSize = 16 * 1024
const progressMs = 5_000
/** Longest single sleep: keeps progress coming, and timers below their limit of 24 days. */
const longestSleepMs = 5_000
/** A reader that took everything but neither closes nor pings is not waited for longer than this. */
const silentReaderMs = 30_000

/**
 * Plays a recorded log to one reader after the other, from the first row to the last, with the rows' own times. While
 * there is no reader it stands still. Resolves when the recording has been read to its end, or `signal` is aborted.
 */
export async function play(options: PlayerOptions, signal: AbortSignal): Promise<Played> {
  return new Player(options, signal).run()
}

class Player {
  readonly #options: PlayerOptions
  readonly #signal: AbortSignal
  readonly #pacer: Pacer
  /** The row (counted from 0) the next reader starts with. */
  #resumeFrom = 0
  /** Rows sent to anybody in this round. */
  #reached = 0
  #sent = 0
  #repeated = 0
  #rounds = 0
  #reportedAt = 0

  constructor(options: PlayerOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
    this.#pacer = new Pacer(options.speed, options.timer)
  }

  async run(): Promise<Played> {
    const { server, survey, report } = this.#options
    for (;;) {
      report(`waiting for a reader on ${server.address} …`)
      const reader = await server.nextReader(this.#signal)
      if (reader === undefined) break
      if (await this.#serve(reader)) break
      if (this.#signal.aborted) break
      report(`the reader has gone; paused at ${this.#position()}, row ${this.#reached} of ${survey.rows}`)
    }
    return { rows: this.#sent, repeated: this.#repeated, rounds: this.#rounds }
  }

  /** True when this reader got the recording to its end. */
  async #serve(reader: Reader): Promise<boolean> {
    const { report, isLooped, timer } = this.#options
    const stop = AbortSignal.any([this.#signal, reader.left])
    report(this.#reached === 0 ? 'a reader is there: playing' : `a reader is there: going on`)
    this.#pacer.resume()
    this.#reportedAt = timer.now()
    for (;;) {
      const delivery = new Delivery(this.#resumeFrom)
      const isPlayed = await this.#playRound(reader, delivery, stop)
      const isRead = isPlayed && (isLooped || (await this.#finish(reader)))
      if (this.#signal.aborted) return false
      if (!isRead) {
        this.#resumeFrom = delivery.resumeFrom(timer.now(), reader.isBroken)
        return false
      }
      this.#rounds++
      if (!isLooped) return true
      this.#resumeFrom = 0
      this.#reached = 0
      this.#pacer.restart()
    }
  }

  /** True when every row was handed over. */
  async #playRound(reader: Reader, delivery: Delivery, stop: AbortSignal): Promise<boolean> {
    const { path, timer } = this.#options
    const current = new CurrentValues()
    const from = this.#resumeFrom
    let row = 0
    let parcel = ''
    const flush = async (): Promise<void> => {
      if (parcel === '') return
      const text = parcel
      parcel = ''
      const taken = delivery.send(row, text.length)
      await reader.write(text, () => taken(timer.now()))
      this.#reportProgress()
    }
    for await (const rows of readRows(path)) {
      for (const text of rows) {
        if (stop.aborted) return false
        if (row < from) {
          current.see(text)
          row++
          continue
        }
        if (row === from && row > 0) parcel = this.#repeat(current)
        const time = row < this.#options.survey.bodyFrom ? undefined : rowTime(text)
        if (time !== undefined && this.#pacer.wait(time) > 0) {
          await flush()
          await this.#waitFor(time, stop)
          if (stop.aborted) return false
        }
        parcel += `${text}\n`
        row++
        this.#count(row, time)
        if (parcel.length >= parcelSize) await flush()
      }
    }
    await flush()
    return !stop.aborted
  }

  #repeat(current: CurrentValues): string {
    const rows = current.rows()
    this.#repeated += rows.length
    return rows.map(row => `${row}\n`).join('')
  }

  #count(row: number, time: number | undefined): void {
    if (time !== undefined) this.#pacer.sent(time)
    if (row <= this.#reached) {
      this.#repeated++
      return
    }
    this.#reached = row
    this.#sent++
  }

  async #waitFor(time: number, stop: AbortSignal): Promise<void> {
    for (let ms = this.#pacer.wait(time); ms > 0 && !stop.aborted; ms = this.#pacer.wait(time)) {
      await this.#options.timer.sleep(Math.min(ms, longestSleepMs), stop)
      this.#reportProgress()
    }
  }

  /** Waits until the reader has read to the end and closes: only then is it certain that it has everything. */
  async #finish(reader: Reader): Promise<boolean> {
    reader.end()
    let heard = -1
    while (heard !== reader.heardCount && !reader.left.aborted && !this.#signal.aborted) {
      heard = reader.heardCount
      await this.#options.timer.sleep(silentReaderMs, AbortSignal.any([this.#signal, reader.left]))
    }
    reader.close()
    return !reader.isBroken
  }

  #reportProgress(): void {
    const now = this.#options.timer.now()
    if (now - this.#reportedAt < progressMs) return
    this.#reportedAt = now
    const { rows } = this.#options.survey
    const percent = Math.floor((100 * this.#reached) / rows)
    this.#options.report(`${this.#position()}  row ${this.#reached} of ${rows} (${percent} %)`)
  }

  /** Recorded time reached, to the second. */
  #position(): string {
    const { reached } = this.#pacer
    return Number.isFinite(reached) ? `${new Date(reached).toISOString().slice(0, 19)}Z` : 'the beginning'
  }
}
