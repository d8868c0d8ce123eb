import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { standardConfig } from '../machine-config.js'
import { mapMachines } from '../map-machines.js'
import type { Plant } from '../plant.js'
import { referencePlant } from '../reference-plant/reference-plant.js'
import { workOrderSources } from '../work-order-sources.js'
import { loadPlant } from './load-plant.js'
import { plantToYaml } from './plant-to-yaml.js'
import { formatProblem } from './problem.js'

function reload(plant: Plant): Plant {
  const loaded = loadPlant(plantToYaml(plant), { file: 'plant.yaml' })
  if (loaded.plant === undefined) throw new Error(loaded.problems.map(formatProblem).join('\n'))
  return loaded.plant
}

describe('a plant as YAML', () => {
  it('is the reference plant again when read, whatever the seed', () => {
    fc.assert(
      fc.property(fc.integer(), seed => {
        const plant = referencePlant({ seed })
        expect(reload(plant)).toStrictEqual(plant)
      }),
      { numRuns: 3 },
    )
  })

  it('keeps breaks, holidays, planned stops, cycle times by product, and how the plant counts', () => {
    const plant = referencePlant()
    const [shift, ...shifts] = plant.shifts
    const [product, ...products] = plant.products
    const full: Plant = {
      ...plant,
      shifts: [{ ...shift!, breaks: [{ start: '09:00', end: '09:15' }] }, ...shifts],
      products: [{ ...product!, cycleTimes: { [product!.lines[0]!]: 12.5 } }, ...products],
      calendarExceptions: [
        { site: shift!.site, date: '2026-12-25', name: 'Christmas', shifts: [] },
        { site: shift!.site, date: '2026-12-27', name: 'Sunday work', shifts: [shift!.id] },
      ],
      targets: [{ line: product!.lines[0]!, product: product!.id, parts: 500 }],
      kpis: { breakdownFrom: 600, unknownTime: 'loss', failureDivisor: 'FE+1' },
      downtimeReasons: { tooling: ['break', 'wear', 'insert'], 'no-demand': ['weekend'] },
      faultReasons: { 'cnc-mill': { E101: 'tooling/insert', 'door open': 'operator' } },
      workOrders: workOrderSources.parse({
        folder: { path: 'orders', columns: { number: 'Order No' } },
        rest: { url: 'https://erp.example/orders', list: '$.value', bearer: { env: 'ERP_TOKEN' } },
      }),
      costs: {
        currency: 'EUR',
        labourRate: 38,
        material: { [product!.id]: 4.5 },
        energy: { [shift!.site]: 0.2 },
      },
      plannedStops: [
        { for: shift!.site, from: '2026-08-01T06:00', to: '2026-08-02T06:00', name: 'Power grid' },
      ],
    }
    expect(reload(full)).toStrictEqual(full)
  })

  it('keeps how machines work where they are simulated, and the work orders', () => {
    const plant = referencePlant()
    const [product] = plant.products
    const [crew] = plant.crews
    const line = product!.lines[0]!
    const full: Plant = {
      ...mapMachines(plant, (machine, number) => ({
        ...machine,
        ...(number % 10 === 0 && {
          flow: {
            cycle: { kind: 'normal', mean: 40, deviation: 2 },
            blocking: 'before-service',
            scrap: 0.02,
            rework: { share: 0.05, to: machine.id },
            changeovers: [
              { from: product!.id, time: { kind: 'constant', value: 600 } },
              { time: { kind: 'uniform', low: 60, high: 90 } },
            ],
            operator: 'on-shift',
            worksThroughBreaks: true,
            patience: { kind: 'empirical', values: [10, 20.5] },
            ...(machine.id.startsWith(`${crew!.site}-`) && {
              failures: [
                {
                  every: { kind: 'weibull', scale: 30_000, shape: 1.4 },
                  repair: { kind: 'lognormal', mean: 900, deviation: 600 },
                  clock: 'calendar',
                  state: 'Held',
                  scrapsPart: true,
                  crew: crew!.id,
                },
              ],
            }),
          },
        }),
      })),
      orders: [
        { id: 'o-1', line, product: product!.id, quantity: 40 },
        {
          id: 'o-2',
          line,
          product: product!.id,
          quantity: 400,
          release: '2026-02-01T06:00',
          due: '2026-02-03T14:00',
          customer: plant.customers[0]!.id,
        },
      ],
    }
    expect(reload(full)).toStrictEqual(full)
  })

  it('writes what machines of a type share once', () => {
    const text = plantToYaml(referencePlant())
    expect(text.match(/^ {6}vibration:$/gm)).toHaveLength(9)
    expect(text).not.toMatch(/[&*]a\d/)
    expect(text.length).toBeLessThan(120_000)
  })

  it('names the signals of a type’s machines by one pattern where they are named alike', () => {
    const plant = mapMachines(referencePlant(), machine => ({
      ...machine,
      signals: machine.signals.map(signal => ({
        ...signal,
        tag: `ns=2;s=${machine.id.split('-').slice(0, 3).join('-')}.${machine.id}.${signal.name}`,
      })),
    }))
    const text = plantToYaml(plant)
    expect(reload(plant)).toStrictEqual(plant)
    expect(text.split('tags: ns=2;s={line}.{machine}.{signal}')).toHaveLength(13)
    expect(text).not.toContain('tag: ')
  })

  it('writes only the tag of a signal where the machines of a type differ in nothing else', () => {
    let register = 0
    const plant = mapMachines(referencePlant(), machine => ({
      ...machine,
      signals: machine.signals.map(signal => ({ ...signal, tag: `holding:${4 * register++}:float64` })),
    }))
    const text = plantToYaml(plant)
    expect(reload(plant)).toStrictEqual(plant)
    expect(text.match(/: \{ tag: holding:\d+:float64 \}$/gm)).toHaveLength(register)
    expect(text.match(/^ {6}vibration:$/gm)).toHaveLength(9)
  })

  it('reads back whatever names machines, lines and signals have, and whatever tags', () => {
    const word = fc.constantFrom('m', 'line', 'machine', 'signal', 'a', 'area')
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), fc.boolean(), (words, isByName) => {
        const plant = mapMachines(referencePlant(), (machine, number) => ({
          ...machine,
          signals: machine.signals.map((signal, i) => ({
            ...signal,
            tag: `${words.join('.')}${number}-${isByName ? `{x}${signal.name}` : i}`,
          })),
        }))
        expect(reload(plant)).toStrictEqual(plant)
      }),
      { numRuns: 3 },
    )
  })

  it('keeps what single machines have of their own', () => {
    const plant = mapMachines(referencePlant(), (machine, number) => ({
      ...machine,
      ...(number % 5 === 0 && {
        feeds: [],
        position: { x: number, y: -1.5 },
        buffer: { capacity: number, transport: 2.5 },
        name: machine.id,
      }),
      ...(number % 7 === 0 && { idealCycleTime: 1.25 }),
      ...(machine.type === 'press' && { faults: ['tool-wear' as const] }),
      ...(number % 8 === 0 && {
        packml: { ...standardConfig, executeCompletes: true, counterWidth: 65_536 },
      }),
      ...(number % 9 === 0 && {
        packml: {
          ...standardConfig,
          modes: [
            { mode: 'Production' as const, disabled: [] },
            { mode: 'Mode 4' as const, disabled: ['Held' as const] },
          ],
        },
      }),
      signals: machine.signals.map((signal, place) => ({
        ...signal,
        ...(number % 3 === 0 && place === 0 && { period: 250, tag: `ns=2;s=${machine.id}/first` }),
        ...(number % 4 === 0 && place === 1 && { limits: {}, resolution: 0 }),
        ...(number % 6 === 0 &&
          place === 3 && {
            limits: {
              ...signal.limits,
              onDelay: 10_000,
              offDelay: 1.5,
              ...(signal.limits.warningLow && { delays: { warningLow: { onDelay: 0 } } }),
            },
          }),
        ...(number % 11 === 0 &&
          place === 2 && { range: [-1e6, 1e6] as const, limits: { warningHigh: 1e5 } }),
      })),
    }))
    expect(reload(plant)).toStrictEqual(plant)
  })

  it('keeps the tags that say why a machine waits', () => {
    const plant = mapMachines(referencePlant(), machine => ({
      ...machine,
      signals: [
        ...machine.signals,
        ...(['blocked', 'starved'] as const).map(quantity => ({
          id: `${machine.id}.${quantity}`,
          name: quantity,
          role: 'status' as const,
          quantity,
          unit: '',
          type: 'number' as const,
          period: 0,
          range: [0, 1] as const,
          resolution: 0,
          limits: {},
          source: machine.source,
          tag: `DB1.${machine.id}.EquipmentInterlock.${quantity}`,
        })),
      ],
    }))
    expect(reload(plant)).toStrictEqual(plant)
  })

  it('keeps the order in which a machine has its sensors', () => {
    const plant = mapMachines(referencePlant(), (machine, number) => {
      const sensors = machine.signals.filter(signal => signal.role === 'sensor')
      const status = machine.signals.filter(signal => signal.role === 'status')
      return { ...machine, signals: [...(number % 2 === 0 ? sensors.reverse() : sensors), ...status] }
    })
    expect(reload(plant)).toStrictEqual(plant)
  })

  it('keeps several sources, their clocks and options, and state maps of its own', () => {
    const reference = referencePlant()
    const plant: Plant = {
      ...mapMachines(reference, (machine, number) => ({
        ...machine,
        source: number % 2 === 0 ? 'simulator' : 'plc',
        signals: machine.signals.map(signal => ({
          ...signal,
          source: number % 2 === 0 ? 'simulator' : 'plc',
          tag: number % 2 === 0 ? signal.tag : `${number}/${signal.name}`,
          ...(signal.quantity === 'state' && { stateMap: 'words' }),
        })),
      })),
      sources: [
        ...reference.sources.map(source => ({ ...source, clock: 'source' as const })),
        {
          id: 'plc',
          adapter: 'opcua',
          clock: 'source',
          options: { url: 'opc.tcp://plc', deep: [{ a: null }] },
        },
        { id: 'spare', adapter: 'http', clock: 'source', silence: 0, enabled: false, options: {} },
      ],
      stateMaps: {
        words: {
          words: {
            '0': { state: 'Idle' },
            auto: { mode: 'Production' },
            wait: { state: 'Suspended', reason: 'starved' },
          },
        },
      },
    }
    expect(reload(plant)).toStrictEqual(plant)
  })

  it('keeps the time policy of a source and how long it may be silent', () => {
    const reference = referencePlant()
    const sources = reference.sources.map(source => ({
      ...source,
      time: 'corrected' as const,
      silence: 90_000,
    }))
    const plant: Plant = { ...reference, sources }
    expect(reload(plant)).toStrictEqual(plant)
  })

  it('puts names that look like something else in quotes', () => {
    const plant = { ...referencePlant(), name: 'null', enterprise: '007: "x" # y' }
    expect(reload(plant)).toMatchObject({ name: 'null', enterprise: '007: "x" # y' })
  })
})
