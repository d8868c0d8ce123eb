import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Quality } from '../../schema/quality.js'
import { fuzzRuns } from '../fuzz-runs.js'
import { numbersIn, numberText } from '../number-texts.js'
import { testContext, testSignal } from '../test-context.js'
import { readDocument } from './codec.js'
import { MultipartError, MultipartReader } from './multipart.js'
import { ObservationTaker } from './observations.js'

const streams = (inner: string, prefix = '') => `<?xml version="1.0" encoding="UTF-8"?>
<${prefix}MTConnectStreams${prefix === '' ? '' : ' xmlns:m="urn:mtconnect.org:MTConnectStreams:2.0"'}>
  <${prefix}Header instanceId="77" bufferSize="100" firstSequence="1" lastSequence="9" nextSequence="10"/>
  <${prefix}Streams><${prefix}DeviceStream name="Mill" uuid="m-1"><${prefix}ComponentStream component="Linear" name="X" componentId="c">${inner}</${prefix}ComponentStream></${prefix}DeviceStream></${prefix}Streams>
</${prefix}MTConnectStreams>`

const example = streams(`
  <Samples>
    <Position dataItemId="x2" name="Xact" sequence="5" subType="ACTUAL" timestamp="2026-01-01T00:00:05Z">12.5</Position>
    <Position dataItemId="x3" sequence="2" timestamp="2026-01-01T00:00:02Z">UNAVAILABLE</Position>
    <PositionTimeSeries dataItemId="ts" sequence="6" sampleCount="3" sampleRate="100" timestamp="2026-01-01T00:00:06Z">1 2 3</PositionTimeSeries>
  </Samples>
  <Events>
    <Execution dataItemId="e1" name="execution" sequence="4" timestamp="2026-01-01T00:00:04Z">ACTIVE</Execution>
    <Message dataItemId="msg" sequence="7" nativeCode="CH4" timestamp="2026-01-01T00:00:07Z">Change tool &amp; go</Message>
  </Events>
  <Condition>
    <Normal dataItemId="cn" sequence="1" type="LOAD" timestamp="2026-01-01T00:00:01Z"/>
    <Warning dataItemId="cn" sequence="8" type="LOAD" nativeCode="1101" nativeSeverity="500" qualifier="HIGH" timestamp="2026-01-01T00:00:08Z">INTERFERE</Warning>
  </Condition>`)

describe('a document of an MTConnect agent', () => {
  it('is its observations in the order in which they were made', () => {
    const document = readDocument(example)
    if (document.kind !== 'streams') throw new Error(document.kind)
    expect(document.header).toEqual({ instanceId: '77', firstSequence: 1, nextSequence: 10 })
    expect(document.observations.map(({ sequence, id, fields }) => [sequence, id, ...fields])).toEqual([
      [1, 'cn', 'Normal', '', '', '', ''],
      [2, 'x3', 'UNAVAILABLE'],
      [4, 'e1', 'ACTIVE'],
      [5, 'x2', '12.5'],
      [6, 'ts', '3', '100', '1 2 3'],
      [7, 'msg', 'CH4', 'Change tool & go'],
      [8, 'cn', 'Warning', '1101', '500', 'HIGH', 'INTERFERE'],
    ])
  })

  it('is read whatever the prefix of its namespace', () => {
    const inner =
      '<m:Samples><m:Load dataItemId="l" sequence="3" timestamp="2026-01-01T00:00:00Z">4</m:Load></m:Samples>'
    expect(readDocument(streams(inner, 'm:'))).toMatchObject({
      kind: 'streams',
      observations: [{ device: 'Mill', id: 'l', fields: ['4'] }],
    })
  })

  it('has the characters that are told by number', () => {
    const text = 'door &amp; &#x6F;&#112;en &#xe9;&#x1F600; &amp;#65;<![CDATA[&#65;]]>'
    const document = readDocument(
      streams(
        `<Events><Message dataItemId="m" name="&#x41;&#66;" sequence="3" timestamp="2026-01-01T00:00:00Z">${text}</Message></Events>`,
      ),
    )
    expect(document).toMatchObject({
      observations: [{ name: 'AB', fields: ['door & open é😀 &#65;&#65;'] }],
    })
  })

  it('is empty where nothing happened', () => {
    expect(
      readDocument(
        '<MTConnectStreams><Header instanceId="1" firstSequence="1" nextSequence="1"/><Streams/></MTConnectStreams>',
      ),
    ).toEqual({
      kind: 'streams',
      header: { instanceId: '1', firstSequence: 1, nextSequence: 1 },
      observations: [],
    })
  })

  it.each([
    [
      '<MTConnectError><Errors><Error errorCode="OUT_OF_RANGE">too old</Error></Errors></MTConnectError>',
      { kind: 'error', code: 'OUT_OF_RANGE', text: 'too old' },
    ],
    [
      '<MTConnectError><Error errorCode="NO_DEVICE">which?</Error></MTConnectError>',
      { kind: 'error', code: 'NO_DEVICE', text: 'which?' },
    ],
    ['<html/>', { kind: 'unreadable', reason: 'it is html, not MTConnectStreams' }],
    [
      '<MTConnectStreams><Header/></MTConnectStreams>',
      { kind: 'unreadable', reason: 'its header has no sequence numbers' },
    ],
    ['', { kind: 'unreadable' }],
    [example.slice(0, -30), { kind: 'unreadable' }],
  ])('may be something else: %#', (xml, expected) => {
    expect(readDocument(xml)).toMatchObject(expected)
  })

  it('never makes its reader throw, whatever it is cut down to or changed into', () => {
    const signals = ['Xact', 'x3', 'ts', 'execution', 'cn'].map((tag, i) =>
      testSignal(i, tag, i < 3 ? {} : { type: 'text', quantity: i === 3 ? 'state' : 'condition' }),
    )
    const taker = new ObservationTaker(testContext({ signals }), undefined)
    const piece = fc.tuple(fc.nat(example.length), fc.nat(40), fc.string({ maxLength: 6 }))
    fc.assert(
      fc.property(piece, ([at, removed, put]) => {
        const document = readDocument(example.slice(0, at) + put + example.slice(at + removed))
        if (document.kind !== 'streams') return
        for (const { sequence } of document.observations) expect(Number.isSafeInteger(sequence)).toBe(true)
        const { samples, rejects, unknown } = taker.take(document.observations, 9)
        // A time series is several samples; nothing else is, and nothing vanishes.
        expect(samples.count + rejects.length + unknown.length).toBeGreaterThanOrEqual(
          document.observations.length,
        )
        for (let i = 0; i < samples.count; i++) {
          expect(Number.isFinite(samples.sourceTime[i])).toBe(true)
          expect(Number.isFinite(samples.value[i]) || samples.quality[i] === Quality.bad).toBe(true)
        }
      }),
      { numRuns: fuzzRuns },
    )
  })
})

