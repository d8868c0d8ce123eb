import { describe, expect, it } from 'vitest'
import { parseFlags } from './flags.js'

const options = {
  port: { type: 'string' },
  'log-level': { type: 'string' },
  loop: { type: 'boolean' },
} as const

describe('the options of a verb', () => {
  it('are read with the arguments beside them', () => {
    const { values, positionals } = parseFlags('run', ['a', '--port', '1', '--loop'], options, true)
    expect({ ...values, positionals }).toEqual({ port: '1', loop: true, positionals: ['a'] })
  })

  it.each([
    ['misspelt', ['--prot', '1'], 'run: there is no option --prot (but --port). See gemba run --help.'],
    ['unlike any', ['--colour'], 'run: there is no option --colour. See gemba run --help.'],
    ['without its value', ['--port'], 'run: --port needs a value, as in --port=…. See gemba run --help.'],
    [
      'followed by another',
      ['--port', '--loop'],
      'run: --port needs a value, as in --port=…. See gemba run --help.',
    ],
    ['with a value it does not take', ['--loop=1'], 'run: --loop takes no value. See gemba run --help.'],
    ['beside what nobody asked for', ['x'], 'run: "x" is one argument too many. See gemba run --help.'],
  ])('are refused when one is %s', (_, argv, message) => {
    expect(() => parseFlags('run', argv, options)).toThrow(message)
  })
})
