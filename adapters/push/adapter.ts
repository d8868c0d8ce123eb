import { NEVER, Observable } from 'rxjs'
import type { Reject } from '../../schema/records.js'
import type { AdapterDefinition, Post } from '../contract.js'
import { PostDecoder } from './codec.js'
import { type PushOptions, pushOptions } from './config.js'

/** Takes what others post to the engine; a post is answered when all of it is accepted. */
export const push: AdapterDefinition<PushOptions> = {
  kind: 'push',
  summary: 'Values that other programs post to /api/v1/ingest, JSON or NDJSON, with a token',
  quietMs: 300_000,
  options: pushOptions,
  examples: [{ title: 'A script or a gateway that posts', options: {} }],
  create: (_, context) =>
    new Observable(subscriber => {
      const decoder = new PostDecoder(context)
      /** Posts that wait for acceptance, each with the count of samples up to its end. */
      const open: { readonly end: number; readonly accept: () => void }[] = []
      let emitted = 0
      let accepted = 0
      const take = (post: Post): void => {
        if (emitted - accepted > context.window) {
          post.answer({ kind: 'busy' })
          return
        }
        context.received(post.bytes)
        const { batch, places, rejects, unknown, problems: told } = decoder.decode(post)
        const problems = [...told]
        const refused = new Set(told.map(({ entry }) => entry))
        let taken = post.entries.length - refused.size
        const turnedAway = (place: number, { rule, reason }: Reject): void => {
          const entry = places[place]!
          if (refused.has(entry)) return
          taken--
          problems.push({ entry, rule, reason })
        }
        emitted += batch.count
        open.push({
          end: emitted,
          accept: () => {
            problems.sort((a, b) => a.entry - b.entry)
            post.answer({ kind: 'accepted', samples: taken, problems })
          },
        })
        if (rejects.length > 0) subscriber.next({ kind: 'rejects', rejects })
        if (unknown.length > 0) subscriber.next({ kind: 'unknown-tags', values: unknown })
        if (batch.count > 0) subscriber.next({ kind: 'samples', batch, turnedAway })
        settle()
      }
      const settle = (): void => {
        while (open.length > 0 && open[0]!.end <= accepted) open.shift()!.accept()
      }
      subscriber.add(
        context.accepted.subscribe(count => {
          accepted = count
          settle()
        }),
      )
      subscriber.next({ kind: 'connected' })
      subscriber.add((context.posts ?? NEVER).subscribe(take))
    }),
}