describe('observations', () => {
  it('make no number that none of them held', () => {
    const taker = new ObservationTaker(testContext({ signals: [testSignal(0, 'Xact')] }), undefined)
    const timestamp = '2026-01-01T00:00:00Z'
    fc.assert(
      fc.property(fc.oneof(numberText, fc.string({ maxLength: 6 })), text => {
        const observation = {
          device: 'Mill',
          id: 'Xact',
          name: undefined,
          sequence: 1,
          timestamp,
          fields: [text],
        }
        const { count, value, quality } = taker.take([observation], 9).samples
        for (let i = 0; i < count; i++) {
          if (!numbersIn(text).has(value[i]!))
            expect([value[i], quality[i], text]).toEqual([Number.NaN, Quality.bad, text])
        }
      }),
      { numRuns: fuzzRuns },
    )
  })

  it('become samples of the signals that name their item by id or by name, with or without the device', () => {
    const signals = [
      testSignal(0, 'Xact'),
      testSignal(1, 'Mill:x3'),
      testSignal(2, 'execution', { type: 'text', quantity: 'state' }),
      testSignal(3, 'cn', { type: 'text', quantity: 'condition' }),
      testSignal(4, 'ts'),
      testSignal(5, 'msg', { type: 'text', quantity: 'text' }),
    ]
    const context = testContext({ signals })
    const document = readDocument(example)
    if (document.kind !== 'streams') throw new Error(document.kind)
    const { samples, rejects, unknown } = new ObservationTaker(context, undefined).take(
      document.observations,
      9,
    )
    const told = Array.from({ length: samples.count }, (_, i) => [
      samples.signal[i],
      [2, 3, 5].includes(samples.signal[i]!) ? context.text(samples.value[i]!) : samples.value[i],
      samples.sourceTime[i]! - Date.UTC(2026, 0, 1),
      samples.quality[i],
    ])
    expect(told).toEqual([
      [3, 'Normal', 1000, 0],
      [1, Number.NaN, 2000, 2],
      [2, 'ACTIVE', 4000, 0],
      [0, 12.5, 5000, 0],
      [4, 1, 5980, 0],
      [4, 2, 5990, 0],
      [4, 3, 6000, 0],
      [5, 'CH4 Change tool & go', 7000, 0],
      [3, 'Warning 1101 INTERFERE (HIGH, severity 500)', 8000, 0],
    ])
    expect([rejects, unknown]).toEqual([[], []])
  })

  describe('of which only the changes are told', () => {
    const tags = ['cn', 'set', 'tbl']
    const signals = tags.map((tag, index) =>
      testSignal(index, tag, { type: 'text', quantity: tag === 'cn' ? 'condition' : 'text' }),
    )
    const context = testContext({ signals })
    const readAll = (...elements: readonly string[]) => {
      const told = elements.map((element, i) =>
        element.replace(' ', ` sequence="${i + 1}" timestamp="2026-01-01T00:00:0${i}Z" `),
      )
      const document = readDocument(
        streams(
          `<Events>${told.filter(element => !element.includes('"cn"')).join('')}</Events><Condition>${told.filter(element => element.includes('"cn"')).join('')}</Condition>`,
        ),
      )
      if (document.kind !== 'streams') throw new Error(JSON.stringify(document))
      return document.observations
    }
    const shown = (taker: ObservationTaker, ...elements: readonly string[]) => {
      const { samples, rejects } = taker.take(readAll(...elements), 9)
      expect(rejects).toEqual([])
      return [...samples.value].map(value => context.text(value))
    }
    const fresh = () => new ObservationTaker(context, undefined)

    it('tell conditions apart by conditionId, else by nativeCode', () => {
      expect(
        shown(
          fresh(),
          '<Fault dataItemId="cn" nativeCode="E1"/>',
          '<Fault dataItemId="cn" nativeCode="E2" conditionId="a"/>',
          '<Fault dataItemId="cn" nativeCode="E2" conditionId="b"/>',
          '<Normal dataItemId="cn" nativeCode="E2" conditionId="a"/>',
          '<Normal dataItemId="cn" nativeCode="E1"/>',
          '<Normal dataItemId="cn"/>',
        ),
      ).toEqual([
        'Fault E1',
        'Fault E1; Fault E2',
        'Fault E1; Fault E2; Fault E2',
        'Fault E1; Fault E2',
        'Fault E2',
        'Normal',
      ])
    })

    it('tell conditions apart for a text as well, and the worst level for a state', () => {
      const both = [
        testSignal(0, 'cn', { type: 'text', quantity: 'text' }),
        testSignal(1, 'Mill:cn', { type: 'text', quantity: 'state' }),
      ]
      const read = (signal: (typeof both)[0]) => {
        const taker = new ObservationTaker({ ...context, signals: [signal] }, undefined)
        expect(taker.addsUp).toBe(false)
        const told = shown(
          taker,
          '<Fault dataItemId="cn" nativeCode="E1"/>',
          '<Warning dataItemId="cn" nativeCode="W2"/>',
          '<Normal dataItemId="cn" nativeCode="W2"/>',
          '<Normal dataItemId="cn"/>',
        )
        expect(taker.addsUp).toBe(true)
        return told
      }
      expect(both.map(read)).toEqual([
        ['Fault E1', 'Fault E1', 'Fault E1', 'Normal'],
        ['Fault', 'Fault', 'Fault', 'Normal'],
      ])
    })

    it('tell again what stands without going back behind what came since', () => {
      const taker = fresh()
      const [first, ...later] = readAll(
        '<Fault dataItemId="cn" nativeCode="E1"/>',
        '<Warning dataItemId="cn" nativeCode="W2"/>',
        '<Normal dataItemId="cn" nativeCode="W2"/>',
      )
      taker.take([first!, ...later], 9)
      const { samples } = taker.take([first!], 9)
      expect([context.text(samples.value[0]!), samples.sourceTime[0]! - Date.UTC(2026, 0, 1)]).toEqual([
        'Fault E1',
        2_000,
      ])
    })

    it('add up data sets and tables: what is told changes, what is removed goes, a reset empties', () => {
      expect(
        shown(
          fresh(),
          '<VariableDataSet dataItemId="set" count="2"><Entry key="b">two</Entry><Entry key="a">1</Entry></VariableDataSet>',
          '<VariableDataSet dataItemId="set" count="1"><Entry key="a">2</Entry></VariableDataSet>',
          '<VariableDataSet dataItemId="set" count="1"><Entry key="b" removed="true"/></VariableDataSet>',
          '<VariableDataSet dataItemId="set" count="1" resetTriggered="MANUAL"><Entry key="c">3</Entry></VariableDataSet>',
          '<VariableDataSet dataItemId="set" count="0" resetTriggered="MANUAL"/>',
          '<WorkOffsetTable dataItemId="tbl" count="1"><Entry key="G54"><Cell key="X">1.5</Cell><Cell key="Y">2</Cell></Entry></WorkOffsetTable>',
          '<WorkOffsetTable dataItemId="tbl" count="1"><Entry key="G55"><Cell key="X">3</Cell></Entry></WorkOffsetTable>',
        ),
      ).toEqual(['a=1 b=two', 'a=2 b=two', 'a=2', 'c=3', '', 'G54={X=1.5 Y=2}', 'G54={X=1.5 Y=2} G55={X=3}'])
    })

    it('begin with what is now where nothing is known of a data set, and with nothing after a gap', () => {
      const taker = fresh()
      const [whole, change] = readAll(
        '<VariableDataSet dataItemId="set" count="2"><Entry key="a">1</Entry><Entry key="b">2</Entry></VariableDataSet>',
        '<VariableDataSet dataItemId="set" count="1"><Entry key="b">2</Entry></VariableDataSet>',
      )
      const take = () => context.text(taker.take([change!], 9).samples.value[0]!)
      taker.begin([whole!])
      expect(take()).toBe('a=1 b=2')
      taker.forget()
      expect(take()).toBe('b=2')
    })
  })

  it.each([
    ['a word for a number', 'warm', '2026-01-01T00:00:01Z', 1_000, 'agent.not-a-number'],
    ['a time that is none', '12.5', 'yesterday', 9, 'agent.bad-time'],
  ])('leave their signal without a value where it is %s', (_, text, timestamp, at, rule) => {
    const taker = new ObservationTaker(testContext({ signals: [testSignal(0, 'x')] }), undefined)
    const position = `<Position dataItemId="x" sequence="1" timestamp="${timestamp}">${text}</Position>`
    const document = readDocument(example.replace(/<Position dataItemId="x2".*?<\/Position>/s, position))
    if (document.kind !== 'streams') throw new Error(document.kind)
    const observations = document.observations.filter(({ id }) => id === 'x')
    const { samples, rejects } = taker.take(observations, Date.UTC(2026, 0, 1) + 9)
    expect(rejects.map(reject => reject.rule)).toEqual([rule])
    expect([...samples.signal]).toEqual([0])
    expect([samples.value[0], samples.quality[0]]).toEqual([Number.NaN, Quality.bad])
    expect(samples.sourceTime[0]).toBe(Date.UTC(2026, 0, 1) + at)
  })
})

