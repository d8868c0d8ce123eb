import { asyncScheduler, Observable } from 'rxjs'
import type { AdapterContext, AdapterError } from '../contract.js'
import type { ImportedMachine, ImportedSignal } from '../imported-machine.js'
import { MqttLink } from '../mqtt/link.js'
import { tlsLink } from '../tls.js'
import { decodePayload, encodeRebirth, type Payload } from './codec.js'
import type { SparkplugOptions } from './config.js'
import { datatypeOf, isScalar, isWhole, own, rangeOf, readValue } from './datatype.js'
import type { WireMetric } from './definition.js'
import { isControlName, propertyOf } from './metric-table.js'
import { commandTopic, parseEdgeTopic } from './topic.js'

/**
 * The births that are told at the first broker: those of nodes that come, and of nodes that speak, which are asked to
 * tell everything anew. For as long as it is subscribed; an error (AdapterError) means that the broker cannot be heard.
 */
export function births(
  options: SparkplugOptions,
  context: Pick<AdapterContext, 'readSecret'>,
  now: () => number,
): Observable<ImportedMachine> {
  return new Observable(subscriber => {
    const asked = new Set<string>()
    const { user, password, tls, protocol, keepAlive, connectTimeoutMs, groups } = options
    const filters = groups.length === 0 ? ['spBv1.0/#'] : groups.map(group => `spBv1.0/${group}/#`)
    const link: MqttLink = new MqttLink(
      {
        url: options.brokers[0]!,
        protocol,
        clientId: options.clientId ?? `gemba-import-${process.pid}`,
        user,
        password: password && context.readSecret(password),
        tls: tls && tlsLink(tls, context),
        sessionExpiry: 0,
        receiveMaximum: 2_000,
        keepAlive,
        connectTimeoutMs,
      },
      {
        open: opened =>
          opened.subscribe(Object.fromEntries(filters.map(filter => [filter, { qos: 1 }])), () => undefined),
        message: ({ topic, payload, retain }, acknowledge) => {
          acknowledge?.()
          const edge = parseEdgeTopic(topic)
          if (edge === undefined || retain) return
          const { type, group, node, device } = edge
          const decoded = decodePayload(payload)
          if (decoded !== undefined && (type === 'NBIRTH' || type === 'DBIRTH')) {
            asked.add(`${group}/${node}`)
            const machine = machineOfBirth(`${group}/${node}`, device, decoded)
            if (machine.signals.length > 0 || machine.leftOut !== undefined) subscriber.next(machine)
          } else if (
            (type === 'NDATA' || type === 'DDATA') &&
            options.requestRebirth &&
            !asked.has(`${group}/${node}`)
          ) {
            asked.add(`${group}/${node}`)
            link.publish(commandTopic(group, node), encodeRebirth(now()), { qos: 0, retain: false })
          }
        },
        lost: (error: AdapterError) => subscriber.error(error),
      },
      asyncScheduler,
    )
    return () => link.close()
  })
}

/** The machine that a birth describes: a device, or the node itself. What is no single value is left out, and told. */
export function machineOfBirth(node: string, device: string, { metrics }: Payload): ImportedMachine {
  const prefix = device === '' ? node : `${node}/${device}`
  const leftOut: string[] = []
  const leaveOut = (name: string): unknown => leftOut.push(`${prefix}/${name}`)
  const signals = metrics.flatMap(metric => signalsOf(metric, own(metric, 'name') ?? '', prefix, leaveOut))
  const name = device === '' ? node.slice(node.indexOf('/') + 1) : device
  return { name, group: node, signals, ...(leftOut.length > 0 && { leftOut }) }
}

function signalsOf(
  metric: WireMetric,
  name: string,
  prefix: string,
  leaveOut: (name: string) => void,
): ImportedSignal[] {
  const template = own(metric, 'template_value')
  if (template?.is_definition === true || name === '' || isControlName(name)) return []
  if (template !== undefined) {
    return template.metrics.flatMap(member =>
      signalsOf(member, `${name}/${own(member, 'name') ?? ''}`, prefix, leaveOut),
    )
  }
  const type = datatypeOf(own(metric, 'datatype'))
  if (type === undefined || !isScalar(type)) {
    leaveOut(`${name} (${type ?? 'type unknown'})`)
    return []
  }
  const isText = ['String', 'Text', 'UUID'].includes(type)
  const [low, high] = ['engLow', 'engHigh'].map(key => numberIn(propertyOf(metric, key)))
  const told = low !== undefined && high !== undefined && low < high ? ([low, high] as const) : undefined
  const range = told ?? rangeOf(type)
  const now = own(metric, 'is_null') === true ? undefined : readValue(type, metric)
  return [
    {
      // Folders of names are points elsewhere.
      name: name.replaceAll('/', '.'),
      tag: `${prefix}/${name}`,
      type: isText ? 'text' : 'number',
      unit: propertyOf(metric, 'engUnit')?.string_value ?? '',
      ...(!isText && range && { range }),
      ...(isWhole(type) && { isWhole: true }),
      ...((isText || isWhole(type)) && { word: String(now ?? '') }),
    },
  ]
}

function numberIn(property: WireMetric | undefined): number | undefined {
  if (property === undefined) return undefined
  return own(property, 'double_value') ?? own(property, 'float_value') ?? own(property, 'int_value')
}
