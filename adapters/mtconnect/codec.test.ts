import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { qualityNames } from '../../schema/quality.js'
import { fuzzRuns } from '../fuzz-runs.js'
import { numbersIn, numberText } from '../number-texts.js'
import { testContext, testSignal } from '../test-context.js'
import { type Decoded, ShdrDecoder } from './codec.js'

const signals = [
  testSignal(0, 'Xabs', { quantity: 'position' }),
  testSignal(1, 'Zabs', { quantity: 'position' }),
  testSignal(2, 'execution', { role: 'status', quantity: 'state', type: 'text' }),
  testSignal(3, 'program', { role: 'status', quantity: 'text', type: 'text' }),
  testSignal(4, 'system_cond', { role: 'status', quantity: 'condition', type: 'text' }),
  testSignal(5, 'Mazak02:Xabs', { quantity: 'position' }),
]

const received = Date.UTC(2026, 0, 1)
const time = '2017-06-08T09:07:44.696Z'
const at = Date.UTC(2017, 5, 8, 9, 7, 44, 696)

const fresh = (device?: string, maxLineLength = 1024) => {
  const { intern, text } = testContext({ signals })
  const decoder = new ShdrDecoder({ source: 'test', signals, device, maxLineLength, intern })
  /** Samples as `tag = value @ ms after the row's time (quality)`. */
  const show = ({ samples }: Decoded) =>
    Array.from({ length: samples.count }, (_, i) => {
      const { signal } = signals.find(({ index }) => index === samples.signal[i])!
      const raw = samples.value[i]!
      const value = signal.type === 'text' ? text(raw) : raw
      const quality = qualityNames[samples.quality[i]!]
      const offset = samples.sourceTime[i]! - at
      return `${signal.tag} = ${value}${offset === 0 ? '' : ` @ ${offset}`}${quality === 'good' ? '' : ` (${quality})`}`
    })
  const feed = (text: string) => {
    const decoded = decoder.push(Buffer.from(text), received)
    const rules = [
      ...decoded.rejects.map(({ rule }) => rule as string),
      ...decoded.unknown.map(({ tag }) => `unknown ${tag}`),
    ]
    return { decoded, samples: show(decoded), rules }
  }
  return { decoder, feed }
}

const read = (text: string, device?: string) => fresh(device).feed(`${text}\n`)

