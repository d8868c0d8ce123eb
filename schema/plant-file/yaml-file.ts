import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import type { PlantPath } from './problem.js'

/** Sizes beyond which a file is refused rather than read: a plant a hundred times the reference plant fits well. */
const longestFile = 8 * 2 ** 20
const mostNodes = 2_000_000
const deepestNesting = 40

/** Something wrong with the text as YAML, by offset in it. */
interface YamlFault {
  readonly offset: number
  readonly message: string
  readonly fix: string
}

interface Position {
  readonly line: number
  readonly column: number
}

/** A YAML text as plain values that remembers where each of them stands. */
export interface YamlFile {
  /** Undefined where the faults leave too little of the text to say more about it. */
  readonly content: unknown
  readonly faults: readonly YamlFault[]
  positionOf(offset: number): Position
  /** Offset of the value at a path, or of its key; the nearest thing around it where it does not exist. */
  offsetOf(path: PlantPath, part: 'key' | 'value'): number
}

export function readYaml(text: string): YamlFile {
  const lines = new LineCounter()
  if (text.length > longestFile) {
    return unreadable(lines, [
      {
        offset: 0,
        message: `the file has ${text.length} characters, more than the ${longestFile} allowed`,
        fix: 'use machine types and id ranges such as press-{01..12} instead of repeating machines',
      },
    ])
  }
  const nesting = firstDeepBracket(text)
  if (nesting !== undefined) return unreadable(lines, [tooDeep(nesting)])
  try {
    const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false })
    const root = document.contents
    const errors = [...document.errors, ...document.warnings]
    const exhausted = errors.find(error => error.message.startsWith('Maximum call stack'))
    if (exhausted !== undefined) return unreadable(lines, [tooDeep(exhausted.pos[0])])
    if (errors.length > 0) return unreadable(lines, onePerLine(errors.map(describeError), lines))
    const faults: YamlFault[] = []
    const reader = new PlainReader(faults)
    const content = root === null ? null : reader.read(root)
    if (reader.isCut) return unreadable(lines, faults)
    const finder = new NodeFinder(root, reader.anchors)
    return {
      content,
      faults,
      positionOf: offset => positionIn(lines, offset),
      offsetOf: (path, part) => finder.offsetOf(path, part),
    }
  } catch (error) {
    // The parser works recursively: indentation thousands of levels deep ends its stack.
    if (error instanceof RangeError) return unreadable(lines, [tooDeep(0)])
    throw error
  }
}

function unreadable(lines: LineCounter, faults: readonly YamlFault[]): YamlFile {
  return {
    content: undefined,
    faults,
    positionOf: offset => positionIn(lines, offset),
    offsetOf: () => 0,
  }
}

function tooDeep(offset: number): YamlFault {
  return {
    offset,
    message: `nested deeper than the ${deepestNesting} levels allowed`,
    fix: 'a plant file needs no more than a dozen; look for a bracket that is never closed',
  }
}

/**
 * Where brackets or list marks first stand far deeper than anybody writes. The parser would take very long over such a
 * text; a count that mistakes brackets inside quotes is good enough with so much room.
 */
function firstDeepBracket(text: string): number | undefined {
  let depth = 0
  for (let offset = 0; offset < text.length; offset++) {
    const character = text.charCodeAt(offset)
    if (character === 0x5b || character === 0x7b) depth++
    else if ((character === 0x5d || character === 0x7d) && depth > 0) depth--
    if (depth > 20 * deepestNesting) return offset
  }
  const marks = /(?:[-?][ \t]+){200}/.exec(text)
  return marks?.index
}

