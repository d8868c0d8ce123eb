import type { Manifest, ManifestMachine } from '../../schema/manifest.js'
import { footprints } from './footprints.js'

/** A rectangle on the floor, metres; x to the east, z to the south. */
export interface Area {
  readonly west: number
  readonly north: number
  readonly east: number
  readonly south: number
}

export interface MachinePlace {
  readonly machine: ManifestMachine
  readonly x: number
  readonly z: number
}

interface Lane extends Area {
  readonly id: string
  readonly name: string
  readonly kind: string
}

interface Zone extends Area {
  readonly id: string
  readonly name: string
}

/** A part's way from one machine to the next, from edge to edge. */
export interface Flow {
  readonly fromX: number
  readonly fromZ: number
  readonly toX: number
  readonly toZ: number
}

export interface FloorPlan {
  readonly bounds: Area
  readonly sites: readonly Zone[]
  readonly areas: readonly Zone[]
  readonly lanes: readonly Lane[]
  /** In the order of the manifest. */
  readonly machines: readonly MachinePlace[]
  readonly flows: readonly Flow[]
}

/** Metres; the pitch is the way from one machine to the next, and names stand to the west of a lane. */
export const pitch = 4.9
const laneMargin = 1
const laneDepth = 7
const laneGap = 1.3
export const laneNameWidth = 19
const areaHeader = 3.4
const areaGap = 1.4
const siteHeader = 5.6
const siteMargin = 2
const siteGap = 5
/** Width to depth of the whole floor; a tilted view of it fills a wide window. */
const aspect = 1.4

/**
 * Lays the plant out: sites side by side in a grid, their areas one below the other, each line a lane with its machines
 * in the order of the flow from west to east. Machines that the plant file gives a position stand there, measured from
 * the start of their lane. The same manifest always gives the same plan, whatever the window: a floor is learned once.
 */
export function layFloor(manifest: Manifest): FloorPlan {
  const machinesOf = groupBy(manifest.machines, machine => machine.line)
  const linesOf = groupBy(manifest.lines, line => line.area)
  const areasOf = groupBy(manifest.areas, area => area.site)

  const blocks = manifest.sites.map(site => {
    const block = new Block(site.id, site.name)
    for (const area of areasOf.get(site.id) ?? []) {
      block.openArea(area.id, area.name)
      for (const line of linesOf.get(area.id) ?? []) {
        block.addLane(line.id, line.name, line.kind, machinesOf.get(line.id) ?? [])
      }
      block.closeArea()
    }
    return block
  })
  return join(manifest, blocks)
}

/** One site with its own origin, before it has its place on the floor. */
class Block {
  readonly id: string
  readonly name: string
  readonly areas: Zone[] = []
  readonly lanes: Lane[] = []
  readonly machines: MachinePlace[] = []
  width = 24
  depth = siteHeader
  #open: { id: string; name: string; north: number } | undefined

  constructor(id: string, name: string) {
    this.id = id
    this.name = name
  }

  openArea(id: string, name: string): void {
    this.#open = { id, name, north: this.depth }
    this.depth += areaHeader
  }

