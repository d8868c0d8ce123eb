import { describe, expect, it } from 'vitest'
import { UnknownTags } from './unknown-tags.js'

const value = (tag: string) => ({ tag, raw: `${tag}=1` })

describe('unknown tags', () => {
  it('are fresh once, and counted ever after', () => {
    const tags = new UnknownTags()
    expect(tags.take([value('a'), value('b'), value('a')])).toEqual([value('a'), value('b')])
    expect(tags.take([value('b'), value('a')])).toEqual([])
    expect(tags.values).toBe(5)
    expect(tags.list()).toEqual([
      ['a', 3],
      ['b', 2],
    ])
  })

  it('are named up to a thousand, and counted beyond', () => {
    const tags = new UnknownTags()
    const fresh = tags.take(Array.from({ length: 1500 }, (_, i) => value(`tag ${i}`)))
    expect([fresh.length, tags.list().length, tags.values, tags.isFull]).toEqual([1000, 1000, 1500, true])
  })
})
