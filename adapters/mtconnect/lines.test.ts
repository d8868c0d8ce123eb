import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineSplitter } from './lines.js'

const split = (chunks: readonly Uint8Array[], limit = 1024) => {
  const splitter = new LineSplitter(limit)
  const lines: string[] = []
  const tooLong: string[] = []
  for (const chunk of chunks) {
    splitter.push(chunk, { line: text => lines.push(text), tooLong: head => tooLong.push(head) })
  }
  return { lines, tooLong, rest: splitter.takeUnfinished() }
}

/** Cuts bytes at the given places. */
const cut = (bytes: Uint8Array, places: readonly number[]) => {
  const ends = [...new Set(places.map(place => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...ends, bytes.length].map((end, i) => bytes.slice(i === 0 ? 0 : ends[i - 1], end))
}

describe('the line splitter', () => {
  it('ends lines at LF and at CR LF', () => {
    expect(split([Buffer.from('a\nb\r\n\nc')])).toEqual({ lines: ['a', 'b', ''], tooLong: [], rest: 'c' })
  })

  it('finds the same lines wherever the chunks are cut, characters included', () => {
    const line = fc.string({ unit: 'binary' }).map(text => text.replaceAll(/[\r\n]/g, ''))
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat()), (lines, places) => {
        const bytes = Buffer.from(lines.map(text => `${text}\n`).join(''))
        expect(split(cut(bytes, places), bytes.length).lines).toEqual(lines)
      }),
    )
  })

  it('drops a line over the limit, shows how it began, and goes on behind it', () => {
    const { lines, tooLong } = split([Buffer.from('x'.repeat(20)), Buffer.from('yz\nfine\n')], 10)
    expect(tooLong).toEqual(['x'.repeat(20)])
    expect(lines).toEqual(['fine'])
  })

  it('takes a line of exactly the limit and refuses one byte more, in one chunk or two', () => {
    for (const chunks of [['1234567890\n12345678901\n'], ['12345', '67890\n1234', '5678901\n']]) {
      const { lines, tooLong } = split(
        chunks.map(text => Buffer.from(text)),
        10,
      )
      expect(lines).toEqual(['1234567890'])
      expect(tooLong).toEqual(['12345678901'])
    }
  })

  it('reports an endless line once and holds none of it', () => {
    const { lines, tooLong, rest } = split(
      Array.from({ length: 100 }, () => Buffer.alloc(1000, 'x')),
      10_000,
    )
    expect({ lines, reports: tooLong.length, rest }).toEqual({ lines: [], reports: 1, rest: '' })
  })
})
