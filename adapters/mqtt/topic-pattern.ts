/**
 * A topic as a plant file writes it: levels that are fixed, MQTT's wildcards `+` and `#`, and `{names}` that the
 * tag is made of. A `{name}` at the end takes all the levels that are left, since tags may have slashes of their own.
 */
export interface TopicPattern {
  readonly text: string
  /** The filter to subscribe to (MQTT 5.0, 4.7). */
  readonly filter: string
  readonly names: readonly string[]
  /** What the names stand for in a topic, and `topic` itself; undefined where the topic is none of this pattern. */
  match(topic: string): Readonly<Record<string, string>> | undefined
}

const placeholder = /^\{([A-Za-z]\w*)\}$/
const shared = /^\$share\/[^/]+\//

/** Throws a RangeError which says what is wrong and what would be right. */
export function topicPattern(text: string): TopicPattern {
  const levels = text.split('/')
  if (text === '' || text.includes('\0'))
    throw new RangeError('a topic has at least one character and no null')
  if (shared.test(text))
    throw new RangeError('write the share as the option "share" of the source, not in the topic')
  const names: string[] = []
  const filter: string[] = []
  const expression: string[] = []
  for (const [place, level] of levels.entries()) {
    const isLast = place === levels.length - 1
    const name = placeholder.exec(level)?.[1]
    if (name !== undefined) {
      if (names.includes(name) || name === 'topic') throw new RangeError(`the name {${name}} is taken`)
      names.push(name)
      filter.push(isLast ? '#' : '+')
      expression.push(isLast ? '(.+)' : '([^/]+)')
    } else if (level === '#' && isLast) {
      filter.push('#')
      expression.push('.*')
    } else if (level === '+') {
      filter.push('+')
      expression.push('[^/]*')
    } else if (/[+#{}]/.test(level)) {
      throw new RangeError(
        `the level "${level}" mixes text with a wildcard: write +, {name}, or # at the end, alone`,
      )
    } else {
      filter.push(level)
      expression.push(level.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
    }
  }
  // `a/#` is also the topic `a` (MQTT 5.0, 4.7.1.2); a name there would stand for nothing.
  const isOpen = levels.at(-1) === '#' && levels.length > 1
  const body = isOpen ? `${expression.slice(0, -1).join('/')}(?:/.*)?` : expression.join('/')
  const regular = new RegExp(`^${body}$`, 's')
  return {
    text,
    filter: filter.join('/'),
    names,
    match(topic) {
      const found = regular.exec(topic)
      if (found === null) return undefined
      return Object.fromEntries([['topic', topic], ...names.map((name, i) => [name, found[i + 1]!])])
    },
  }
}

/** `{channel}.{device}.{tag}` with what the names stand for. */
export function fillTemplate(template: string, names: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole)
}

/** The names a template uses. */
export function namesIn(template: string): string[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map(match => match[1]!)
}
