import { describe, expect, it } from 'vitest'
import { demoPlant } from '../dev/demo-plant.js'
import { indexPlant } from './plant-index.js'
import { PlantSearch } from './search.js'

const search = new PlantSearch(indexPlant(demoPlant()))

describe('search', () => {
  it('puts the machine whose name was typed first', () => {
    const [first] = search.find('m-117', 10)
    expect(first?.machine.name).toBe('M-117')
    expect(first?.kind).toBe('machine')
  })

  it('finds a sensor by its name and its machine, in any order', () => {
    const [first] = search.find('117 vibration', 10)
    expect(first?.kind === 'sensor' && first.signal.id).toBe('m-117.vibration')
    expect(search.find('vibration m-117', 10)[0]).toEqual(first)
  })

  it('does not mind accents', () => {
    expect(search.find('gyor', 5).length).toBe(5)
  })

  it('finds nothing for nothing', () => {
    expect(search.find('  ', 10)).toEqual([])
    expect(search.find('zzz', 10)).toEqual([])
  })
})