describe('a row that can be taken', () => {
  it.each([
    ['a number', `${time}|Xabs|-12.5`, ['Xabs = -12.5']],
    ['a number with an exponent', `${time}|Xabs|2.777778e-05`, ['Xabs = 0.00002777778']],
    ['a number with its reset', `${time}|Xabs|0:DAY`, ['Xabs = 0']],
    ['a word', `${time}|execution|ACTIVE`, ['execution = ACTIVE']],
    ['several pairs', `${time}|Xabs|1|execution|READY|Zabs|2`, ['Xabs = 1', 'execution = READY', 'Zabs = 2']],
    ['spaces around fields', ` ${time} | Xabs | 1 | execution | READY `, ['Xabs = 1', 'execution = READY']],
    ['a carriage return', `${time}|execution|READY\r`, ['execution = READY']],
    ['an empty text', `${time}|program|`, ['program = ']],
    ['a pipe too many', `${time}|Xabs|1|`, ['Xabs = 1']],
    ['a quoted pipe', `${time}|program|"a\\|b"|Xabs|1`, ['program = a|b', 'Xabs = 1']],
    ['a number the source lacks', `${time}|Xabs|UNAVAILABLE`, ['Xabs = NaN (bad)']],
    ['a word the source lacks', `${time}|execution|UNAVAILABLE`, ['execution = UNAVAILABLE (bad)']],
    ['a message', `${time}|program|CH4|Change tool 4`, ['program = CH4 Change tool 4']],
    ['a message without code', `${time}|program||Change tool 4`, ['program = Change tool 4']],
    ['a duration', `${time}@100.5|Xabs|1`, ['Xabs = 1']],
    ['a condition', `${time}|system_cond|Normal||||`, ['system_cond = Normal']],
    [
      'a condition with a code',
      `${time}|system_cond|Warning|1101|||INTERFERE`,
      ['system_cond = Warning 1101 INTERFERE'],
    ],
    [
      'a condition with everything',
      `${time}|system_cond|FAULT|149|500|HIGH| TAILSTOCK BARRIER`,
      ['system_cond = Fault 149 TAILSTOCK BARRIER (HIGH, severity 500)'],
    ],
    [
      'a condition the source lacks',
      `${time}|system_cond|Unavailable||||`,
      ['system_cond = UNAVAILABLE (bad)'],
    ],
    [
      'several conditions of one item: the worst level, and all of it',
      [
        `${time}|system_cond|Warning|W3|||LUBE`,
        `${time}|system_cond|Fault|E2|||DOOR`,
        `${time}|system_cond|Fault|E1|||HEAT`,
        `${time}|system_cond|Normal|E2|||`,
        `${time}|system_cond|Normal|E1|||`,
        `${time}|system_cond|Normal|W3|||`,
      ].join('\n'),
      [
        'system_cond = Warning W3 LUBE',
        'system_cond = Fault E2 DOOR',
        'system_cond = Fault E1 HEAT; Fault E2 DOOR',
        'system_cond = Fault E1 HEAT',
        'system_cond = Warning W3 LUBE',
        'system_cond = Normal',
      ],
    ],
    [
      'a Normal without a code, and no value: all are cleared',
      ['Fault|E1', 'Fault|E2', 'Normal|', 'Warning|W3', 'Unavailable|', 'Warning|W4']
        .map(told => `${time}|system_cond|${told}|||`)
        .join('\n'),
      [
        'system_cond = Fault E1',
        'system_cond = Fault E1; Fault E2',
        'system_cond = Normal',
        'system_cond = Warning W3',
        'system_cond = UNAVAILABLE (bad)',
        'system_cond = Warning W4',
      ],
    ],
    ['a bare condition', `${time}|system_cond|Normal`, ['system_cond = Normal']],
    [
      'a bare condition before a pair',
      `${time}|system_cond|Normal|Xabs|1`,
      ['system_cond = Normal', 'Xabs = 1'],
    ],
    [
      'a condition before a pair',
      `${time}|system_cond|Normal|||||Xabs|1`,
      ['system_cond = Normal', 'Xabs = 1'],
    ],
    ['a time series', `${time}|Xabs|3|100|1 2 3`, ['Xabs = 1 @ -20', 'Xabs = 2 @ -10', 'Xabs = 3']],
    ['a time series the source lacks', `${time}|Xabs|0||UNAVAILABLE`, ['Xabs = NaN (bad)']],
    [
      'a value of several lines',
      `${time}|program|--multiline--A7\nG0 X1\nM30\n--multiline--A7`,
      ['program = G0 X1\nM30'],
    ],
  ])('%s', (_, text, expected) => {
    const { samples, rules } = read(text)
    expect(rules).toEqual([])
    expect(samples).toEqual(expected)
  })

  it('without a time has the time of receipt', () => {
    expect(read('|Xabs|1').decoded.samples.sourceTime[0]).toBe(received)
  })

  it('with a relative time counts from the first of them', () => {
    const { feed } = fresh()
    expect(feed('5000|Xabs|1\n').decoded.samples.sourceTime[0]).toBe(received)
    expect(feed('5250.5|Xabs|2\n').decoded.samples.sourceTime[0]).toBe(received + 250.5)
  })

  it('may feed two signals', () => {
    const twice = [testSignal(0, 'Xabs'), { ...testSignal(1, 'Xabs') }]
    const decoder = new ShdrDecoder({ source: 's', signals: twice, maxLineLength: 1024, intern: () => 0 })
    expect([...decoder.push(Buffer.from(`${time}|Xabs|1\n`), 0).samples.signal]).toEqual([0, 1])
  })
})

