import { describe, expect, it } from 'vitest'
import { expandIdRange } from './id-range.js'

describe('a range of ids', () => {
  it('is padded as its first number is', () => {
    expect(expandIdRange('press-{08..11}')?.map(each => each.id)).toEqual([
      'press-08',
      'press-09',
      'press-10',
      'press-11',
    ])
    expect(expandIdRange('a{9..10}b')).toEqual([
      { id: 'a9b', number: '9' },
      { id: 'a10b', number: '10' },
    ])
  })

  it('is just the id where there is none', () => {
    expect(expandIdRange('press-01')).toEqual([{ id: 'press-01', number: undefined }])
    expect(expandIdRange('press-{x}')).toEqual([{ id: 'press-{x}', number: undefined }])
  })

  it('is none when it runs backwards or is longer than a thousand', () => {
    expect(expandIdRange('p{2..1}')).toBeUndefined()
    expect(expandIdRange('p{1..1000}')).toHaveLength(1000)
    expect(expandIdRange('p{0..1000}')).toBeUndefined()
  })
})
