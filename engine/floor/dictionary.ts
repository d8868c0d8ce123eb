/**
 * Codes for the texts that text signals carry: the same text has the same code for ever. New texts are handed to the
 * store with the samples that use them first.
 */
export class Dictionary {
  readonly #codes = new Map<string, number>()
  readonly #texts: string[] = []
  #fresh: (readonly [code: number, text: string])[] = []

  constructor(known: Iterable<readonly [code: number, text: string]> = []) {
    for (const [code, text] of known) {
      this.#texts[code] = text
      this.#codes.set(text, code)
    }
  }

  intern(text: string): number {
    let code = this.#codes.get(text)
    if (code === undefined) {
      code = this.#texts.length
      this.#texts.push(text)
      this.#codes.set(text, code)
      this.#fresh.push([code, text])
    }
    return code
  }

  text(code: number): string | undefined {
    return this.#texts[code]
  }

  /** Texts interned since the last call. */
  takeFresh(): readonly (readonly [code: number, text: string])[] {
    const fresh = this.#fresh
    if (fresh.length > 0) this.#fresh = []
    return fresh
  }
}
