import type { ImportedMachine } from '../../adapters/imported-machine.js'

/** The machines with each tag of the source once, and the tags that were told again. */
export function toldOnce(machines: readonly ImportedMachine[]): {
  readonly machines: readonly ImportedMachine[]
  readonly again: readonly string[]
} {
  const seen = new Set<string>()
  const again: string[] = []
  const once = machines.map(machine => {
    const signals = machine.signals.filter(({ tag }) => {
      const isNew = !seen.has(tag)
      if (isNew) seen.add(tag)
      else again.push(tag)
      return isNew
    })
    return { ...machine, signals }
  })
  return { machines: once, again }
}
