import { type Area, type FloorPlan, laneNameWidth, pitch } from '../layout/floor-plan.js'
import { footprints } from '../layout/footprints.js'
import type { PlantIndex } from '../plant/plant-index.js'
import { pipDepth } from './sensor-pips.js'
import type { TextPatch, TextStyle } from './text-atlas.js'

const styles = {
  site: { size: 19, weight: 600, wrap: 260, align: 'left' },
  siteSmall: { size: 14, weight: 600, wrap: 260, align: 'left' },
  area: { size: 12, weight: 500, wrap: 260, align: 'left' },
  line: { size: 11, weight: 600, wrap: 84, align: 'right' },
  lineSmall: { size: 10, weight: 600, wrap: 70, align: 'right' },
  machine: { size: 11, weight: 400, wrap: 62, align: 'center' },
} as const satisfies Record<string, TextStyle>

/** A text on the floor. */
export interface Label {
  readonly patch: TextPatch
  readonly x: number
  readonly z: number
  readonly pivotX: number
  readonly pivotY: number
  /** Shown from the one scale to below the other, pixels per metre. */
  readonly minScale: number
  readonly maxScale: number
  /** What it stands on, for its halo; 2 = the floor, and muted. */
  readonly ground: 0 | 1 | 2
  /** Gone when a person hides the names; those of sites and areas stay, so that the floor can still be read. */
  readonly isOptional: boolean
}

/** How much of a distance along the floor is left in the tilted view. */
const foreshortening = 0.83
/** North edge of a site, and of an area, to the middle of its name, metres. */
const siteNameAt = 2
const areaNameAt = 1.7

type Spot = Omit<Label, 'patch' | 'minScale' | 'maxScale'>

/**
 * What is written where on the floor, and from which scale on.
 *
 * @param measure Gives a text its patch; undefined where there is no room for it.
 */
export function planLabels(
  plan: FloorPlan,
  plant: PlantIndex,
  measure: (text: string, style: TextStyle) => TextPatch | undefined,
): readonly Label[] {
  const labels: Label[] = []
  /** The forms of one name, largest first, each with the smallest scale at which it has room. */
  const add = (
    text: string,
    spot: Spot,
    forms: readonly (readonly [style: TextStyle, minScale: (patch: TextPatch) => number])[],
  ): void => {
    let maxScale = Number.MAX_VALUE
    for (const [style, minScaleOf] of forms) {
      const patch = text === '' ? undefined : measure(text, style)
      if (patch === undefined) continue
      const minScale = minScaleOf(patch)
      if (minScale < maxScale) labels.push({ ...spot, patch, minScale, maxScale })
      maxScale = Math.min(maxScale, minScale)
    }
  }
  const across = (room: number) => (patch: TextPatch) => patch.width / room

  for (const site of plan.sites) {
    const room = site.east - site.west
    const areaNorth = Math.min(
      site.south,
      ...plan.areas.filter(area => isWithin(area, site)).map(area => area.north),
    )
    const roomBelow = (areaNorth + areaNameAt - site.north - siteNameAt) * foreshortening
    const full = (patch: TextPatch): number =>
      Math.max(patch.width / room, rowHeight(styles.site, styles.area) / roomBelow)
    add(
      site.name,
      { x: site.west + 2, z: site.north + siteNameAt, pivotX: 0, pivotY: 0.5, ground: 0, isOptional: false },
      [
        [styles.site, full],
        [styles.siteSmall, across(room)],
      ],
    )
    for (const area of plan.areas.filter(area => isWithin(area, site))) {
      const half = (area.east - area.west) / 2
      const own = (patch: TextPatch): number =>
        Math.max(patch.width / half, rowHeight(styles.siteSmall, styles.area) / roomBelow)
      add(
        area.name,
        { x: area.west, z: area.north + areaNameAt, pivotX: 0, pivotY: 0.5, ground: 2, isOptional: false },
        [[styles.area, own]],
      )
    }
  }
  for (const lane of plan.lanes) {
    const z = (lane.north + lane.south) / 2
    const room = laneNameWidth + 1
    add(lane.name, { x: lane.west - 1, z, pivotX: 1, pivotY: 0.5, ground: 0, isOptional: true }, [
      [styles.line, across(room)],
      [styles.lineSmall, across(room + 1)],
    ])
  }
  const fronts = nameFronts(plan, plant)
  for (const { machine, x, z } of plan.machines) {
    const front = z + (fronts.get(machine.line) ?? 0)
    add(machine.name, { x, z: front, pivotX: 0.5, pivotY: 0, ground: 1, isOptional: true }, [
      [styles.machine, across(pitch * 0.97)],
    ])
  }
  return labels
}

/** Pixels from the middle of a name to that of one below it, so that they do not touch. */
const rowHeight = (above: TextStyle, below: TextStyle): number => ((above.size + below.size) / 2) * 1.2

const isWithin = (inner: Area, outer: Area): boolean =>
  inner.west >= outer.west &&
  inner.east <= outer.east &&
  inner.north >= outer.north &&
  inner.south <= outer.south

/**
 * From the middle of a machine to its name, metres, by line: the names of a line stand on one line, below the deepest
 * body and the last row of pips.
 */
function nameFronts(plan: FloorPlan, plant: PlantIndex): ReadonlyMap<string, number> {
  const deepest = Math.max(...Object.values(footprints).map(footprint => footprint.depth))
  const fronts = new Map<string, number>()
  for (const { machine } of plan.machines) {
    const sensors = plant.signalsOf(machine.index).filter(({ role }) => role === 'sensor').length
    const pips = footprints[machine.archetype].depth / 2 + pipDepth(sensors) + 0.12
    fronts.set(machine.line, Math.max(fronts.get(machine.line) ?? deepest / 2 + 0.7, pips))
  }
  return fronts
}
