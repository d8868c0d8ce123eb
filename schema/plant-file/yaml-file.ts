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
} from 'yaml'
import type { PlantPath } from './problem.js'

/** Sizes beyond which a file is refused rather than read: a plant a hundred times the reference plant fits well. */
const longestFile = 16 * 2 ** 20
const mostNodes = 2_000_000
const deepestNesting = 40
/** After the first few the rest mostly follow from them. */
const mostSyntaxFaults = 10

/** Something that keeps the text from being read as YAML, by offset in it. */
export interface YamlFault {
  readonly offset: number
  readonly message: string
  readonly fix: string
}

export interface Position {
  readonly line: number
  readonly column: number
}

/** A YAML text as plain values that remembers where each of them stands. */
export interface YamlFile {
  readonly content: unknown
  readonly faults: readonly YamlFault[]
  positionOf(offset: number): Position
  /** Offset of the value at a path, or of its key; the nearest thing around it where it does not exist. */
  offsetOf(path: PlantPath, part: 'key' | 'value'): number
}

export function readYaml(text: string): YamlFile {
  const lines = new LineCounter()
  if (text.length > longestFile) {
    return unreadable(lines, {
      offset: 0,
      message: `the file has ${text.length} characters, more than the ${longestFile} allowed`,
      fix: 'use machine types and id ranges such as press-{01..12} instead of repeating machines',
    })
  }
  const nesting = firstDeepBracket(text)
  if (nesting !== undefined) return unreadable(lines, tooDeep(nesting))
  try {
    const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false })
    const root = document.contents
    const faults = [...document.errors, ...document.warnings].slice(0, mostSyntaxFaults).map(describeError)
    const reader = new PlainReader(faults)
    const content = root === null ? null : reader.read(root)
    return {
      content,
      faults,
      positionOf: offset => positionIn(lines, offset),
      offsetOf: (path, part) => find(root, path, part, reader.anchors),
    }
  } catch (error) {
    // The parser works recursively: indentation thousands of levels deep ends its stack.
    if (error instanceof RangeError) return unreadable(lines, tooDeep(0))
    throw error
  }
}

function unreadable(lines: LineCounter, fault: YamlFault): YamlFile {
  return {
    content: undefined,
    faults: [fault],
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
 * Where brackets first stand far deeper than anybody writes. The parser would take very long over such a text; a count
 * that mistakes brackets inside quotes is good enough with so much room.
 */
function firstDeepBracket(text: string): number | undefined {
  let depth = 0
  for (let offset = 0; offset < text.length; offset++) {
    const character = text.charCodeAt(offset)
    if (character === 0x5b || character === 0x7b) depth++
    else if ((character === 0x5d || character === 0x7d) && depth > 0) depth--
    if (depth > 20 * deepestNesting) return offset
  }
  return undefined
}

function positionIn(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
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
      this.#faults.push(tooDeep(node.range?.[0] ?? 0))
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
    this.#faults.push({ offset: (isNode(at) ? at.range?.[0] : undefined) ?? 0, message, fix })
  }
}

function find(
  root: Node | null,
  path: PlantPath,
  part: 'key' | 'value',
  anchors: ReadonlyMap<Node, Node>,
): number {
  let node: Node | undefined = root ?? undefined
  let keyOffset = node?.range?.[0] ?? 0
  for (const step of path) {
    const target: Node | undefined = node !== undefined && isAlias(node) ? anchors.get(node) : node
    if (isSeq(target) && typeof step === 'number') {
      const item = target.items[step] as Node | undefined
      if (item === undefined) return keyOffset
      node = item
      keyOffset = item.range?.[0] ?? keyOffset
    } else if (isMap(target)) {
      const pair = target.items.find(each => isScalar(each.key) && String(each.key.value) === String(step))
      if (pair === undefined) return keyOffset
      keyOffset = (pair.key as Node).range?.[0] ?? keyOffset
      node = (pair.value ?? undefined) as Node | undefined
    } else return keyOffset
  }
  return part === 'key' ? keyOffset : (node?.range?.[0] ?? keyOffset)
}
