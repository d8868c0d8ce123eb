import type { Crew, Customer, Line, Product, Shift } from '../plant.js'
import type { Chance } from './chance.js'
import { siteLayouts } from './layout.js'

/** Product, its category, and the kinds of lines that can make it. */
const productRange: readonly (readonly [name: string, category: string, kinds: readonly string[]])[] = [
  ['Control arm', 'suspension', ['forming', 'machining']],
  ['Shock absorber', 'suspension', ['assembly', 'testing']],
  ['Stabiliser bar', 'suspension', ['forming']],
  ['Brake disc', 'brake', ['machining']],
  ['Brake caliper', 'brake', ['machining', 'assembly']],
  ['Brake booster', 'brake', ['assembly', 'testing']],
  ['Alternator', 'electrical', ['assembly', 'testing']],
  ['Starter motor', 'electrical', ['assembly', 'testing']],
  ['Steering knuckle', 'steering', ['machining']],
  ['Steering column', 'steering', ['assembly', 'welding']],
  ['Transmission housing', 'transmission', ['machining', 'testing']],
  ['Gear shaft', 'transmission', ['machining']],
  ['Clutch plate', 'transmission', ['forming', 'assembly']],
  ['Crankshaft', 'engine-components', ['machining']],
  ['Cylinder head', 'engine-components', ['machining', 'testing']],
  ['Exhaust manifold', 'exhaust', ['welding', 'testing']],
  ['Muffler', 'exhaust', ['welding', 'forming']],
  ['Door panel', 'body-parts', ['forming', 'welding', 'painting']],
  ['Bonnet', 'body-parts', ['forming', 'welding', 'painting']],
  ['Bumper', 'body-parts', ['painting', 'assembly']],
]

const customerNames = [
  'Aster Motors',
  'Borealis Automotive',
  'Cascade Trucks',
  'Delta Mobility',
  'Elbe Fahrzeugbau',
  'Fuji Hills Motor',
  'Great Lakes Auto',
  'Harbour Vans',
  'Indus Wheels',
  'Juniper Electric Cars',
]

const shiftTimes: readonly (readonly [id: string, name: string, start: string, end: string])[] = [
  ['early', 'Early', '06:00', '14:00'],
  ['late', 'Late', '14:00', '22:00'],
  ['night', 'Night', '22:00', '06:00'],
]

const workdays = [1, 2, 3, 4, 5]
const weekend = [6, 7]

/** Two to four lines a product, every line with at least one. A line and its copies make the same. */
export function makeProducts(lineGroups: readonly (readonly Line[])[], chance: Chance): Product[] {
  const chosen = productRange.map(([, , kinds]) => {
    const able = lineGroups.filter(([line]) => line !== undefined && kinds.includes(line.kind))
    return new Set(chance.sample(able, chance.integer(2, 4)))
  })
  for (const group of lineGroups) {
    if (chosen.some(groups => groups.has(group))) continue
    const able = productRange.flatMap(([, , kinds], product) =>
      kinds.includes(group[0]?.kind ?? '') ? [product] : [],
    )
    chosen[chance.pick(able)]?.add(group)
  }
  return productRange.map(([name, category], product) => ({
    id: slug(name),
    name,
    category,
    lines: lineGroups
      .filter(group => chosen[product]?.has(group))
      .flatMap(group => group.map(line => line.id)),
  }))
}

/** Three to six products a customer; every product has a customer. */
export function makeCustomers(products: readonly Product[], chance: Chance): Customer[] {
  const chosen = customerNames.map(() => new Set(chance.sample(products, chance.integer(3, 6))))
  for (const product of products) {
    if (!chosen.some(taken => taken.has(product))) chance.pick(chosen).add(product)
  }
  return customerNames.map((name, customer) => ({
    id: slug(name),
    name,
    products: products.filter(product => chosen[customer]?.has(product)).map(product => product.id),
  }))
}

/** Four crews a site: three on workdays, one at the weekend. */
export function makeCrews(chance: Chance): Crew[] {
  return siteLayouts.flatMap(site =>
    ['A', 'B', 'C', 'D'].map(letter => ({
      id: `${site.id}-crew-${letter.toLowerCase()}`,
      name: `${site.name} crew ${letter}`,
      site: site.id,
      size: chance.integer(18, 42),
    })),
  )
}

/** Six shifts a site: early, late and night, on workdays and at the weekend. */
export function makeShifts(): Shift[] {
  return siteLayouts.flatMap(site => [
    ...shiftTimes.map(([id, name, start, end], turn) => ({
      id: `${site.id}-${id}`,
      name,
      site: site.id,
      start,
      end,
      days: workdays,
      crew: `${site.id}-crew-${'abc'.charAt(turn)}`,
    })),
    ...shiftTimes.map(([id, name, start, end]) => ({
      id: `${site.id}-weekend-${id}`,
      name: `Weekend ${name.toLowerCase()}`,
      site: site.id,
      start,
      end,
      days: weekend,
      crew: `${site.id}-crew-d`,
    })),
  ])
}

function slug(name: string): string {
  return name.toLowerCase().replaceAll(' ', '-')
}
