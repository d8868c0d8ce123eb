import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Broker } from '../../adapters/mqtt/broker.js'
import { FakeOpcuaServer } from '../../adapters/opcua/fake-server.js'
import { bdSeq, double, encode, type TestMetric } from '../../adapters/sparkplug/test-edge.js'
import type { Plant } from '../../schema/plant.js'
import { readPlantFile } from './open-plant.js'
import { plantCommand } from './plant.js'

const devices = fileURLToPath(new URL('../../adapters/mtconnect-agent/devices/', import.meta.url))
let folder: string
let number = 0

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-import-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function run(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await plantCommand.run(args, {
    out: line => out.push(line),
    err: line => err.push(line),
    signal: new AbortController().signal,
    env: { GEMBA_DATA: folder },
  })
  return { code, out, err }
}

/** The plant of the file that an import writes, checked as `gemba validate` would. */
async function imported(...args: string[]): Promise<{ plant: Plant; text: string }> {
  const file = join(folder, `plant-${number++}.yaml`)
  expect(await run('import', ...args, '--out', file)).toMatchObject({ code: 0, err: [] })
  const { plant, problems } = readPlantFile(file)
  expect(problems ?? []).toEqual([])
  return { plant: plant!, text: readFileSync(file, 'utf8') }
}
const linesOf = (plant: Plant) => plant.sites.flatMap(site => site.areas.flatMap(area => area.lines))
const machinesOf = (plant: Plant) => linesOf(plant).flatMap(({ machines }) => machines)

describe('gemba plant import --from opcua', () => {
  let server: FakeOpcuaServer

  beforeAll(async () => {
    server = await FakeOpcuaServer.start()
    const { DataType } = server.opcua
    // As KEPServerEX has it: channel, device, groups of tags, and what the gateway keeps of itself.
    for (const channel of ['Forming', 'Welding']) {
      server.addFolder(channel)
      for (const device of ['Press1', 'Press2']) {
        const place = `${channel}.${device}`
        server.addFolder(place, channel)
        server.addFolder(`${place}._System`, place)
        server.add(`${place}._System._NoError`, DataType.Boolean, `${place}._System`)
        server.add(`${place}.State`, DataType.String, place)
        server.add(`${place}.PartCountGood`, DataType.UInt32, place)
        server.add(`${place}.Vibration`, DataType.Double, place, { unit: 'mm/s', range: [0, 50] })
        server.addFolder(`${place}.Hydraulics`, place)
        server.add(`${place}.Hydraulics.OilTemp`, DataType.Float, `${place}.Hydraulics`, {
          unit: 'degC',
          range: [0, 120],
        })
      }
    }
  })
  afterAll(() => server.stop())

  it('makes machines, lines and one type with one pattern of a tree of channels and devices', async () => {
    const { plant, text } = await imported('--from', 'opcua', server.endpoint)
    expect(linesOf(plant).map(({ id, machines }) => [id, machines.map(machine => machine.id)])).toEqual([
      ['Forming', ['Press1', 'Press2']],
      ['Welding', ['Press1-2', 'Press2-2']],
    ])
    const [press] = machinesOf(plant)
    expect(
      press!.signals.map(({ name, role, quantity, unit, range, tag }) => [
        name,
        role,
        quantity,
        unit,
        range,
        tag,
      ]),
    ).toEqual([
      ['Vibration', 'sensor', 'vibration', 'mm/s', [0, 50], 'ns=1;s=Forming.Press1.Vibration'],
      [
        'Hydraulics-OilTemp',
        'sensor',
        'temperature',
        '°C',
        [0, 120],
        'ns=1;s=Forming.Press1.Hydraulics.OilTemp',
      ],
      ['State', 'status', 'state', '', [0, 0], 'ns=1;s=Forming.Press1.State'],
      ['PartCountGood', 'status', 'counter', 'parts', [0, 4294967295], 'ns=1;s=Forming.Press1.PartCountGood'],
    ])
    expect(plant.machineTypes.map(({ id }) => id)).toEqual(['Press'])
    expect(text).toContain('ns=1;s={line}.{machine}.Hydraulics.OilTemp')
    expect(text).toContain('Read it over')
  })

  it('takes for a state the map that knows what it says, and says which words none knows', async () => {
    const maps = async () => {
      const { plant } = await imported('--from', 'opcua', server.endpoint)
      return new Set(
        machinesOf(plant).map(({ signals }) => signals.find(({ name }) => name === 'State')?.stateMap),
      )
    }
    server.set('Forming.Press1.State', 'Aborted', new Date())
    expect(await maps()).toEqual(new Set(['packml']))
    server.set('Forming.Press1.State', 'running', new Date())
    expect(await maps()).toEqual(new Set(['running-idle-fault']))
    server.set('Forming.Press1.State', 'Produktion', new Date())
    const { code, err } = await run('import', '--from', 'opcua', server.endpoint)
    expect([code, err]).toEqual([
      0,
      [
        'No state map that is shipped knows these words: State says "Produktion". Write what they mean under stateMaps, and name that map where the state is; until then the machine is Undefined.',
      ],
    ])
    server.set('Forming.Press1.State', 'running', new Date())
  })

  it('takes machines from the level it is told, and the password only by its place', async () => {
    const { plant } = await imported(
      '--from',
      'opcua',
      server.endpoint,
      '--node',
      'ns=1;s=Forming',
      '--machines-at',
      '1',
    )
    expect(machinesOf(plant).map(({ id }) => id)).toEqual(['Press1', 'Press2'])
    const none = await run('import', '--from', 'opcua', server.endpoint, '--machines-at', '9')
    expect([none.code, none.err[0]]).toEqual([1, expect.stringContaining('No machine was found')])
  })

  it('takes a number that is called state for one, and says what is to be filled in', async () => {
    const { DataType } = server.opcua
    server.addFolder('Cutting')
    server.addFolder('Cutting.Saw1', 'Cutting')
    server.add('Cutting.Saw1.State', DataType.UInt16, 'Cutting.Saw1')
    server.set('Cutting.Saw1.State', 6, new Date())
    const file = join(folder, 'numbered.yaml')
    const { code, err } = await run(
      ...['import', '--from', 'opcua', server.endpoint, '--node', 'ns=1;s=Cutting', '--out', file],
    )
    expect([code, err]).toEqual([
      0,
      [
        'States that are told as numbers: write under stateMaps what the numbers of state-numbers mean; until then their machines are Undefined.',
      ],
    ])
    const { plant, problems } = readPlantFile(file)
    expect([problems ?? [], plant!.stateMaps]).toEqual([
      [],
      { 'state-numbers': { words: { '6': { state: 'Undefined' } } } },
    ])
    expect(machinesOf(plant!)[0]!.signals).toMatchObject([{ name: 'State', quantity: 'state', type: 'text' }])
    expect(readFileSync(file, 'utf8')).toContain('fill in state-numbers under stateMaps')
  })
})

