import { type Observable, Subject } from 'rxjs'
import type { Post } from '../../adapters/contract.js'

/** What is posted to sources, on its way from REST to their adapters. */
export class Inbox {
  readonly #posts = new Map<string, Subject<Post>>()

  constructor(sources: readonly string[]) {
    for (const source of sources) this.#posts.set(source, new Subject())
  }

  /** Sources that things can be posted to. */
  get sources(): readonly string[] {
    return [...this.#posts.keys()]
  }

  posts(source: string): Observable<Post> | undefined {
    return this.#posts.get(source)
  }

  /** Hands the post to the source's adapter; false where nobody listens: it is stopped, or connects just now. */
  post(source: string, post: Post): boolean {
    const posts = this.#posts.get(source)
    if (posts === undefined || !posts.observed) return false
    posts.next(post)
    return true
  }
}
