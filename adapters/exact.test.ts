import { expect, it } from 'vitest'
import { exactNumber, isBroken, parseExactly } from './exact.js'

it.each([
  ['9007199254740991', 9007199254740991],
  ['-9007199254740991', -9007199254740991],
  ['9007199254740993', undefined],
  [' +9007199254740993 ', undefined],
  ['-18446744073709551615', undefined],
  ['9007199254740993.0', undefined],
  ['9007199254740993.', undefined],
  ['9007199254740992.0', 9007199254740992],
  ['7.0', 7],
  // As a double is written.
  [String(2 ** 60), 2 ** 60],
  ['1e300', 1e300],
  ['0.12345678901234567890', 0.12345678901234568],
  ['1e999', undefined],
])('takes %s for %s', (text, number) => expect(exactNumber(text)).toBe(number))

it.each([
  ['{"v":9007199254740993}', { v: '9007199254740993' }],
  ['[-9007199254740993, 9007199254740993]', ['-9007199254740993', '9007199254740993']],
  ['[9007199254740993.00, 9007199254740992.0]', ['9007199254740993.00', 9007199254740992]],
  [
    '[9007199254740993.0e1,9007199254740993.05]',
    [Number('9007199254740993e1'), Number('9007199254740993.05')],
  ],
  ['{"v":9007199254740991,"t":1.12345678901234567890}', { v: 9007199254740991, t: 1.1234567890123457 }],
  [
    '{"9007199254740993":"9007199254740993 \\" 9007199254740993"}',
    { '9007199254740993': '9007199254740993 " 9007199254740993' },
  ],
  ['{"v":12345678901234567890.5,"w":1e0000000000000000001}', { v: Number('12345678901234567890.5'), w: 10 }],
])('parses %s without rounding', (json, parsed) => expect(parseExactly(json)).toEqual(parsed))

it('is no more lenient than JSON', () => {
  expect(() => parseExactly('{"v":9007199254740993')).toThrow(SyntaxError)
})

it('knows a text of which something was lost', () => {
  expect([isBroken(Buffer.from('Müller', 'latin1').toString('utf8')), isBroken('Müller')]).toEqual([
    true,
    false,
  ])
})