describe('gemba plant import --from opcua, companion specifications', () => {
  const [machinery, packml] = [
    'http://opcfoundation.org/UA/Machinery/',
    'http://opcfoundation.org/UA/PackML/',
  ]
  const ua = 'http://opcfoundation.org/UA/'
  let server: FakeOpcuaServer

  beforeAll(async () => {
    // The namespaces of the OPC Foundation, and instances of their types.
    server = await FakeOpcuaServer.start({ nodesets: ['ia', 'di', 'machinery', 'packML'] })
    for (const name of ['Filler-01', 'Filler-02'])
      server.addInstance('PackMLBaseObjectType', packml, name, [])
    const mill = server.addInstance('BaseObjectType', ua, 'Mill-01', [], server.find('Machines'))
    server.addInstance('MachineIdentificationType', machinery, 'Identification', [], mill)
    const blocks = server.addInstance('FolderType', ua, 'MachineryBuildingBlocks', [], mill)
    const [state, mode] = ['MachineryItemState', 'MachineryOperationMode']
    server.addInstance(`${state}_StateMachineType`, machinery, state!, [], blocks)
    server.addInstance(`${mode}StateMachineType`, machinery, mode!, [], blocks)
  })
  afterAll(() => server.stop())

  const told = (plant: Plant, id: string) =>
    machinesOf(plant)
      .find(machine => machine.id === id)!
      .signals.map(({ name, role, quantity, stateMap }) => [name, role, quantity, stateMap])

  it('makes machines of the objects of PackML (OPC 30050), with state, mode and interlocks', async () => {
    const { plant } = await imported('--from', 'opcua', server.endpoint)
    expect(told(plant, 'Filler-02')).toEqual(told(plant, 'Filler-01'))
    expect(told(plant, 'Filler-01')).toEqual([
      ['Status-CurMachSpeed', 'sensor', 'number', undefined],
      ['Status-MachSpeed', 'sensor', 'number', undefined],
      ['BaseStateMachine-CurrentState', 'status', 'state', 'packml-outer'],
      ['BaseStateMachine-MachineState-CurrentState', 'status', 'state', 'packml-outer'],
      ['BaseStateMachine-MachineState-ExecuteState-CurrentState', 'status', 'state', 'packml'],
      ['Status-EquipmentBlocked', 'status', 'blocked', undefined],
      ['Status-EquipmentStarved', 'status', 'starved', undefined],
      ['Status-UnitModeCurrent', 'status', 'mode', 'packml-mode'],
    ])
    const types = machinesOf(plant).flatMap(({ id, type }) => (id.startsWith('Filler') ? [type] : []))
    expect(new Set(types).size).toBe(1)
  })

  it('makes machines of what stands below Machines, as Machinery has it (OPC 40001-1)', async () => {
    const { plant } = await imported('--from', 'opcua', server.endpoint)
    expect(told(plant, 'Mill-01')).toEqual([
      ['MachineryBuildingBlocks-MachineryItemState-CurrentState', 'status', 'state', 'machinery-item-state'],
      [expect.stringMatching(/OperationMode-CurrentSt/), 'status', 'mode', 'machinery-operation-mode'],
    ])
  })
})

