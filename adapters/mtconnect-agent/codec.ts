import type { DataSetChange } from './data-set.js'
import { type Element, isElement, listOf, parseXml, textOf } from './xml.js'

/** What a data item was seen to be. */
export interface Observation {
  readonly device: string
  readonly id: string
  readonly name: string | undefined
  readonly sequence: number
  /** As it came; ISO 8601. */
  readonly timestamp: string
  /**
   * As SHDR would have it behind the key: a value; the five fields of a condition; code and text of a message; count,
   * rate and values of a time series.
   */
  readonly fields: readonly string[]
  /** Of a condition: which of its item's it is, where that is told besides its code (2.3 and later), else empty. */
  readonly conditionId?: string
  /** What changed of a data set or a table. */
  readonly change?: DataSetChange
}

/** Where the agent's buffer stands (MTConnect Part 1, Header). */
interface AgentHeader {
  /** Another number means that the agent was started anew and counts from the beginning. */
  readonly instanceId: string
  readonly firstSequence: number
  readonly nextSequence: number
}

/** What an answer of an agent says. */
export type AgentDocument =
  | { readonly kind: 'streams'; readonly header: AgentHeader; readonly observations: readonly Observation[] }
  | { readonly kind: 'error'; readonly code: string; readonly text: string }
  | { readonly kind: 'unreadable'; readonly reason: string }

/** Reads an answer of an agent (MTConnectStreams or MTConnectError, 1.x and 2.x). Nothing makes it throw. */
export function readDocument(xml: string): AgentDocument {
  const root = parseXml(xml)
  if (typeof root === 'string') return { kind: 'unreadable', reason: root }
  if (isElement(root.MTConnectError)) return readError(root.MTConnectError)
  if (!isElement(root.MTConnectStreams)) {
    const [name = 'nothing'] = Object.keys(root).filter(key => !key.startsWith('?'))
    return { kind: 'unreadable', reason: `it is ${name}, not MTConnectStreams` }
  }
  const header = readHeader(root.MTConnectStreams.Header)
  if (header === undefined) return { kind: 'unreadable', reason: 'its header has no sequence numbers' }
  return { kind: 'streams', header, observations: readObservations(root.MTConnectStreams.Streams) }
}

function readError(error: Element): AgentDocument {
  const nested = isElement(error.Errors) ? listOf(error.Errors.Error) : listOf(error.Error)
  const [first] = nested
  return { kind: 'error', code: textOf(first?.['@errorCode']), text: textOf(first?.['#']).trim() }
}

function readHeader(header: unknown): AgentHeader | undefined {
  if (!isElement(header)) return undefined
  const instanceId = textOf(header['@instanceId'])
  const firstSequence = numberOf(header['@firstSequence'])
  const nextSequence = numberOf(header['@nextSequence'])
  if (firstSequence === undefined || nextSequence === undefined) return undefined
  return { instanceId, firstSequence, nextSequence }
}

/** All observations in the order in which the agent took them in. */
function readObservations(streams: unknown): Observation[] {
  const observations: Observation[] = []
  for (const deviceStream of isElement(streams) ? listOf(streams.DeviceStream) : []) {
    const device = textOf(deviceStream['@name']) || textOf(deviceStream['@uuid'])
    for (const component of listOf(deviceStream.ComponentStream)) {
      for (const category of ['Samples', 'Events', 'Condition'] as const) {
        const container = component[category]
        if (!isElement(container)) continue
        for (const [type, elements] of Object.entries(container)) {
          if (type.startsWith('@') || type.startsWith('#')) continue
          for (const element of listOf(elements)) {
            const observation = readObservation(device, category, type, element)
            if (observation !== undefined) observations.push(observation)
          }
        }
      }
    }
  }
  return observations.sort((a, b) => a.sequence - b.sequence)
}

function readObservation(
  device: string,
  category: 'Samples' | 'Events' | 'Condition',
  type: string,
  element: Element,
): Observation | undefined {
  const sequence = numberOf(element['@sequence'])
  const id = textOf(element['@dataItemId'])
  if (sequence === undefined || id === '') return undefined
  const name = textOf(element['@name'])
  return {
    device,
    id,
    name: name === '' ? undefined : name,
    sequence,
    timestamp: textOf(element['@timestamp']),
    fields: fieldsOf(category, type, element),
    ...(category === 'Condition' && { conditionId: textOf(element['@conditionId']) }),
    ...changeOf(element),
  }
}

/** `count` is what only data sets and tables have; without entries it tells that all are gone, or that none changed. */
function changeOf(element: Element): { readonly change?: DataSetChange } {
  const entries = listOf(element.Entry)
  if (entries.length === 0 && (element['@count'] === undefined || textOf(element['#']).trim() !== ''))
    return {}
  const isReset = element['@resetTriggered'] !== undefined
  return { change: { entries: entries.map(entry => [textOf(entry['@key']), entryText(entry)]), isReset } }
}

/** An entry's value, a table's as `{X=1 Y=2}`; undefined where it was removed. */
function entryText(entry: Element): string | undefined {
  if (entry['@removed'] === 'true') return undefined
  const cells = listOf(entry.Cell)
  return cells.length === 0 ? textOf(entry['#']) : `{${cells.map(pairOf).join(' ')}}`
}

const pairOf = (element: Element): string => `${textOf(element['@key'])}=${textOf(element['#'])}`

function fieldsOf(category: string, type: string, element: Element): string[] {
  const attribute = (name: string): string => textOf(element[`@${name}`])
  const text = textOf(element['#'])
  if (category === 'Condition') {
    return [type, attribute('nativeCode'), attribute('nativeSeverity'), attribute('qualifier'), text]
  }
  const entries = listOf(element.Entry)
  if (entries.length > 0) {
    return [entries.map(entry => `${textOf(entry['@key'])}=${entryText(entry) ?? ''}`).join(' ')]
  }
  if (element['@sampleCount'] !== undefined) return [attribute('sampleCount'), attribute('sampleRate'), text]
  const code = attribute('nativeCode')
  return type === 'Message' && code !== '' ? [code, text] : [text]
}

function numberOf(value: unknown): number | undefined {
  const text = textOf(value)
  const number = Number(text)
  return /^\d+$/.test(text) && Number.isSafeInteger(number) ? number : undefined
}