describe('a row that cannot be taken, and leaves the signals that it names without a value', () => {
  it.each([
    ['no item', 'nothing', [], ['shdr.bad-time']],
    ['only a time', time, [], ['shdr.malformed-line']],
    ['a time and a pipe', `${time}|`, [], ['shdr.malformed-line']],
    ['a key without a value', `${time}|Xabs`, [], ['shdr.malformed-line']],
    ['a value without a key', `${time}||5|Xabs|1`, ['Xabs = 1'], ['shdr.malformed-line']],
    [
      'an unreadable time',
      '2017-02-30T00:00:00Z|Xabs|1',
      [`Xabs = NaN @ ${received - at} (bad)`],
      ['shdr.bad-time'],
    ],
    ['a word for a number', `${time}|Xabs|fast`, ['Xabs = NaN (bad)'], ['shdr.not-a-number']],
    ['an empty number', `${time}|Xabs||Zabs|2`, ['Xabs = NaN (bad)', 'Zabs = 2'], ['shdr.not-a-number']],
    ['a number out of range', `${time}|Xabs|1e999`, ['Xabs = NaN (bad)'], ['shdr.not-a-number']],
    ['a hexadecimal number', `${time}|Xabs|0x10`, ['Xabs = NaN (bad)'], ['shdr.not-a-number']],
    [
      'a bad pair among good ones',
      `${time}|Xabs|?|Zabs|2`,
      ['Xabs = NaN (bad)', 'Zabs = 2'],
      ['shdr.not-a-number'],
    ],
    ['a good pair before a cut one', `${time}|Xabs|1|Zabs`, ['Xabs = 1'], ['shdr.malformed-line']],
    ['an unknown item', `${time}|Yabs|1`, [], ['unknown Yabs']],
    ['an unknown item among known ones', `${time}|Yabs|1|Zabs|2`, ['Zabs = 2'], ['unknown Yabs']],
    ['an unknown condition', `${time}|other_cond|Fault|1|2|LOW|text`, [], ['unknown other_cond']],
    ['an unknown message', `${time}|other|code|text`, [], ['unknown other']],
    [
      'a level nobody knows',
      `${time}|system_cond|Bad||||`,
      ['system_cond = undefined (bad)'],
      ['shdr.bad-condition'],
    ],
    ['a series of another length', `${time}|Xabs|3|100|1 2`, ['Xabs = NaN (bad)'], ['shdr.bad-series']],
    ['a series with a word', `${time}|Xabs|2|100|1 x`, ['Xabs = NaN (bad)'], ['shdr.bad-series']],
    ['a series without a rate', `${time}|Xabs|2||1 2`, ['Xabs = NaN (bad)'], ['shdr.bad-series']],
    [
      'a text without end',
      `${time}|program|${'x'.repeat(5000)}`,
      ['program = undefined (bad)'],
      ['shdr.text-too-long'],
    ],
    ['an asset', `${time}|@ASSET@|T1|CuttingTool|<CuttingTool/>`, [], ['shdr.asset']],
    [
      'an asset of several lines',
      `${time}|@ASSET@|T1|CuttingTool|--multiline--X\n<a>\n--multiline--X`,
      [],
      ['shdr.asset'],
    ],
  ])('%s', (_, text, samples, rules) => {
    const read = fresh(undefined, 10_000).feed(`${text}\n`)
    expect({ samples: read.samples, rules: read.rules }).toEqual({ samples, rules })
  })

  it('is kept whole, with its source, the time of receipt and the reason', () => {
    expect(read(`${time}|Xabs|fast|Zabs|1`).decoded.rejects).toEqual([
      {
        source: 'test',
        time: received,
        rule: 'shdr.not-a-number',
        reason: 'Xabs: "fast" is not a number',
        raw: `${time}|Xabs|fast|Zabs|1`,
      },
    ])
  })

  it('does not stop the stream', () => {
    const { samples, rules } = read(`x\n${time}|Xabs|1\ny\n${time}|Xabs|2`)
    expect(samples).toEqual(['Xabs = 1', 'Xabs = 2'])
    expect(rules).toHaveLength(2)
  })

  it('is one reject when it is too long, however much follows', () => {
    const { feed } = fresh()
    expect(feed('x'.repeat(2000)).rules).toEqual(['shdr.line-too-long'])
    expect(feed('x'.repeat(2000)).rules).toEqual([])
    expect(feed(`\n${time}|Xabs|1\n`).samples).toEqual(['Xabs = 1'])
  })

  it('is one reject when its several lines never end', () => {
    const { feed } = fresh()
    feed(`${time}|program|--multiline--A\n`)
    const { rules } = feed(`${'x'.repeat(600)}\n${'x'.repeat(600)}\n`)
    expect(rules).toEqual(['shdr.line-too-long'])
    expect(feed(`${time}|Xabs|1\n`).samples).toEqual(['Xabs = 1'])
  })

  it('is a reject when the connection ends in the middle of it', () => {
    const { decoder, feed } = fresh()
    feed(`${time}|Xa`)
    expect(decoder.end(received).rejects).toMatchObject([{ rule: 'shdr.cut-line', raw: `${time}|Xa` }])
    expect(decoder.end(received).rejects).toEqual([])
  })
})

