import type { PlacedMachine } from './machines.js'
import type { Report } from './report.js'

/** A machine with what it feeds by default or by file, its site and its line. */
export interface FeedingMachine extends PlacedMachine {
  readonly feeds: readonly string[]
  readonly site: string
  readonly line: string
}

const longestShown = 8

/** Says so where parts would go to a machine that is not there or in another site, or round in a circle. */
export function checkFeeds(
  machines: readonly FeedingMachine[],
  declared: ReadonlySet<string>,
  report: Report,
): void {
  const byId = new Map(machines.map(each => [each.machine.id, each]))
  for (const { machine, feeds, site, path } of machines) {
    for (const target of feeds) {
      const at = [...path, 'feeds']
      if (!declared.has(target)) {
        const fix = report.suggest(target, declared, 'use the id of a machine of this file')
        report.add(at, target, `there is no machine "${target}" to feed`, fix)
        continue
      }
      const other = byId.get(target)
      if (other !== undefined && other.site !== site) {
        const message = `${machine.id} cannot feed ${target}, which stands in another site`
        report.add(at, target, message, 'feed a machine of the same site, or none: feeds: []')
      }
    }
  }
  for (const circle of circles(byId)) {
    const ids = circle.map(each => each.machine.id)
    const shown = ids.length > longestShown ? [...ids.slice(0, longestShown), '…'] : ids
    const round = [...shown, ids[0]].join(' → ')
    const last = circle.at(-1)
    if (last === undefined) continue
    const message = `parts go round in a circle: ${round}`
    report.add([...last.path, 'feeds'], ids[0], message, 'remove one of these feeds, e.g. with feeds: []')
  }
}

/** Circles in the flow, each met once: depth first with a stack of our own, since a line may have thousands. */
function circles(byId: ReadonlyMap<string, FeedingMachine>): FeedingMachine[][] {
  const found: FeedingMachine[][] = []
  const done = new Set<string>()
  for (const start of byId.values()) {
    if (done.has(start.machine.id)) continue
    const trail: { readonly at: FeedingMachine; next: number }[] = [{ at: start, next: 0 }]
    const places = new Map([[start.machine.id, 0]])
    for (let step = trail.at(-1); step !== undefined; step = trail.at(-1)) {
      const target = step.at.feeds[step.next++]
      if (target === undefined) {
        trail.pop()
        places.delete(step.at.machine.id)
        done.add(step.at.machine.id)
        continue
      }
      const place = places.get(target)
      const machine = byId.get(target)
      if (place !== undefined) found.push(trail.slice(place).map(each => each.at))
      else if (machine !== undefined && !done.has(target)) {
        places.set(target, trail.length)
        trail.push({ at: machine, next: 0 })
      }
    }
  }
  return found
}
