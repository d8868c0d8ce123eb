import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Plant } from '../schema/plant.js'
import { loadPlant } from '../schema/plant-file/load-plant.js'
import { plantToYaml } from '../schema/plant-file/plant-to-yaml.js'
import { formatProblem } from '../schema/plant-file/problem.js'
import { findAdapter } from './list.js'

const plants = new URL('../plants/', import.meta.url)
const recordings = new URL('./mtconnect/recordings/', import.meta.url)
const files = readdirSync(plants).filter(name => name.endsWith('.yaml'))

function load(text: string): Plant {
  const { plant, problems } = loadPlant(text, { file: 'plant.yaml' })
  if (plant === undefined) throw new Error(problems.map(formatProblem).join('\n'))
  return plant
}

const read = (name: string) => load(readFileSync(new URL(name, plants), 'utf8'))
const machinesOf = (plant: Plant) =>
  plant.sites.flatMap(site => site.areas.flatMap(area => area.lines.flatMap(line => line.machines)))

describe.each(files)('plants/%s', name => {
  it('is sound, and its sources are what their adapters take', () => {
    for (const source of read(name).sources) {
      const outcome = findAdapter(source.adapter)?.options.safeParse(source.options)
      expect(outcome?.error, source.id).toBeUndefined()
      expect(outcome?.success, source.id).toBe(true)
    }
  })

  it('is the same plant when written and read again', () => {
    expect(load(plantToYaml(read(name)))).toStrictEqual(read(name))
  })
})

describe('plants/README.md', () => {
  it('shows a plant that is sound', () => {
    const text = readFileSync(new URL('README.md', plants), 'utf8')
    const example = /```yaml\n(.*?)```/s.exec(text)?.[1] ?? ''
    expect(machinesOf(load(example)).map(machine => machine.signals.length)).toEqual([
      ...Array(12).fill(14),
      6,
    ])
  })
})

describe('plants/automotive-cell.yaml', () => {
  it('is a CNC machine, a welding robot and a hydraulic press with their cycle times', () => {
    expect(
      machinesOf(read('automotive-cell.yaml')).map(machine => [machine.id, machine.idealCycleTime]),
    ).toEqual([
      ['cnc-01', 55],
      ['robot-01', 40],
      ['press-01', 65],
    ])
  })

  it('meters the energy of each machine', () => {
    for (const { signals } of machinesOf(read('automotive-cell.yaml'))) {
      expect(signals.filter(({ unit }) => unit === 'kWh')).toMatchObject([
        { name: 'energy', role: 'status', quantity: 'counter', resolution: 0.01 },
      ])
    }
  })
})

describe('plants/nist-sms.yaml', () => {
  const machines = new Map(machinesOf(read('nist-sms.yaml')).map(machine => [machine.id, machine]))

  it.each(readdirSync(recordings).filter(name => name.endsWith('.gz')))(
    'has a fitting signal for every item of %s',
    name => {
      const machine = machines.get(name.slice(0, 7).toLowerCase())
      const byTag = new Map(machine?.signals.map(signal => [signal.tag, signal]))
      const text = gunzipSync(readFileSync(new URL(name, recordings))).toString('utf8')
      const wrong = new Set<string>()
      const seen = new Set<string>()
      for (const row of text.split('\n')) {
        const [, item, value, ...rest] = row.trimEnd().split('|')
        if (item === undefined || value === undefined) continue
        seen.add(item)
        const signal = byTag.get(item)
        if (signal === undefined) wrong.add(`${item}: no signal`)
        else if (rest.length > 0 !== (signal.quantity === 'condition'))
          wrong.add(`${item}: condition or not?`)
        else if (signal.type === 'number' && value !== 'UNAVAILABLE') {
          const [low, high] = signal.range
          if (!(Number(value) >= low && Number(value) <= high))
            wrong.add(`${item}: ${value} not in ${signal.range}`)
        }
      }
      expect([...wrong]).toEqual([])
      expect(seen.size).toBeGreaterThan(60)
    },
  )

  it('takes its states from the controller, as it reports them', () => {
    for (const machine of machines.values()) {
      const status = machine.signals.filter(signal => signal.stateMap !== undefined)
      expect(status.map(signal => [signal.tag, signal.quantity, signal.stateMap])).toEqual([
        ['execution', 'state', 'mtconnect-execution'],
        ['mode', 'mode', 'mtconnect-controller-mode'],
      ])
      expect(machine.signals.every(signal => signal.period === 0)).toBe(true)
    }
  })
})

const house = new URL('../', import.meta.url)
const pages = ['adapters', 'docs/connect'].flatMap(folder =>
  readdirSync(new URL(folder, house), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => `${folder}/${name}`),
)
/** YAML that shows sources, whole plants and pieces of one. */
const shown = pages.flatMap(page => {
  const text = readFileSync(new URL(page, house), 'utf8')
  const blocks = [...text.matchAll(/^( *)```yaml\n(.*?)^\1```/gms)]
  return blocks.flatMap(([, indent = '', block = '']) => {
    const yaml = block.replaceAll(new RegExp(`^${indent}`, 'gm'), '')
    return /^sources:/m.test(yaml) ? [[page, yaml] as const] : []
  })
})

describe('the pages about sources', () => {
  it('show them for each adapter', () => {
    expect(shown.length).toBeGreaterThanOrEqual(15)
  })

  it.each(shown)('%s shows sources that can be read as written', (_, yaml) => {
    const [named = ''] = Object.keys((parse(yaml) as { sources: object }).sources)
    const first = named.replace(/\{(\d+)\.\.\d+\}/, '$1')
    const machine = `{ id: saw, type: press, source: ${first} }`
    const around = `sites: [{ id: here, timeZone: UTC, areas: [{ id: hall, lines: [{ id: line, machines: [${machine}] }] }] }]`
    const plant = load(
      /^gemba:/m.test(yaml)
        ? yaml
        : `gemba: 1\nname: Test\nenterprise: Test\n${yaml}\n${/^sites:/m.test(yaml) ? '' : around}\n`,
    )
    for (const { id, adapter, options } of plant.sources)
      expect(findAdapter(adapter)?.options.safeParse(options).error, id).toBeUndefined()
  })
})
