import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const places = ['../../schema/stream/', './']

it('Every rule of the stream protocol has a test that cites it, and every cited rule is there', () => {
  const rules = [...read('../../schema/stream/SPEC.md').matchAll(/^\*\*(S\d+)\*\*/gm)].map(match => match[1])
  const tests = places.flatMap(place =>
    readdirSync(new URL(place, import.meta.url))
      .filter(name => name.endsWith('.test.ts'))
      .map(name => read(place + name)),
  )
  const cited = new Set(tests.flatMap(text => [...text.matchAll(/\(\s*'(S\d+) /g)].map(match => match[1])))

  expect(new Set(rules).size).toBe(rules.length)
  expect(rules.length).toBeGreaterThan(20)
  expect(rules.filter(rule => !cited.has(rule))).toEqual([])
  expect([...cited].filter(rule => !rules.includes(rule))).toEqual([])
})