describe('gemba plant import --from mtconnect', () => {
  it.each(readdirSync(devices).filter(name => name.endsWith('.xml')))(
    'makes a sound plant of %s',
    async name => {
      const { plant } = await imported('--from', 'mtconnect', join(devices, name))
      expect(machinesOf(plant).length).toBeGreaterThan(0)
      for (const { signals } of machinesOf(plant)) expect(signals.length).toBeGreaterThan(0)
    },
  )

  it('knows what items measure, in our units, and which tell state and mode', async () => {
    const { plant } = await imported('--from', 'mtconnect', join(devices, 'fanuc.xml'))
    const [machine] = machinesOf(plant)
    const signal = (name: string) => {
      const { quantity, unit, tag, stateMap } = machine!.signals.find(each => each.name === name)!
      return [quantity, unit, tag, stateMap]
    }
    expect(signal('Xact')).toEqual(['position', 'mm', 'Xact', undefined])
    expect(signal('S1load')).toEqual(['load', '%', 'S1load', undefined])
    expect(signal('execution')).toEqual(['state', '', expect.any(String), 'mtconnect-execution'])
    expect(signal('Xtravel')).toEqual(['condition', '', 'Xtravel', undefined])
  })

  it('takes for tags what the agent tells: an item that it tells without its name is tagged by its id', async () => {
    const probe = readFileSync(join(devices, 'fanuc.xml'), 'utf8')
    const [machine] = machinesOf((await imported('--from', 'mtconnect', join(devices, 'fanuc.xml'))).plant)
    const [first, second] = ['Xact', 'S1load'].map(name => {
      const [id] = new RegExp(`<DataItem[^>]*name="${name}"[^>]*>`).exec(probe)!
      return { name, id: / id="([^"]+)"/.exec(id)![1]! }
    })
    expect(machine!.signals.map(({ tag }) => tag)).toEqual(expect.arrayContaining(['Xact', 'S1load']))
    const position = (id: string, more = '') =>
      `<Position dataItemId="${id}" sequence="1" timestamp="2026-01-01T00:00:00Z"${more}>1</Position>`
    const current = `<MTConnectStreams><Header instanceId="1" firstSequence="1" nextSequence="3"/><Streams><DeviceStream name="d"><ComponentStream><Samples>${position(first!.id)}${position(second!.id, ' name="S1load"')}</Samples></ComponentStream></DeviceStream></Streams></MTConnectStreams>`
    const agent = createServer((request, response) => {
      response.end(request.url === '/probe' ? probe : current)
    })
    agent.listen(0, '127.0.0.1')
    await once(agent, 'listening')
    try {
      const { port } = agent.address() as AddressInfo
      const { plant } = await imported('--from', 'mtconnect', `http://127.0.0.1:${port}`)
      const tags = machinesOf(plant)[0]!.signals.map(({ tag }) => tag)
      expect(tags).toEqual(expect.arrayContaining([first!.id, 'S1load']))
      expect(tags).not.toContain('Xact')
    } finally {
      agent.close()
    }
  })

  it('tells the devices of one agent apart', async () => {
    const { plant, text } = await imported('--from', 'mtconnect', join(devices, 'two_devices.xml'))
    expect(machinesOf(plant).map(({ id, signals }) => [id, signals[0]!.tag])).toEqual([
      ['Device1', 'Device1:avail'],
      ['Device2', 'Device2:avail'],
    ])
    expect(plant.machineTypes).toHaveLength(1)
    expect(text.match(/avail/g), 'written once, at the type').toHaveLength(1)
  })
})

