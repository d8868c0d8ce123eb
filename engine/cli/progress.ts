/** Time between two lines of progress, ms. */
const progressMs = 2_000

/** Says how far it is now and then, of all that it is told; nothing of what is done before the first is due. */
export function progressTeller(say: (line: string) => void): (line: string) => void {
  let toldAt = performance.now()
  return line => {
    const now = performance.now()
    if (now - toldAt < progressMs) return
    toldAt = now
    say(line)
  }
}