describe('devices', () => {
  it('are named by keys', () => {
    const { samples, rules } = read(`${time}|Mazak01:Xabs|1|Mazak02:Xabs|2|Mazak03:Xabs|3`, 'Mazak01')
    expect(samples).toEqual(['Xabs = 1', 'Mazak02:Xabs = 2'])
    expect(rules).toEqual(['unknown Mazak03:Xabs'])
  })

  it('are announced for the plain keys that follow', () => {
    const row = `${time}|Xabs|1\n`
    const { samples, rules } = read(
      `${row}* device: Mazak02\n${row}* device: Mazak03\n${row}* device: Mazak01\n${row}`,
      'Mazak01',
    )
    expect(samples).toEqual(['Xabs = 1', 'Mazak02:Xabs = 1', 'Xabs = 1'])
    expect(rules).toEqual(['unknown Xabs'])
  })

  it('leave plain tags to the first announced one when none is configured', () => {
    const row = `${time}|Zabs|1\n`
    const { samples, rules } = read(`* device: A\n${row}* device: B\n${row}`)
    expect(samples).toEqual(['Zabs = 1'])
    expect(rules).toEqual(['unknown Zabs'])
  })
})

describe('commands', () => {
  it('are no rows', () => {
    const { decoded, rules } = read('* PING\n* shdrVersion: 2\n*\n* nonsense\n')
    expect({ rows: decoded.rows, rules }).toEqual({ rows: 0, rules: [] })
  })

  it('answer a ping and say how often to send one', () => {
    expect(read('* PONG 2500').decoded).toMatchObject({ pongs: 1, heartbeatMs: 2500 })
    expect(read('* PONG').decoded).toMatchObject({ pongs: 1, heartbeatMs: undefined })
    expect(read('* PONG soon').decoded).toMatchObject({ pongs: 1, heartbeatMs: undefined })
  })
})

describe('the decoder', () => {
  const row = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          time,
          '',
          'Xabs',
          'execution',
          'program',
          'system_cond',
          'Mazak01:Zabs',
          '@ASSET@',
          'Normal',
        ),
        fc.constantFrom('UNAVAILABLE', '1', '-2.5e3', '1 2 3', '"', '\\|', '"a\\|b"', '--multiline--A'),
        fc.string({ maxLength: 8 }),
      ),
      { maxLength: 9 },
    )
    .map(fields => fields.join('|'))

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.uint8Array(),
            row.map(text => Buffer.from(`${text}\n`)),
          ),
        ),
        chunks => {
          const { decoder } = fresh('Mazak01', 256)
          for (const chunk of chunks) decoder.push(chunk, received)
          decoder.end(received)
        },
      ),
      // Some five chunks each.
      { numRuns: fuzzRuns / 4 },
    )
  })

  it('makes at least one sample, reject or unknown tag of every row, and nothing of what is no row', () => {
    fc.assert(
      fc.property(row, text => {
        fc.pre(!/--multiline--\w*\s*$/.test(text))
        const { samples, rules, decoded } = read(text)
        const isRow = text.trim() !== '' && !text.startsWith('*')
        const lines = text.split('\n').length
        if (lines === 1) expect(decoded.rows).toBe(isRow ? 1 : 0)
        expect(samples.length + rules.length).toBeGreaterThanOrEqual(decoded.rows)
        if (decoded.rows === 0) expect([...samples, ...rules]).toEqual([])
      }),
      { numRuns: fuzzRuns },
    )
  })

  it('makes no number that no field held', () => {
    const field = fc.oneof(numberText, fc.string({ maxLength: 6 }))
    const key = fc.constantFrom('Xabs', 'Zabs', 'Mazak01:Zabs')
    fc.assert(
      fc.property(fc.array(fc.tuple(key, field), { minLength: 1, maxLength: 3 }), pairs => {
        const { decoded } = read([time, ...pairs.flat()].join('|'))
        const there = numbersIn(pairs.flat().join(' '))
        const { count, value, quality, signal } = decoded.samples
        for (let i = 0; i < count; i++) {
          if (signal[i]! > 1 || there.has(value[i]!)) continue
          expect([value[i], qualityNames[quality[i]!], pairs]).toEqual([Number.NaN, 'bad', pairs])
        }
      }),
      { numRuns: fuzzRuns },
    )
  })

  it('reads the same wherever the chunks are cut', () => {
    fc.assert(
      fc.property(fc.array(row), fc.nat(), (rows, place) => {
        const bytes = Buffer.from(`${rows.join('\n')}\n* PONG 100\n`)
        const [whole, parts] = [fresh(), fresh()]
        const expected = whole.decoder.push(bytes, received)
        const first = parts.decoder.push(bytes.subarray(0, place % bytes.length), received)
        const second = parts.decoder.push(bytes.subarray(place % bytes.length), received)
        expect([...first.samples.value, ...second.samples.value]).toEqual([...expected.samples.value])
        expect([...first.rejects, ...second.rejects]).toEqual(expected.rejects)
      }),
    )
  })
})
