import { describe, expect, it } from 'vitest'
import { demoPlant } from '../dev/demo-plant.js'
import { layFloor } from '../layout/floor-plan.js'
import { footprints } from '../layout/footprints.js'
import { indexPlant } from '../plant/plant-index.js'
import { planLabels } from './label-plan.js'
import { pipDepth } from './sensor-pips.js'
import type { TextPatch, TextStyle } from './text-atlas.js'

/** As wide as a usual face sets it; the name is kept where the place on the atlas would be. */
function measureInto(texts: Map<TextPatch, string>) {
  return (text: string, { size, wrap }: TextStyle): TextPatch => {
    const width = Math.min(wrap, text.length * size * 0.62) + 5
    const patch: TextPatch = { u: 0, v: 0, uSize: 0, vSize: 0, width, height: size * 1.2 + 5 }
    texts.set(patch, text)
    return patch
  }
}

const plant = indexPlant(demoPlant())
const plan = layFloor(plant.manifest)
const texts = new Map<TextPatch, string>()
const labels = planLabels(plan, plant, measureInto(texts))
const shownAt = (scale: number) =>
  labels
    .filter(({ minScale, maxScale }) => scale >= minScale && scale < maxScale)
    .map(({ patch }) => texts.get(patch)!)

describe('the names on the floor', () => {
  it('show every site and line on a tablet held upright', () => {
    const { sites, lines } = plant.manifest
    expect(shownAt(3.6)).toEqual(expect.arrayContaining([...sites, ...lines].map(({ name }) => name)))
  })

  it('show each name in one form at a time, at any scale', () => {
    for (let scale = 0.5; scale < 60; scale *= 1.1) {
      const places = labels
        .filter(({ minScale, maxScale }) => scale >= minScale && scale < maxScale)
        .map(({ x, z }) => `${x}/${z}`)
      expect(new Set(places).size, `at ${scale} px/m`).toBe(places.length)
    }
  })

  it('leave those of sites and areas when the others are hidden', () => {
    const { sites, areas } = plant.manifest
    const left = new Set(labels.filter(({ isOptional }) => !isOptional).map(({ patch }) => texts.get(patch)!))
    expect(left).toEqual(new Set([...sites, ...areas].map(({ name }) => name)))
  })

  it('stand below the last row of pips, however many sensors a machine has', () => {
    const manifest = demoPlant()
    const first = manifest.machines[0]!
    const model = manifest.signals[0]!
    const sensors = Array.from({ length: 31 }, (_, at) => ({ ...model, index: at, id: `${first.id}.s${at}` }))
    const crowded = indexPlant({ ...manifest, machines: [first], signals: sensors })
    const floor = layFloor(crowded.manifest)
    const names = new Map<TextPatch, string>()
    const name = planLabels(floor, crowded, measureInto(names)).find(
      ({ patch }) => names.get(patch) === first.name,
    )!
    const lastRow = floor.machines[0]!.z + footprints[first.archetype].depth / 2 + pipDepth(31)
    expect(name.z).toBeGreaterThan(lastRow)
    expect(pipDepth(31)).toBeGreaterThan(pipDepth(30))
  })
})