describe('gemba plant', () => {
  it.each([
    [[], 'the one thing it does is import'],
    [['import'], '--from is missing'],
    [['import', '--from', 'opcua'], 'name one address'],
    [['import', '--from', 'modbus', 'x'], '--from modbus is not opcua, mtconnect, sparkplug, or kepware-csv'],
    [['import', '--from', 'mtconnect', '/nowhere.xml'], '/nowhere.xml cannot be read'],
    [['import', '--from', 'mtconnect', devices], 'cannot be read'],
  ])('answers %s with what is wrong', async (args, message) => {
    const { code, err } = await run(...args)
    expect([code > 0, err[0]]).toEqual([true, expect.stringContaining(message)])
  })
})

describe('gemba plant import --from kepware-csv', () => {
  it('writes a machine for each file of a folder, with the tags that the server has for them', async () => {
    const exports = mkdtempSync(join(folder, 'exports-'))
    const rows = (count: string) =>
      `Tag Name,Address,Data Type,Eng Units\nHydraulics.Pressure,D1,Float,bar\n${count},D2,DWord,\nState,S1,String,\n`
    writeFileSync(join(exports, 'Forming.Press1.csv'), rows('PartCountGood'))
    writeFileSync(join(exports, 'Press2.csv'), rows('PartCountGood'))
    const { plant } = await imported('--from', 'kepware-csv', exports, '--channel', 'Stamping')
    expect(linesOf(plant).map(({ name, machines }) => [name, machines.map(machine => machine.name)])).toEqual(
      [
        ['Forming', ['Press1']],
        ['Stamping', ['Press2']],
      ],
    )
    const [press1, press2] = machinesOf(plant)
    expect(press1!.signals.map(({ tag, quantity, unit }) => [tag, quantity, unit])).toEqual([
      ['Forming.Press1.Hydraulics.Pressure', 'pressure', 'bar'],
      ['Forming.Press1.PartCountGood', 'counter', 'parts'],
      ['Forming.Press1.State', 'state', ''],
    ])
    expect(press2!.type).toBe(press1!.type)
    expect(plant.sources).toMatchObject([{ adapter: 'mqtt' }])
  })

  it.each([
    ['in', false],
    ['s', undefined],
    ['', undefined],
  ])('believes the unit of a tag (%j) rather than its name', async (unit, unitInName) => {
    const file = join(folder, 'Press5.csv')
    writeFileSync(file, `Tag Name,Address,Data Type,Eng Units\ngap_mm,D1,Float,${unit}\nphase_C,D2,Float,A\n`)
    const { plant } = await imported('--from', 'kepware-csv', file)
    expect(plant.sources).toMatchObject([{ options: { topics: [{ format: 'kepware' }] } }])
    expect((plant.sources[0]!.options as { topics: object[] }).topics[0]).toEqual({
      topic: 'iotgateway',
      format: 'kepware',
      ...(unitInName === false && { unitInName }),
    })
  })

  it('reads what Windows writes, and says what it leaves out', async () => {
    const file = join(folder, 'Press3.csv')
    const rows = 'Tag Name,Address,Data Type,Eng Units\nTemp,D1,Float,°C\nCurve,D2,Float Array,\n'
    writeFileSync(file, Buffer.from(rows, 'latin1'))
    const { code, out, err } = await run('import', '--from', 'kepware-csv', file)
    expect([code, out.join('\n')]).toEqual([0, expect.stringContaining('°C')])
    expect(err).toEqual([
      expect.stringContaining(
        'Left out: 1 tag that is no single number or text: Channel1.Press3.Curve (Float Array).',
      ),
    ])
  })

  it('writes a tag that is told twice once, and says so', async () => {
    const file = join(folder, 'Press4.csv')
    writeFileSync(file, 'Tag Name,Address,Data Type\nTemp,D1,Float\nState,S1,String\nTemp,D2,Float\n')
    const out = join(folder, 'twice.yaml')
    const { code, err } = await run('import', '--from', 'kepware-csv', file, '--out', out)
    expect([code, err]).toEqual([
      0,
      [
        'Told more than once and written once: Channel1.Press4.Temp. Which of them is meant only the source can say.',
      ],
    ])
    const { plant, problems } = readPlantFile(out)
    expect([machinesOf(plant!)[0]!.signals.length, problems ?? []]).toEqual([2, []])
  })

  it('says of a file that is no export what it lacks', async () => {
    const file = join(folder, 'other.csv')
    writeFileSync(file, 'a,b\n1,2\n')
    const { code, err } = await run('import', '--from', 'kepware-csv', file)
    expect([code, err.join(' ')]).toEqual([1, expect.stringContaining('no column "Tag Name"')])
  })
})

