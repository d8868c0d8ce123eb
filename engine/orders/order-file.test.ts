import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { textIn } from '../../adapters/csv.js'
import { orderFileEncodings, plainOrderFiles, workOrderSources } from '../../schema/work-order-sources.js'
import { propertyRuns } from '../../twins/proof/runs.js'
import { OrderFileFault, readOrderFile } from './order-file.js'

const first = {
  number: 'W-17',
  part: 'bonnet',
  description: 'Bonnets, "long"',
  ordered: 900,
  completed: 12,
  scrapped: 3,
  materialCost: 14.2,
  labourRate: 38,
  customer: 'Aster Motors',
  due: Date.UTC(2026, 2, 27),
  status: 'released',
}

const named = (columns: (typeof plainOrderFiles)['columns']) => ({ ...plainOrderFiles, columns })

describe('a file of work orders', () => {
  it('is CSV as planning systems write it: other names, quotes, breaks within a field, commas as decimal points', () => {
    const text = [
      '\uFEFFOrder No;Part;DESCRIPTION;ordered;completed;scrapped;Material Cost;labour_rate;customer;due;status;plant',
      'W-17;bonnet;"Bonnets, ""long""";900;12;3;14,2;38;Aster Motors;2026-03-27;released;north',
      'W-18;door;"two',
      'lines";10;;;;;;2026-03-27T14:00:00+01:00;',
      '',
    ].join('\r\n')
    expect(readOrderFile('orders.csv', text, named({ number: 'Order No' }))).toEqual({
      refused: [],
      unknown: ['plant'],
      orders: [
        first,
        {
          number: 'W-18',
          part: 'door',
          description: 'two\r\nlines',
          ordered: 10,
          completed: 0,
          scrapped: 0,
          materialCost: null,
          labourRate: null,
          customer: '',
          due: Date.UTC(2026, 2, 27, 13),
          status: '',
        },
      ],
    })
  })

  it('is JSON: a list, one order, or a list under `orders`', () => {
    const json = { ...first, due: '2026-03-27' }
    for (const text of [[json], json, { orders: [json] }])
      expect(readOrderFile('a.JSON', JSON.stringify(text), plainOrderFiles).orders).toEqual([first])
  })

  it('has its bad rows refused one by one, with line, reason and what stood there', () => {
    const text = `number,part,ordered,materialCost,due
W-1,bolt,10,1.5,2026-03-27
,bolt,10,1,
W-2,,10,1,
W-3,bolt,many,1,
W-4,bolt,-5,1,
W-5,bolt,10,1,2026-02-31
W-6,bolt,10,"1,5",
W-7,bolt,10,1,,surplus
W-8,bolt
W-1,bolt,20,1.5,
`
    const { orders, refused } = readOrderFile('a.csv', text, plainOrderFiles)
    expect(orders.map(({ number, ordered }) => [number, ordered])).toEqual([['W-1', 20]])
    expect(refused.map(({ place, reason, raw }) => `${place}: ${reason} | ${raw}`)).toEqual([
      'line 3: number is missing: an order is known by it | ,bolt,10,1,',
      'line 4: part is missing: say what is made | W-2,,10,1,',
      'line 5: ordered is "many", not a number | W-3,bolt,many,1,',
      'line 6: ordered is -5; it must not be below 0 | W-4,bolt,-5,1,',
      'line 7: due is "2026-02-31"; write 2026-12-24 or 2026-12-24T14:00:00Z | W-5,bolt,10,1,2026-02-31',
      'line 8: materialCost is "1,5", not a number | W-6,bolt,10,"1,5",',
      'line 9: it has 6 fields, more than the 5 columns | W-7,bolt,10,1,,surplus',
      'line 10: ordered is missing: say how many parts | W-8,bolt',
      'line 2: W-1 comes again at line 11, which holds | W-1,bolt,10,1.5,2026-03-27',
    ])
  })

  it('has columns that are no field of an order told, as they are written there', () => {
    const csv = 'Order No,part,ordered,number,dueDate,,Last Synced\nW-1,bolt,10,1,2026-03-27,x,2026-03-20\n'
    const { orders, unknown } = readOrderFile('a.csv', csv, named({ number: 'Order No' }))
    expect(orders).toMatchObject([{ number: 'W-1', due: null }])
    expect(unknown).toEqual(['number', 'dueDate', 'Last Synced'])
    const json = [
      { number: 'W-1', part: 'bolt', ordered: 1, dueDate: '' },
      7,
      { Number: 2, dueDate: 1, x: 1 },
    ]
    expect(readOrderFile('a.json', JSON.stringify(json), plainOrderFiles).unknown).toEqual(['dueDate', 'x'])
    expect(readOrderFile('a.json', JSON.stringify(json), named({ due: 'dueDate' })).unknown).toEqual(['x'])
  })

  it('is read in the encoding that was said, and refuses rows of which letters were lost, with line and setting', () => {
    const text = 'number,part,ordered,customer\nW-1,bolt,10,Müller\nW-2,bolt,20,Maier\n'
    const latin = Buffer.from(text, 'latin1')
    const { orders, refused } = readOrderFile('a.csv', textIn(latin, 'utf-8'), plainOrderFiles)
    expect(orders.map(({ number }) => number)).toEqual(['W-2'])
    const lost =
      'of which letters were lost: it is not in utf-8; say what files are written in (workOrders.folder.encoding, such as windows-1252)'
    expect(refused).toMatchObject([{ place: 'line 2', reason: `customer is "M\uFFFDller", ${lost}` }])
    const said = { ...plainOrderFiles, encoding: 'windows-1252' } as const
    const right = readOrderFile('a.csv', textIn(latin, said.encoding), said)
    expect([right.refused, right.orders]).toMatchObject([[], [{ customer: 'Müller' }, {}]])
    const utf16 = readOrderFile('a.csv', textIn(Buffer.from(`\uFEFF${text}`, 'utf16le'), 'utf-8'), said)
    expect(utf16.orders).toEqual(right.orders)
    // Which column it is nobody knows.
    const head = textIn(Buffer.from('number,part,Stückzahl\nW-1,bolt,10\n', 'latin1'), 'utf-8')
    expect(() => readOrderFile('a.csv', head, named({ ordered: 'Stückzahl' }))).toThrow(
      `line 1 names the column "St\uFFFDckzahl", ${lost}`,
    )
    const json = textIn(Buffer.from('[{"number":"Wü","part":"bolt","ordered":1}]', 'latin1'), 'utf-8')
    expect(readOrderFile('a.json', json, plainOrderFiles).refused).toMatchObject([{ place: 'entry 1' }])
  })

  it('can be in each encoding that there is a name for', () => {
    for (const encoding of orderFileEncodings)
      if (!encoding.startsWith('utf-16')) expect(textIn(Buffer.from('W-1'), encoding)).toBe('W-1')
    expect(textIn(Buffer.from([0x80]), 'windows-1252')).toBe('€')
    expect(textIn(Buffer.from('W-1', 'utf16le'), 'utf-16le')).toBe('W-1')
  })

  const orderedOf = (text: string, delimiter: string, decimal?: '.' | ',') => {
    const row = ['W-1', 'bolt', `"${text}"`].join(delimiter)
    const format = { ...plainOrderFiles, decimal }
    const file = `${['number', 'part', 'ordered'].join(delimiter)}\n${row}\n`
    const { orders, refused } = readOrderFile('a.csv', file, format)
    return orders[0]?.ordered ?? refused[0]!.reason
  }

  it('has a number refused that may be one or a thousand, with the setting that would tell', () => {
    const unsure = (text: string, either: string) =>
      `ordered is "${text}", which may be ${either}: write it without the mark, or say which mark stands before decimals (workOrders.folder.decimal)`
    expect(orderedOf('1.000', '\t')).toBe(unsure('1.000', '1 or 1000'))
    expect(orderedOf('1,250', '\t')).toBe(unsure('1,250', '1.25 or 1250'))
    expect(orderedOf('12.500', ';')).toBe(unsure('12.500', '12.5 or 12500'))
  })

  it.each([
    ['1.000', ',', undefined, 1],
    ['1,000', ';', undefined, 1],
    ['0.125', '\t', undefined, 0.125],
    ['1.5', '\t', undefined, 1.5],
    ['1,5', '\t', undefined, 1.5],
    ['1500.125', ';', undefined, 1500.125],
    ['1.000', '\t', ',', 1000],
    ['1.000', '\t', '.', 1],
    ['1.234.567,5', ';', ',', 1_234_567.5],
    ['1,234.5', ',', '.', 1234.5],
    ['12.5', ';', ',', 'ordered is "12.5", not a number'],
    ['1,234', ',', undefined, 'ordered is "1,234", not a number'],
  ] as const)(
    'reads %j divided by %j, with the decimal mark %j, as %j',
    (text, delimiter, decimal, number) => {
      expect(orderedOf(text, delimiter, decimal)).toBe(number)
    },
  )

  it('is refused as a whole where it is no list of orders, or cut off', () => {
    const refuse = (name: string, text: string) => (message: string) =>
      expect(() => readOrderFile(name, text, plainOrderFiles)).toThrow(message)
    refuse('a.csv', 'part,ordered\nbolt,1\n')('its first row has no column "number"; it has part, ordered')
    refuse('a.csv', 'number,part,ordered\nW1,"bolt,1\n')('its end is missing')
    refuse('a.json', '[{"number": "W1"')('it is no JSON')
    refuse('a.json', '7')('it is neither a list of orders nor one order')
  })

  it('may hold anything: it is taken or refused, never an exception, and no row goes missing', () => {
    const field = fc.oneof(fc.string(), fc.constantFrom('', '"', 'W-1', '7', '-1', '1e400', '__proto__'))
    const csv = fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 6 })
    fc.assert(
      fc.property(csv, fc.anything(), (rows, json) => {
        const quoted = rows.map(row => row.map(each => `"${each.replaceAll('"', '""')}"`).join(','))
        const text = `number,part,ordered,due\n${quoted.join('\n')}\n`
        const { orders, refused } = readOrderFile('a.csv', text, plainOrderFiles)
        expect(orders.length + refused.length).toBe(rows.filter(row => row.some(each => each !== '')).length)
        try {
          readOrderFile('a.json', JSON.stringify(json) ?? '', plainOrderFiles)
        } catch (error) {
          expect(error).toBeInstanceOf(OrderFileFault)
        }
      }),
      { numRuns: propertyRuns },
    )
  })

  it('is read as docs/work-orders.md says', () => {
    const page = readFileSync(new URL('../../docs/work-orders.md', import.meta.url), 'utf8')
    const blocks = [...page.matchAll(/```(csv|yaml)\n([^`]*)```/g)]
    const [folder, , service] = blocks.map(([, kind, text]) => (kind === 'yaml' ? parse(text!) : text))
    const sources = workOrderSources.parse({ ...folder.workOrders, ...service.workOrders })
    const file = blocks.find(([, kind]) => kind === 'csv')![2]!
    const { orders, refused } = readOrderFile('a.csv', file, sources.folder!)
    expect([refused, orders]).toMatchObject([[], [{ number: 'W-17', ordered: 900, materialCost: 14.2 }]])
    expect(sources.rest).toMatchObject({ everyMs: 900_000, next: '$.nextLink' })
  })
})
