import { expect, it } from 'vitest'
import { type Revision, tellShort, tellSlower } from './revision.js'

const asked: Revision = {
  signal: 'm.temp',
  askedMs: 100,
  givenMs: 100,
  askedQueue: 300,
  givenQueue: 300,
  publishingMs: 500,
}

it('says nothing of what was given as asked, or nearly', () => {
  const some = [asked, { ...asked, givenMs: 110 }, { ...asked, askedMs: 0 }, { ...asked, givenQueue: 50 }]
  expect([tellSlower(some), tellShort(some)]).toEqual([undefined, undefined])
})

it('says which signals are sampled more slowly', () => {
  const slower = { ...asked, givenMs: 1_500 }
  expect(tellSlower([asked, slower, slower])).toContain(
    'samples 2 signals more slowly than asked, m.temp every 1500 ms instead of 100',
  )
})

it('says of which signals values are lost between two publications', () => {
  const short = { ...asked, givenQueue: 1 }
  expect(tellShort([asked, short])).toContain('of 1 signal, of m.temp 1 instead of 300')
  // One value is enough where no more come.
  expect(tellShort([{ ...short, givenMs: 500 }])).toBeUndefined()
})