describe('gemba plant import --from sparkplug', () => {
  it('writes what nodes and devices tell, and asks those that speak', async () => {
    const broker = await Broker.start()
    const node = connect(broker.url, { reconnectPeriod: 0 })
    const say = (type: string, seq: number, metrics: readonly TestMetric[]) =>
      node.publish(`spBv1.0/Pune/${type}`, encode({ seq, metrics }))
    node.on('message', () => {
      say('NBIRTH/line-1', 0, [
        bdSeq(0),
        { name: 'Node Control/Rebirth', datatype: 11, boolean_value: false },
      ])
      const unit = { keys: ['engUnit'], values: [{ type: 12, string_value: 'bar' }] }
      say('DBIRTH/line-1/press-01', 1, [
        { name: 'Part Count/Good', datatype: 8, long_value: 12 },
        { name: 'Part Count/Target rate', datatype: 10, double_value: 12 },
        double('Hydraulics/Pressure', 140, { properties: unit }),
        { name: 'state', datatype: 12, string_value: 'Execute' },
        { name: 'Speed step', datatype: 5, int_value: 3 },
        { name: 'curve', datatype: 31 },
      ])
    })
    await node.subscribeAsync('spBv1.0/Pune/NCMD/line-1')
    const speaking = setInterval(() => say('NDATA/line-1', 7, []), 20)
    try {
      const file = join(folder, 'pune.yaml')
      const { code, err } = await run(
        'import',
        ...['--from', 'sparkplug', broker.url, '--seconds', '1', '--out', file],
      )
      expect([code, err]).toEqual([
        0,
        [
          expect.stringContaining(
            'Left out: 1 tag that is no single number or text: Pune/line-1/press-01/curve',
          ),
        ],
      ])
      const plant = readPlantFile(file).plant!
      expect(linesOf(plant).map(({ name }) => name)).toEqual(['Pune/line-1'])
      const [press, ...others] = machinesOf(plant)
      expect([press!.name, others.length]).toEqual(['press-01', 0])
      const any = 1e38
      expect(press!.signals.map(({ tag, quantity, unit, range }) => [tag, quantity, unit, range[1]])).toEqual(
        [
          ['Pune/line-1/press-01/Part Count/Target rate', 'number', '', any],
          ['Pune/line-1/press-01/Hydraulics/Pressure', 'pressure', 'bar', any],
          ['Pune/line-1/press-01/Speed step', 'number', '', 255],
          ['Pune/line-1/press-01/Part Count/Good', 'counter', 'parts', Number.MAX_SAFE_INTEGER],
          ['Pune/line-1/press-01/state', 'state', '', 0],
        ],
      )
      // It says "Execute".
      expect(press!.signals.at(-1)!.stateMap).toBe('packml')
      expect(plant.sources).toMatchObject([{ adapter: 'sparkplug', options: { brokers: [broker.url] } }])
    } finally {
      clearInterval(speaking)
      await node.endAsync(true)
      await broker.stop()
    }
  })

  it('says that nobody is there', async () => {
    const { code, err } = await run('import', '--from', 'sparkplug', 'mqtt://127.0.0.1:1', '--seconds', '5')
    expect([code, err.join(' ')]).toEqual([1, expect.stringContaining('nothing listens on that port')])
  })
})
