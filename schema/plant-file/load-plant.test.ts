import { describe, expect, it } from 'vitest'
import { countPlant } from '../count-plant.js'
import { standardConfig } from '../machine-config.js'
import type { Plant } from '../plant.js'
import { loadPlant } from './load-plant.js'
import { formatProblem } from './problem.js'

const minimal = `gemba: 1
name: Test
enterprise: Example
sources:
  sim: { adapter: simulator, tags: '{machine}.{signal}' }
sites:
  - id: here
    timeZone: Europe/Berlin
    areas:
      - id: hall
        lines:
          - id: line-1
            machines:
              - { id: mill-1, type: cnc-mill }
              - { id: mill-2, type: cnc-mill }
`

function load(text: string): Plant {
  const { plant, problems } = loadPlant(text, { file: 'plant.yaml' })
  if (plant === undefined) throw new Error(problems.map(formatProblem).join('\n'))
  return plant
}

const machinesOf = (plant: Plant) =>
  plant.sites.flatMap(site => site.areas.flatMap(area => area.lines.flatMap(line => line.machines)))

describe('a plant file', () => {
  it('gives each machine of a range the source of its number, in two lines for any number of machines', () => {
    const plant = load(
      minimal
        .replace(
          "sim: { adapter: simulator, tags: '{machine}.{signal}' }",
          '"plc-{08..10}": { adapter: modbus, tags: "{machine}.{signal}", host: "10.0.7.{n}", deep: [{ name: "{n}" }, 5], silence: 30s }',
        )
        .replace(
          '{ id: mill-1, type: cnc-mill }',
          '{ id: "mill-{08..10}", type: cnc-mill, source: "plc-{n}" }',
        )
        .replace('{ id: mill-2, type: cnc-mill }', '{ id: mill-x, type: cnc-mill, source: plc-09 }'),
    )
    expect(plant.sources.map(({ id, options, silence }) => [id, options, silence])).toEqual([
      ['plc-08', { host: '10.0.7.08', deep: [{ name: '08' }, 5] }, 30_000],
      ['plc-09', { host: '10.0.7.09', deep: [{ name: '09' }, 5] }, 30_000],
      ['plc-10', { host: '10.0.7.10', deep: [{ name: '10' }, 5] }, 30_000],
    ])
    expect(machinesOf(plant).map(({ id, source }) => `${id} ${source}`)).toEqual([
      'mill-08 plc-08',
      'mill-09 plc-09',
      'mill-10 plc-10',
      'mill-x plc-09',
    ])
    expect(machinesOf(plant)[1]?.signals.every(({ source }) => source === 'plc-09')).toBe(true)
  })

  it('needs no more than machines with a type and a source', () => {
    const plant = load(minimal)
    expect(countPlant(plant)).toEqual({ sites: 1, areas: 1, lines: 1, machines: 2, signals: 20 })
    expect(machinesOf(plant)[0]).toMatchObject({
      id: 'mill-1',
      name: 'mill-1',
      source: 'sim',
      feeds: ['mill-2'],
      idealCycleTime: 58,
    })
    expect(machinesOf(plant)[1]?.feeds).toEqual([])
    expect(plant.machineTypes.map(type => type.id)).toEqual(['cnc-mill'])
    expect(Object.keys(plant.stateMaps)).toEqual(['packml'])
    expect(plant.sources).toEqual([{ id: 'sim', adapter: 'simulator', clock: 'wall', options: {} }])
  })

  it('makes many machines of one entry whose id is a range', () => {
    const plant = load(
      minimal.replace(
        '{ id: mill-2, type: cnc-mill }',
        '{ id: "press-{08..12}", name: "Press {n}", type: press }',
      ),
    )
    expect(machinesOf(plant).map(machine => [machine.id, machine.name, machine.feeds])).toEqual([
      ['mill-1', 'mill-1', ['press-08']],
      ['press-08', 'Press 08', ['press-09']],
      ['press-09', 'Press 09', ['press-10']],
      ['press-10', 'Press 10', ['press-11']],
      ['press-11', 'Press 11', ['press-12']],
      ['press-12', 'Press 12', []],
    ])
  })

  it('lets types extend each other over several steps, each changing what it names', () => {
    const plant = load(`${minimal.replace('type: cnc-mill }', 'type: fast-mill }')}
types:
  fast-mill:
    extends: own-mill
    period: 100ms
    signals:
      vibration: { period: 10ms }
  own-mill:
    extends: cnc-mill
    name: Own mill
    idealCycleTime: 20
    signals:
      vibration: { limits: { warningHigh: 2 } }
      oil-level: { quantity: load, unit: '%', range: [0, 100] }
    status:
      program: { quantity: text }
`)
    const [fast, plain] = machinesOf(plant)
    const signal = (name: string) => fast?.signals.find(each => each.name === name)
    expect(fast?.idealCycleTime).toBe(20)
    expect(plant.machineTypes.map(type => [type.id, type.name, type.archetype])).toEqual([
      ['fast-mill', 'Own mill', 'machining'],
      ['own-mill', 'Own mill', 'machining'],
      ['cnc-mill', 'CNC mill', 'machining'],
    ])
    expect(signal('vibration')).toMatchObject({ period: 10, unit: 'mm/s', limits: { warningHigh: 2 } })
    expect(signal('vibration')?.limits).toEqual({ warningHigh: 2 })
    expect(signal('voltage')).toMatchObject({ period: 100, limits: { warningHigh: 420 } })
    expect(signal('oil-level')).toMatchObject({ period: 100, role: 'sensor', tag: 'mill-1.oil-level' })
    expect(signal('program')).toMatchObject({ period: 0, role: 'status', type: 'text' })
    expect(fast?.signals.map(each => each.role).join(' ')).toMatch(/^(sensor )+(status ?)+$/)
    expect(plain?.signals.find(each => each.name === 'voltage')?.period).toBe(1000)
  })

  it("gives a type's period to every sensor that has none, in the types and machines that build on it too", () => {
    const own = "{ c: { quantity: load, unit: '%', range: [0, 9] } }"
    const plant = load(`${minimal.replaceAll('type: cnc-mill }', `type: child, signals: ${own} }`)}
types:
  parent:
    archetype: machining
    ratedPower: 1
    idealCycleTime: 1
    period: on-change
    signals:
      a: { quantity: load, unit: '%', range: [0, 9] }
      fixed: { quantity: load, unit: '%', range: [0, 9], period: 2s }
  child:
    extends: parent
    signals:
      b: { quantity: load, unit: '%', range: [0, 9] }
`)
    expect(machinesOf(plant)[0]?.signals.map(signal => [signal.name, signal.period])).toEqual([
      ['a', 0],
      ['fixed', 2000],
      ['b', 0],
      ['c', 0],
    ])
  })

  it('takes vibration limits from the zones of ISO 20816, and delays for all limits or for one', () => {
    const plant = load(`${minimal.replace('type: cnc-mill }', 'type: own-mill }')}
types:
  own-mill:
    extends: cnc-mill
    signals:
      vibration:
        limits:
          iso20816: { group: 2, support: rigid, baseline: 1.1 }
          offDelay: 500ms
          delays: { criticalHigh: { onDelay: 0s } }
`)
    const vibration = machinesOf(plant)[0]?.signals.find(signal => signal.name === 'vibration')
    // Group 2, rigid: B/C 2.8, C/D 4.5 mm/s; warning at baseline + B/C / 4, critical at 1.25 C/D (ISO 20816-3, Annex A).
    expect(vibration?.limits.warningHigh).toBeCloseTo(1.8, 12)
    expect(vibration?.limits).toMatchObject({
      criticalHigh: 5.625,
      onDelay: 10_000,
      offDelay: 500,
      delays: { criticalHigh: { onDelay: 0 } },
    })
  })

  it('says how a machine uses PackML: what its type says, over it what it says itself, else the standard', () => {
    const plant = load(`${minimal
      .replace('type: cnc-mill }', 'type: own-mill, packml: { counterWidth: 65536 } }')
      .replace('type: cnc-mill }', 'type: own-mill }')}
types:
  own-mill:
    extends: cnc-mill
    packml:
      modes: { Production: [], Mode 4: [Holding, Held, Unholding] }
      holdFrom: [Execute, Idle]
`)
    const shared = {
      ...standardConfig,
      modes: [
        { mode: 'Production', disabled: [] },
        { mode: 'Mode 4', disabled: ['Holding', 'Held', 'Unholding'] },
      ],
      holdFrom: ['Execute', 'Idle'],
    }
    expect(machinesOf(plant).map(machine => machine.packml)).toEqual([
      { ...shared, counterWidth: 65_536 },
      shared,
    ])
    expect(machinesOf(load(minimal))[0]).not.toHaveProperty('packml')
  })

  it('knows which faults machines of a type of its own can have: as said, as inherited, or by body and sensors', () => {
    const types = ['cnc-mill', 'said', 'inherited', 'own']
    const machines = types.map(type => `              - { id: ${type}-1, type: ${type} }`).join('\n')
    const plant = load(`${minimal.replace(/( +- \{ id: mill-.*\n)+/, () => `${machines}\n`)}
types:
  said: { extends: press, faults: [tool-wear] }
  inherited: { extends: press }
  own:
    archetype: machining
    ratedPower: 5
    idealCycleTime: 10
    signals:
      vibration: { quantity: vibration, unit: mm/s, range: [0, 50] }
`)
    expect(machinesOf(plant).map(machine => machine.faults)).toEqual([
      undefined,
      ['tool-wear'],
      ['hydraulic-leak', 'electrical-fault'],
      ['bearing-failure', 'tool-wear'],
    ])
  })

  it("lets a machine have only some of its type's signals, change them and add its own", () => {
    const plant = load(
      minimal.replace(
        '{ id: mill-2, type: cnc-mill }',
        `id: mill-2
                type: cnc-mill
                sensors: [voltage, vibration]
                reports: [state]
                signals:
                  vibration: { limits: { warningHigh: 1.8 }, tag: 'ns=2;s={machine}/vib' }
                  noise: { quantity: number, unit: dB, range: [0, 140] }`,
      ),
    )
    const machine = machinesOf(plant)[1]
    expect(machine?.signals.map(signal => signal.id)).toEqual([
      'mill-2.voltage',
      'mill-2.vibration',
      'mill-2.noise',
      'mill-2.state',
    ])
    expect(machine?.signals[1]).toMatchObject({
      limits: { warningHigh: 1.8 },
      range: [0, 25],
      tag: 'ns=2;s=mill-2/vib',
    })
  })

  it('names a signal for its source as the signal, else the source, else its own name says', () => {
    const tags = (text: string) =>
      machinesOf(load(text))[0]
        ?.signals.slice(0, 2)
        .map(signal => signal.tag)
    const one = minimal.replace('              - { id: mill-2, type: cnc-mill }\n', '')
    expect(tags(one)).toEqual(['mill-1.vibration', 'mill-1.spindle-temperature'])
    expect(tags(one.replace(", tags: '{machine}.{signal}'", ''))).toEqual([
      'vibration',
      'spindle-temperature',
    ])
  })

  it('names the signals of all machines of a type by one pattern, unless the machine or the signal says otherwise', () => {
    const text = minimal
      .replace(", tags: '{machine}.{signal}'", '')
      .replace(
        '{ id: mill-1, type: cnc-mill }',
        "{ id: mill-1, type: my-mill, signals: { vibration: { tag: '{area}/v' } } }",
      )
      .replace('{ id: mill-2, type: cnc-mill }', "{ id: mill-2, type: my-mill, tags: 'x{machine}{signal}' }")
    const types =
      "types: { my-mill: { extends: mill }, mill: { extends: cnc-mill, tags: 'ns=2;s={line}.{machine}.{signal}' } }"
    const plant = load(`${text}${types}\n`)
    const [area] = plant.sites[0]!.areas
    const line = area!.lines[0]!.id
    expect(machinesOf(plant).map(({ signals }) => signals.slice(0, 2).map(({ tag }) => tag))).toEqual([
      [`${area!.id}/v`, `ns=2;s=${line}.mill-1.spindle-temperature`],
      ['xmill-2vibration', 'xmill-2spindle-temperature'],
    ])
  })

  it('takes the options of a source flat or under options', () => {
    const options = (source: string) =>
      load(minimal.replace("sim: { adapter: simulator, tags: '{machine}.{signal}' }", source)).sources[0]
        ?.options
    expect(options("sim: { adapter: x, tags: '{machine}.{signal}', port: 1, deep: { a: [~] } }")).toEqual({
      port: 1,
      deep: { a: [null] },
    })
    expect(
      options("sim: { adapter: x, tags: '{machine}.{signal}', options: { tags: 3, clock: 4 } }"),
    ).toEqual({
      tags: 3,
      clock: 4,
    })
  })

  it('may write its own state maps, in words or in full', () => {
    const plant = load(`${minimal}
stateMaps:
  plc: { 0: Stopped, 1: Execute, WAIT: { state: Suspended, reason: starved }, MAINT: Maintenance }
`)
    expect(plant.stateMaps.plc?.words).toEqual({
      0: { state: 'Stopped' },
      1: { state: 'Execute' },
      WAIT: { state: 'Suspended', reason: 'starved' },
      MAINT: { mode: 'Maintenance' },
    })
  })

  it('may share parts by anchor and alias', () => {
    const plant = load(
      minimal
        .replace(
          '- { id: mill-1, type: cnc-mill }',
          '- { id: mill-1, type: cnc-mill, position: &p { x: 1, y: 2 } }',
        )
        .replace('- { id: mill-2, type: cnc-mill }', '- { id: mill-2, type: cnc-mill, position: *p }'),
    )
    expect(machinesOf(plant)[1]?.position).toEqual({ x: 1, y: 2 })
  })

  it('asks the caller what is wrong with the options of a source, and puts it at the right line', () => {
    const { problems } = loadPlant(
      minimal.replace(
        "sim: { adapter: simulator, tags: '{machine}.{signal}' }",
        "sim:\n    adapter: mtconnect\n    tags: '{machine}.{signal}'\n    port: 70000",
      ),
      {
        file: 'plant.yaml',
        checkSource: source => [
          {
            path: ['port'],
            message: `${String(source.options.port)} is not a port`,
            fix: 'use a number from 1 to 65535',
          },
          { path: ['host'], message: 'host is missing' },
        ],
      },
    )
    expect(problems?.map(formatProblem)).toEqual([
      'plant.yaml:5:3  sources.sim.host: host is missing; correct the option',
      'plant.yaml:8:11  sources.sim.port: 70000 is not a port; use a number from 1 to 65535',
    ])
    expect(problems?.[1]?.value).toBe(70000)
  })

  it('says everything that is wrong at once, in the order of the file', () => {
    const { problems } = loadPlant(
      minimal
        .replace('Europe/Berlin', 'Europe/Berln')
        .replace('mill-1, type: cnc-mill', 'mill-1, typ: cnc-mill')
        .replace('mill-2, type: cnc-mill', 'mill-1, type: cnc-mil'),
      { file: 'plant.yaml' },
    )
    expect(problems?.map(formatProblem)).toEqual([
      'plant.yaml:8:15  sites[0].timeZone: there is no time zone "Europe/Berln"; did you mean "Europe/Berlin"?',
      'plant.yaml:14:17  sites[0].areas[0].lines[0].machines[0].type: type is missing; add the id of a machine type',
      'plant.yaml:14:31  sites[0].areas[0].lines[0].machines[0].typ: unknown key "typ"; did you mean "type"?',
      'plant.yaml:15:23  sites[0].areas[0].lines[0].machines[1].id: the machine id "mill-1" is already used in line 14; give one of the two another id',
      'plant.yaml:15:37  sites[0].areas[0].lines[0].machines[1].type: there is no machine type "cnc-mil"; did you mean "cnc-mill"?',
    ])
  })
})
