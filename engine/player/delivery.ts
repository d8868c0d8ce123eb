/** Rows handed over this recently may not have been read by a reader that then left, ms. */
const unreadMs = 5_000
/** What the buffers of two operating systems may hold between us and a reader whose link broke, bytes. */
const unreadBytes = 8 * 1024 * 1024

interface Parcel {
  /** Count of rows sent up to and with this parcel. */
  readonly upTo: number
  readonly bytes: number
  /** When the operating system had taken it, ms; undefined = not yet. */
  takenAt: number | undefined
}

/**
 * Knows which rows a reader that left may not have got. TCP does not tell, so it judges on the safe side: rows may come
 * twice, none may be missing.
 */
export class Delivery {
  #safe: number
  readonly #parcels: Parcel[] = []
  /** Sum of `bytes` over the parcels. */
  #bytes = 0

  /** `from`: rows before this one are known to have arrived. */
  constructor(from: number) {
    this.#safe = from
  }

  /** Rows up to `upTo` are on their way; the answer is called when the operating system has taken them. */
  send(upTo: number, bytes: number): (now: number) => void {
    const parcel: Parcel = { upTo, bytes, takenAt: undefined }
    this.#parcels.push(parcel)
    this.#bytes += bytes
    return now => {
      parcel.takenAt = now
      this.#forget(now)
    }
  }

  /** The row (counted from 0) from which to send again. A broken link may have lost more than one closed in order. */
  resumeFrom(now: number, isBroken: boolean): number {
    let safe = this.#safe
    let bytesAfter = this.#bytes
    for (const parcel of this.#parcels) {
      bytesAfter -= parcel.bytes
      if (!isOld(parcel, now) || (isBroken && bytesAfter < unreadBytes)) break
      safe = parcel.upTo
    }
    return safe
  }

  /** Drops the parcels that nothing can lose any more. */
  #forget(now: number): void {
    let first = this.#parcels[0]
    while (first !== undefined && isOld(first, now) && this.#bytes - first.bytes >= unreadBytes) {
      this.#safe = first.upTo
      this.#bytes -= first.bytes
      this.#parcels.shift()
      first = this.#parcels[0]
    }
  }
}

function isOld(parcel: Parcel, now: number): boolean {
  return parcel.takenAt !== undefined && parcel.takenAt <= now - unreadMs
}
