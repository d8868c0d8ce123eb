import { XMLParser, XMLValidator } from 'fast-xml-parser'

/** An element: attributes as `@name`, text as `#`, children by their names. */
export type Element = Readonly<Record<string, unknown>>

const lists = new Set(['DeviceStream', 'ComponentStream', 'Error', 'Entry', 'Device', 'DataItem'])
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  textNodeName: '#',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  // Characters by their numbers (XML 1.0, 4.1), `&#x41;`; that the names of HTML are read as well does no harm.
  htmlEntities: true,
  isArray: name => lists.has(name),
})

/** The elements of a document, or why it is none. A document that was cut off does not parse as a shorter one. */
export function parseXml(xml: string): Element | string {
  try {
    const validity = XMLValidator.validate(xml)
    if (validity !== true) return `not XML: ${validity.err.msg}`
    const root: unknown = parser.parse(xml)
    return isElement(root) ? root : 'an empty document'
  } catch (error) {
    return `not XML: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** One element, several or none, as a list; an element without attributes comes as its text. */
export function listOf(elements: unknown): readonly Element[] {
  const list: readonly unknown[] = Array.isArray(elements)
    ? elements
    : elements === undefined
      ? []
      : [elements]
  return list.map(element => (isElement(element) ? element : { '#': element }))
}

export function isElement(value: unknown): value is Element {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
