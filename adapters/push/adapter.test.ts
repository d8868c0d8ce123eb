import { BehaviorSubject, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Post, PostAnswer, SourceEvent } from '../contract.js'
import { describeAdapterContract } from '../contract-suite.js'
import { testContext, testSignal } from '../test-context.js'
import { push } from './adapter.js'
import type { PushOptions } from './config.js'

const signals = [testSignal(0, 'load')]
const post = (entries: readonly unknown[], answer: (given: PostAnswer) => void = () => {}): Post => ({
  entries,
  bytes: JSON.stringify(entries).length,
  answer,
})

describeAdapterContract<PushOptions>({
  definition: push,
  hasLink: false,
  start: async () => {
    const posts = new Subject<Post>()
    const waiting: unknown[] = []
    let said = 0
    return {
      options: {},
      context: { ...testContext({ signals }), posts },
      // Who is told that the engine is busy posts the same again later.
      push(samples) {
        for (let i = 0; i < samples; i++)
          waiting.push({ tag: 'load', value: i, time: 1 + said + waiting.length })
        let isBusy = false
        while (waiting.length > 0 && !isBusy && posts.observed) {
          const part = waiting.slice(0, 50)
          posts.next(post(part, ({ kind }) => (isBusy = kind === 'busy')))
          if (isBusy) return
          said += waiting.splice(0, 50).length
        }
      },
      said: () => said,
      open: () => (posts.observed ? 1 : 0),
      writes: () => [],
      stop: () => posts.complete(),
    }
  },
})

describe('a post', () => {
  const listen = (window = 10) => {
    const posts = new Subject<Post>()
    const accepted = new BehaviorSubject(0)
    const events: SourceEvent[] = []
    push
      .create({}, { ...testContext({ signals, accepted, window }), posts })
      .subscribe(event => events.push(event))
    return { posts, accepted, events }
  }

  it('is told of times that cannot be, which are no samples', () => {
    const { posts, accepted, events } = listen()
    const answers: PostAnswer[] = []
    posts.next(
      post(
        [
          { tag: 'x', value: 1 },
          { tag: 'load', value: 1, time: 1 },
          { tag: 'load', value: 2 },
        ],
        given => answers.push(given),
      ),
    )
    const samples = events.find(({ kind }) => kind === 'samples') as SourceEvent & { kind: 'samples' }
    const reject = { source: 'test', time: 1, rule: 'time.too-old', reason: 'is too old', raw: '' }
    samples.turnedAway?.(0, reject)
    accepted.next(2)
    const problems = [{ entry: 0 }, { entry: 1, rule: 'time.too-old', reason: 'is too old' }]
    expect(answers).toMatchObject([{ kind: 'accepted', samples: 1, problems }])
  })

  it('is answered when all of its samples are accepted, and not before', () => {
    const { posts, accepted } = listen()
    const answers: unknown[] = []
    const two = [
      { tag: 'load', value: 1 },
      { tag: 'load', value: 2 },
    ]
    posts.next(post(two, given => answers.push(['first', given.kind])))
    posts.next(post([...two, 'garbage'], given => answers.push(['second', given])))
    expect(answers).toEqual([])
    accepted.next(2)
    expect(answers).toEqual([['first', 'accepted']])
    accepted.next(4)
    expect(answers[1]).toMatchObject(['second', { kind: 'accepted', samples: 2, problems: [{ entry: 2 }] }])
  })

  it('without a sample is answered at once', () => {
    const { posts, events } = listen()
    const answers: PostAnswer[] = []
    posts.next(post(['garbage'], given => answers.push(given)))
    expect(answers).toMatchObject([{ kind: 'accepted', samples: 0 }])
    expect(events.map(({ kind }) => kind)).toEqual(['connected', 'rejects'])
  })

  it('is turned away whole while more than a window waits', () => {
    const { posts, events } = listen(1)
    const answers: string[] = []
    for (let i = 0; i < 3; i++) {
      posts.next(
        post(
          [
            { tag: 'load', value: 1 },
            { tag: 'load', value: 2 },
          ],
          ({ kind }) => answers.push(kind),
        ),
      )
    }
    expect(answers).toEqual(['busy', 'busy'])
    expect(events.filter(({ kind }) => kind === 'samples')).toHaveLength(1)
  })
})
