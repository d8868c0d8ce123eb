import type { Quantity } from '../../schema/plant.js'
import type { ImportedMachine, ImportedSignal } from '../imported-machine.js'
import { type Element, isElement, listOf, parseXml, textOf } from './xml.js'

/** Our spelling of MTConnect's units (Part 2, units). */
const units: Readonly<Record<string, string>> = {
  MILLIMETER: 'mm',
  MICROMETER: 'µm',
  DEGREE: '°',
  CELSIUS: '°C',
  PERCENT: '%',
  'REVOLUTION/MINUTE': 'rpm',
  'DEGREE/SECOND': '°/s',
  'MILLIMETER/SECOND': 'mm/s',
  AMPERE: 'A',
  VOLT: 'V',
  WATT: 'W',
  KILOWATT: 'kW',
  NEWTON: 'N',
  NEWTON_METER: 'Nm',
  PASCAL: 'Pa',
  HERTZ: 'Hz',
  SECOND: 's',
  LITER: 'L',
  'LITER/SECOND': 'L/s',
}

/** What data items measure, where MTConnect's type says it (Part 2, types). */
const quantities: Readonly<Record<string, Quantity>> = {
  TEMPERATURE: 'temperature',
  LOAD: 'load',
  POSITION: 'position',
  ANGLE: 'angle',
  PATH_FEEDRATE: 'feed-rate',
  AXIS_FEEDRATE: 'feed-rate',
  ROTARY_VELOCITY: 'speed',
  SPINDLE_SPEED: 'speed',
  PRESSURE: 'pressure',
  FLOW: 'flow',
  AMPERAGE: 'current',
  VOLTAGE: 'voltage',
  WATTAGE: 'power',
  TORQUE: 'torque',
  DISPLACEMENT: 'displacement',
}

const numericEvents: ReadonlySet<string> = new Set([
  'PART_COUNT',
  'LINE',
  'LINE_NUMBER',
  'PATH_FEEDRATE_OVERRIDE',
  'AXIS_FEEDRATE_OVERRIDE',
  'ROTARY_VELOCITY_OVERRIDE',
  'TOOL_NUMBER',
])

/**
 * The machines of a device description (MTConnectDevices), or why there is none. `nameless`: ids of items that the agent
 * tells by their id alone (an observation need not bear its name, Part 2), so that a tag by name would never be heard.
 */
export function machinesOfDevices(
  xml: string,
  nameless: ReadonlySet<string> = new Set(),
): ImportedMachine[] | string {
  const root = parseXml(xml)
  if (typeof root === 'string') return root
  const document = root.MTConnectDevices
  if (!isElement(document) || !isElement(document.Devices)) return 'it is no MTConnectDevices document'
  const devices = listOf(document.Devices.Device)
  return devices.map(device => {
    const name = textOf(device['@name']) || textOf(device['@id'])
    // With several devices in one source their items need the device to be told apart.
    const prefix = devices.length > 1 ? `${name}:` : ''
    const items = [...itemsOf(device)]
    const names = items.map(item => textOf(item['@name']))
    const isOnly = (own: string): boolean => own !== '' && names.filter(other => other === own).length === 1
    const signals = items.map(item => {
      const own = textOf(item['@name'])
      const id = textOf(item['@id'])
      // A name is what machines of a kind have in common; an id is sure to be the only one.
      return signalOf(item, `${prefix}${isOnly(own) && !nameless.has(id) ? own : id}`)
    })
    return { name, group: '', signals }
  })
}

/** All data items of a component and its parts. */
function* itemsOf(component: Element): Generator<Element> {
  if (isElement(component.DataItems)) yield* listOf(component.DataItems.DataItem)
  if (!isElement(component.Components)) return
  for (const [kind, parts] of Object.entries(component.Components)) {
    if (kind.startsWith('@') || kind.startsWith('#')) continue
    for (const part of listOf(parts)) yield* itemsOf(part)
  }
}

function signalOf(item: Element, tag: string): ImportedSignal {
  const attribute = (name: string): string => textOf(item[`@${name}`])
  const [id, name, type, category] = [
    attribute('id'),
    attribute('name'),
    attribute('type'),
    attribute('category'),
  ]
  const base = { name: name || id, tag, unit: '' }
  if (category === 'CONDITION') return { ...base, type: 'text', quantity: 'condition' }
  if (category === 'SAMPLE') {
    const unit = units[attribute('units')] ?? ''
    const quantity = quantities[type]
    return { ...base, unit, type: 'number', ...(quantity && { quantity }) }
  }
  switch (type) {
    case 'EXECUTION':
      return { ...base, type: 'text', quantity: 'state', stateMap: 'mtconnect-execution' }
    case 'CONTROLLER_MODE':
      return { ...base, type: 'text', quantity: 'mode', stateMap: 'mtconnect-controller-mode' }
    case 'PART_COUNT':
      return { ...base, type: 'number', quantity: 'counter', unit: 'parts' }
  }
  return numericEvents.has(type) ? { ...base, type: 'number' } : { ...base, type: 'text' }
}
