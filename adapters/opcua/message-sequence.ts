/** As much of a NotificationMessage (OPC 10000-4, 7.26) as tells whether one before it is missing. */
export interface NumberedMessage {
  readonly sequenceNumber: number
  readonly notificationData?: readonly unknown[] | null
}

/** Numbers run from 1 to the largest UInt32 and begin anew at 1 (OPC 10000-4, 7.26). */
const count = 2 ** 32 - 1

/**
 * Follows the numbers of a subscription's messages: a server may drop those that nobody has acknowledged before a
 * Republish asks for them (BadMessageNotAvailable), and says so by nothing else.
 */
export class MessageSequence {
  #next: number | undefined

  /** How many messages between those before and this one never came. */
  take({ sequenceNumber, notificationData }: NumberedMessage): number {
    // A keep-alive bears the number of the next message, not one of its own.
    const isKeepAlive = (notificationData ?? []).length === 0
    const missing = this.#next === undefined ? 0 : (sequenceNumber - this.#next + count) % count
    // Further off than half of all: one that came before, told again.
    if (missing > count / 2) return 0
    this.#next = isKeepAlive ? sequenceNumber : (sequenceNumber % count) + 1
    return missing
  }
}