  closeArea(): void {
    if (this.#open !== undefined)
      this.areas.push({ ...this.#open, west: siteMargin, east: 0, south: this.depth })
    this.#open = undefined
    this.depth += areaGap
  }

  addLane(id: string, name: string, kind: string, machines: readonly ManifestMachine[]): void {
    const places = placeInLane([...machines].sort((a, b) => a.order - b.order))
    const west = siteMargin + laneNameWidth
    const north = this.depth
    const width =
      Math.max(pitch, ...places.map(({ machine, x }) => x + footprints[machine.archetype].width / 2)) +
      laneMargin
    const depth = Math.max(laneDepth, ...places.map(({ z }) => z + laneDepth / 2))
    this.lanes.push({ id, name, kind, west, north, east: west + width, south: north + depth })
    for (const { machine, x, z } of places) this.machines.push({ machine, x: west + x, z: north + z })
    this.width = Math.max(this.width, west + width + siteMargin)
    this.depth += depth + laneGap
  }
}

function placeInLane(machines: readonly ManifestMachine[]): readonly MachinePlace[] {
  // Body a little to the north of the middle: the strip before it holds the name.
  const middle = laneDepth / 2 - 0.5
  const westmost = Math.min(...machines.map(machine => machine.position?.x ?? 0))
  const northmost = Math.min(...machines.map(machine => machine.position?.y ?? 0))
  return machines.map((machine, place) => ({
    machine,
    x:
      laneMargin +
      pitch / 2 +
      (machine.position === undefined ? place * pitch : machine.position.x - westmost),
    z: middle + (machine.position === undefined ? 0 : machine.position.y - northmost),
  }))
}

function join(manifest: Manifest, blocks: readonly Block[]): FloorPlan {
  const columns = bestColumns(blocks)
  const sites: Zone[] = []
  const areas: Zone[] = []
  const lanes: Lane[] = []
  const placed = new Map<number, MachinePlace>()
  const columnWidths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...blocks.filter((_, i) => i % columns === column).map(block => block.width)),
  )
  let north = 0
  for (let row = 0; row * columns < blocks.length; row++) {
    const inRow = blocks.slice(row * columns, (row + 1) * columns)
    const depth = Math.max(...inRow.map(block => block.depth)) + siteMargin - areaGap
    let west = 0
    inRow.forEach((block, column) => {
      const east = west + columnWidths[column]!
      sites.push({ id: block.id, name: block.name, west, north, east, south: north + depth })
      for (const area of block.areas) areas.push({ ...shift(area, west, north), east: east - siteMargin })
      for (const lane of block.lanes) lanes.push(shift(lane, west, north))
      for (const { machine, x, z } of block.machines)
        placed.set(machine.index, { machine, x: x + west, z: z + north })
      west = east + siteGap
    })
    north += depth + siteGap
  }
  const machines = manifest.machines.flatMap(machine => placed.get(machine.index) ?? [])
  const bounds: Area = {
    west: 0,
    north: 0,
    east: Math.max(1, ...sites.map(site => site.east)),
    south: Math.max(1, ...sites.map(site => site.south)),
  }
  return { bounds, sites, areas, lanes, machines, flows: flowsBetween(machines) }
}

function bestColumns(blocks: readonly Block[]): number {
  let best = 1
  let smallest = Number.POSITIVE_INFINITY
  for (let columns = 1; columns <= blocks.length; columns++) {
    const width = Math.max(...blocks.map(block => block.width)) * columns
    const depth = Math.max(...blocks.map(block => block.depth)) * Math.ceil(blocks.length / columns)
    const misfit = Math.abs(Math.log(width / depth / aspect))
    if (misfit < smallest) [best, smallest] = [columns, misfit]
  }
  return best
}

function flowsBetween(machines: readonly MachinePlace[]): Flow[] {
  const byId = new Map(machines.map(place => [place.machine.id, place]))
  return machines.flatMap(from =>
    from.machine.feeds.flatMap(id => {
      const to = byId.get(id)
      if (to === undefined || to === from) return []
      const length = Math.hypot(to.x - from.x, to.z - from.z)
      const leave = footprints[from.machine.archetype].width / 2 / length
      const arrive = 1 - footprints[to.machine.archetype].width / 2 / length
      if (leave >= arrive) return []
      const at = (along: number) =>
        [from.x + (to.x - from.x) * along, from.z + (to.z - from.z) * along] as const
      const [fromX, fromZ] = at(leave)
      const [toX, toZ] = at(arrive)
      return [{ fromX, fromZ, toX, toZ }]
    }),
  )
}

function shift<T extends Area>(area: T, x: number, z: number): T {
  return { ...area, west: area.west + x, east: area.east + x, north: area.north + z, south: area.south + z }
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return groups
}