function positionIn(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

/** The first fault of each line: where the parser has lost its way, the others follow from it. */
function onePerLine(faults: readonly YamlFault[], lines: LineCounter): YamlFault[] {
  const seen = new Set<number>()
  return faults.filter(({ offset }) => {
    const { line } = positionIn(lines, offset)
    const isFirst = !seen.has(line)
    seen.add(line)
    return isFirst
  })
}

function describeError(error: YAMLError): YamlFault {
  const message = error.message.split('\n')[0]?.replace(/[.:]$/, '') ?? error.message
  const fixes: Readonly<Record<string, string>> = {
    TAB_AS_INDENT: 'indent with blanks',
    BAD_INDENT: 'align it with its neighbours',
    MISSING_CHAR: 'add the missing character, or put the text in quotes',
    MULTIPLE_DOCS: 'keep one plant per file and remove the line with ---',
    TAG_RESOLVE_FAILED: 'remove the tag (the word with the exclamation mark)',
  }
  return {
    offset: error.pos[0],
    message: `not YAML: ${message}`,
    fix: fixes[error.code] ?? 'correct the text here or just before it',
  }
}

/** Turns nodes into plain values. An alias shares the value of its anchor but counts as often as it is used. */
class PlainReader {
  readonly #faults: YamlFault[]
  readonly #values = new Map<Node, { readonly value: unknown; readonly size: number }>()
  readonly #open = new Set<Node>()
  readonly #named = new Map<string, Node>()
  #nodes = 0
  /** Whether something could not be read at all. */
  isCut = false
  /** What each alias stands for. */
  readonly anchors = new Map<Node, Node>()

  constructor(faults: YamlFault[]) {
    this.#faults = faults
  }

  read(node: unknown, depth = 0): unknown {
    if (!(isMap(node) || isSeq(node) || isScalar(node) || isAlias(node))) return null
    const before = this.#nodes
    if (!this.#spend(1, node)) return null
    if (isAlias(node)) return this.#readAlias(node, node.source)
    if (node.anchor !== undefined) this.#named.set(node.anchor, node)
    if (isScalar(node)) return this.#remember(node, node.value, before)
    if (depth > deepestNesting) {
      if (!this.isCut) this.#faults.push(tooDeep(node.range?.[0] ?? 0))
      this.isCut = true
      return null
    }
    this.#open.add(node)
    const value = isSeq(node)
      ? node.items.map(item => this.read(item, depth + 1))
      : Object.fromEntries(this.#readPairs(node.items, depth + 1))
    this.#open.delete(node)
    return this.#remember(node, value, before)
  }

  #readPairs(pairs: readonly Pair[], depth: number): ReadonlyMap<string, unknown> {
    const entries = new Map<string, unknown>()
    for (const { key, value } of pairs) {
      if (!isScalar(key) || key.value === null || key.value === '__proto__') {
        this.#fault(key, 'this is no name for a key', 'use a plain word as key')
      } else if (entries.has(String(key.value))) {
        this.#fault(key, `the key "${key.value}" stands twice in the same map`, 'keep one of the two')
      } else entries.set(String(key.value), this.read(value, depth))
    }
    return entries
  }

  #readAlias(node: Node, name: string): unknown {
    const anchor = this.#named.get(name)
    if (anchor === undefined || this.#open.has(anchor)) {
      const message =
        anchor === undefined ? `there is no anchor &${name} before this` : `&${name} contains itself`
      this.#fault(node, message, 'write the value itself')
      this.isCut = true
      return null
    }
    this.anchors.set(node, anchor)
    const known = this.#values.get(anchor)
    return this.#spend(known?.size ?? 0, node) ? known?.value : null
  }

  /** Whether there is still room for so many values; says once when there is none left. */
  #spend(nodes: number, at: Node): boolean {
    if (this.#nodes > mostNodes) return false
    this.#nodes += nodes
    if (this.#nodes <= mostNodes) return true
    this.isCut = true
    this.#fault(
      at,
      `the file stands for more than the ${mostNodes} values allowed, aliases counted as often as used`,
      'use machine types and id ranges such as press-{01..12} instead of repeating machines',
    )
    return false
  }

  #remember(node: Node, value: unknown, before: number): unknown {
    if (isCollection(node) || isScalar(node)) {
      if (node.anchor !== undefined) this.#values.set(node, { value, size: this.#nodes - before })
    }
    return value
  }

  #fault(at: unknown, message: string, fix: string): void {
    this.#faults.push({ offset: offsetIn(at) ?? 0, message, fix })
  }
}

/** Finds nodes by path; a map is indexed when it is first looked into, since some have thousands of keys. */
class NodeFinder {
  readonly #root: Node | null
  readonly #anchors: ReadonlyMap<Node, Node>
  readonly #pairs = new WeakMap<Node, ReadonlyMap<string, Pair>>()

  constructor(root: Node | null, anchors: ReadonlyMap<Node, Node>) {
    this.#root = root
    this.#anchors = anchors
  }

  offsetOf(path: PlantPath, part: 'key' | 'value'): number {
    let node: unknown = this.#root
    let keyOffset = offsetIn(node) ?? 0
    for (const step of path) {
      const target = isAlias(node) ? this.#anchors.get(node) : node
      if (isSeq(target) && typeof step === 'number' && step < target.items.length) {
        node = target.items[step]
        keyOffset = offsetIn(node) ?? keyOffset
        continue
      }
      const pair = isMap(target) ? this.#pairsOf(target).get(String(step)) : undefined
      if (pair === undefined) return keyOffset
      keyOffset = offsetIn(pair.key) ?? keyOffset
      node = pair.value
    }
    return part === 'key' ? keyOffset : (offsetIn(node) ?? keyOffset)
  }

  #pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
    let pairs = this.#pairs.get(map)
    if (pairs === undefined) {
      pairs = new Map(map.items.flatMap(pair => (isScalar(pair.key) ? [[String(pair.key.value), pair]] : [])))
      this.#pairs.set(map, pairs)
    }
    return pairs
  }
}

function offsetIn(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}
