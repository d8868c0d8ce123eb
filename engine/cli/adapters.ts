import { stringify } from 'yaml'
import { adapterDefinitions } from '../../adapters/list.js'
import type { Command } from './command.js'

export const adaptersCommand: Command = {
  name: 'adapters',
  summary: 'list the kinds of sources, with examples for the plant file',
  usage: `Usage: gemba adapters [kind]

Lists the kinds of sources that a plant file can name. With a kind: its examples, ready to paste.`,

  async run([kind], io) {
    if (kind === undefined) {
      const width = Math.max(...adapterDefinitions.map(each => each.kind.length)) + 2
      for (const { kind, summary } of adapterDefinitions) io.out(`${kind.padEnd(width)}${summary}`)
      return 0
    }
    const definition = adapterDefinitions.find(candidate => candidate.kind === kind)
    if (definition === undefined) {
      const kinds = adapterDefinitions.map(candidate => candidate.kind).join(', ')
      io.err(`gemba: there is no adapter "${kind}"; there are ${kinds}.`)
      return 1
    }
    io.out(`${definition.kind}: ${definition.summary}`)
    for (const { title, options } of definition.examples) {
      io.out(`\n# ${title}`)
      io.out(stringify({ sources: { 'my-source': { adapter: definition.kind, ...options } } }).trimEnd())
    }
    return 0
  },
}
