import { describe, expect, it } from 'vitest'
import { csvText, readCsv } from '../csv.js'
import { machineOfKepwareCsv } from './import-kepware.js'

/** The columns of KEPServerEX's tag export. */
const head =
  'Tag Name,Address,Data Type,Respect Data Type,Client Access,Scan Rate,Scaling,Raw Low,Raw High,Scaled Low,Scaled High,Scaled Data Type,Clamp Low,Clamp High,Eng Units,Description,Negate Value'

describe('a KEPServerEX tag export', () => {
  it('is a machine with a signal for each tag that has one value', () => {
    const machine = machineOfKepwareCsv(
      `\uFEFF${head}
"Hydraulics.Pressure","D100",Float,1,R/O,100,None,,,,,,,,"bar","oil, main ""A""",
"Count","D4",DWord,1,R/O,100
"Level","D6",Word,1,RO,100,Linear,0,4095,0,250,Double,0,0,"mm","",0
"State","S1",String,1,RO,100
"spindle_vibration_mms","D8",Float,1,RO,100
"Curve","D10",Float Array,1,RO,100
"_System._NoError","",Boolean,1,RO,100
"Odd","",Variant,1,RO,100
`,
      'Forming',
      'Press1',
    )
    expect(machine).toEqual({
      name: 'Press1',
      group: 'Forming',
      signals: [
        {
          name: 'Hydraulics.Pressure',
          tag: 'Forming.Press1.Hydraulics.Pressure',
          type: 'number',
          unit: 'bar',
        },
        {
          name: 'Count',
          tag: 'Forming.Press1.Count',
          type: 'number',
          unit: '',
          range: [0, 4_294_967_295],
          isWhole: true,
        },
        { name: 'Level', tag: 'Forming.Press1.Level', type: 'number', unit: 'mm', range: [0, 4010] },
        { name: 'State', tag: 'Forming.Press1.State', type: 'text', unit: '' },
        {
          name: 'spindle_vibration_mms',
          tag: 'Forming.Press1.spindle_vibration_mms',
          type: 'number',
          unit: 'mm/s',
        },
      ],
      leftOut: ['Forming.Press1.Curve (Float Array)', 'Forming.Press1.Odd (Variant)'],
    })
  })

  it.each([
    ['clamped at both ends', 'Word,Linear,0,27648,0,250,Float,1,1,0', [0, 250]],
    ['not clamped', 'Word,Linear,0,27648,0,250,Float,0,0,0', [0, 593]],
    ['not clamped, of a signed type', 'Short,Linear,0,27648,0,250,Float,0,0,0', [-297, 297]],
    ['with a live zero', 'Word,Linear,4000,20000,-50,150,Double,0,1,0', [-100, 150]],
    ['not clamped, by the square root', 'Word,Square Root,0,27648,0,500,Float,0,0,0', [0, 770]],
    ['in a type that holds less', 'Word,Linear,0,100,0,1000,Short,0,0,0', [0, 32_767]],
    ['that rolls over', 'Word,Linear,0,100,0,1000,Double,0,0,0', [0, 655_350]],
    ['negated', 'Word,Linear,0,100,0,100,Float,1,1,1', [-100, 0]],
    ['negated and not clamped', 'Word,Linear,0,100,0,100,Float,0,0,1', [-65_535, 0]],
    ['of a type that shows anything', 'Float,Linear,0,1,0,100,Float,0,0,0', undefined],
    ['of such a type, clamped below', 'Float,Linear,0,1,0,100,Float,1,0,0', [0, 1e38]],
    ['by nothing that can be read', 'Word,Linear,0,"0,5",0,"2,5",Double,0,0,0', undefined],
  ])('has the range that a scaled tag can show: %s', (_, row, range) => {
    const columns =
      'Tag Name,Data Type,Scaling,Raw Low,Raw High,Scaled Low,Scaled High,Scaled Data Type,Clamp Low,Clamp High,Negate Value'
    expect(machineOfKepwareCsv(`${columns}\nA,${row}\n`, 'c', 'd')?.signals[0]?.range).toEqual(range)
  })

  it('may be written with semicolons, and is undefined where it is none', () => {
    const semicolons = `${head}\r\nA,D1,Float,1,RO,100\r\n`.replaceAll(',', ';')
    expect(machineOfKepwareCsv(semicolons, 'c', 'd')?.signals).toMatchObject([{ name: 'A', tag: 'c.d.A' }])
    expect(machineOfKepwareCsv('a,b\n1,2\n', 'c', 'd')).toBeUndefined()
    expect(machineOfKepwareCsv('', 'c', 'd')).toBeUndefined()
  })
})

it.each([
  ['UTF-8', Buffer.from('a;°C')],
  ['UTF-8 with its mark', Buffer.from('\uFEFFa;°C')],
  ['Latin-1', Buffer.from('a;°C', 'latin1')],
  ['UTF-16', Buffer.from('\uFEFFa;°C', 'utf16le')],
  ['UTF-16 of the other order', Buffer.from('\uFEFFa;°C', 'utf16le').swap16()],
])('a CSV file in %s is read', (_, bytes) => {
  expect(csvText(bytes)).toBe('a;°C')
})

it('a byte of Windows-1252 beyond Latin-1 is read', () => {
  expect(csvText(Buffer.from([0x80, 0x2c, 0xb5]))).toBe('€,µ')
})

it('CSV keeps what quotes hold: delimiters, lines, and quotes', () => {
  expect(readCsv('a,b\n"1,\n2","x""y"\n\n3\n')).toEqual([{ a: '1,\n2', b: 'x"y' }, { a: '3' }])
})
