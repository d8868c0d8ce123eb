import { describe, expect, it } from 'vitest'
import { CurrentValues } from './current-values.js'

const currentOf = (...rows: string[]) => {
  const current = new CurrentValues()
  for (const row of rows) current.see(row)
  return current.rows()
}

describe('the current values of a recording', () => {
  it('are the last row of each item, in the order of the recording', () => {
    expect(currentOf('1|a|1', '2|b|1', '3|a|2', '4|c|1')).toEqual(['2|b|1', '3|a|2', '4|c|1'])
  })

  it('keep a row of several items while one of them is the newest', () => {
    expect(currentOf('1|a|1|b|1', '2|a|2')).toEqual(['1|a|1|b|1', '2|a|2'])
    expect(currentOf('1|a|1|b|1', '2|a|2', '3|b|2')).toEqual(['2|a|2', '3|b|2'])
  })

  it('keep conditions whole and leave commands out', () => {
    const condition = '2|system_cond|Warning|1101|||INTERFERE'
    expect(currentOf('1|system_cond|Normal||||', condition, '* PONG 10000')).toEqual([condition])
  })
})