describe('a multipart stream', () => {
  const part = (text: string) =>
    `--b\r\nContent-type: text/xml\r\nContent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}\r\n`

  it('gives its parts whole, wherever it is cut into chunks', () => {
    const texts = ['<a/>', '', '--b', 'é--b\r\n\r\n', '<b>\r\n</b>']
    const bytes = Buffer.from(texts.map(part).join(''))
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), cuts => {
        const reader = new MultipartReader('multipart/x-mixed-replace;boundary=b', 100)
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        const got = places.slice(1).flatMap((end, i) => reader.push(bytes.subarray(places[i], end)))
        expect(got).toEqual(texts)
      }),
    )
  })

  it('gives a part without a length when the next begins', () => {
    const reader = new MultipartReader('multipart/x-mixed-replace; boundary="--b"', 100)
    expect(reader.push(Buffer.from('--b\r\nContent-type: text/xml\r\n\r\n<a/>\r\n'))).toEqual([])
    expect(reader.push(Buffer.from('--b\r\nX: y\r\n\r\n'))).toEqual(['<a/>\r\n'])
  })

  it('gives texts or says that it cannot be read on, whatever comes', () => {
    const token = fc.constantFrom(
      ...[
        '--b',
        '--b--',
        '\r\n',
        '\r\n\r\n',
        'Content-length: 3',
        'Content-length: 1e9',
        'content-length: 99999999',
        'x',
      ],
    )
    const chunk = fc.oneof(
      fc.array(token, { maxLength: 8 }).map(tokens => Buffer.from(tokens.join(''))),
      fc.uint8Array({ maxLength: 30 }).map(bytes => Buffer.from(bytes)),
    )
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 6 }), chunks => {
        const reader = new MultipartReader('multipart/x-mixed-replace;boundary=b', 100)
        try {
          for (const bytes of chunks)
            for (const text of reader.push(bytes)) expect(typeof text).toBe('string')
        } catch (error) {
          expect(error).toBeInstanceOf(MultipartError)
        }
      }),
      { numRuns: fuzzRuns },
    )
  })

  it('is refused when it is none, or has no bounds', () => {
    expect(() => new MultipartReader('text/xml', 100)).toThrow('answers with text/xml, not a stream')
    const large = () => new MultipartReader('multipart/mixed; boundary=b', 100)
    expect(() => large().push(Buffer.from(part('x'.repeat(101))))).toThrow(MultipartError)
    expect(() => large().push(Buffer.alloc(20_000, 'x'))).toThrow('something between its parts')
    expect(() => large().push(Buffer.from(`--b\r\n${'x'.repeat(20_000)}`))).toThrow('whose head does not end')
    expect(() => large().push(Buffer.from(`--b\r\n\r\n\r\n${'x'.repeat(200)}`))).toThrow(
      'more than 100 bytes',
    )
  })
})
