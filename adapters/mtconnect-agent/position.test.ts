import { describe, expect, it } from 'vitest'
import { KeptPosition } from './position.js'

const url = 'http://192.0.2.1:5000'

function makeKept() {
  const remembered: unknown[] = []
  const memory = {
    recall: () => remembered.at(-1),
    remember: (value: unknown) => void remembered.push(value),
  }
  const kept = new KeptPosition(memory, url)
  return { kept, memory, remembered }
}

describe('the position in an agent’s buffer', () => {
  it('is kept as soon as the last sample told until it is accepted, and not one sample before', () => {
    const { kept, remembered } = makeKept()
    kept.reach({ instanceId: '1', next: 10 }, 1)
    kept.reach({ instanceId: '1', next: 20 }, 3)
    expect(remembered).toEqual([])
    kept.accept(1)
    expect(remembered).toEqual([{ url, instanceId: '1', next: 10 }])
    kept.accept(2)
    expect(remembered).toHaveLength(1)
    kept.accept(3)
    expect(remembered.at(-1)).toEqual({ url, instanceId: '1', next: 20 })
  })

  it('is recalled for the agent it was of, and for no other', () => {
    const { kept, memory } = makeKept()
    kept.reach({ instanceId: '1', next: 10 }, 0)
    expect(new KeptPosition(memory, url).recall()).toEqual({ instanceId: '1', next: 10 })
    expect(new KeptPosition(memory, 'http://192.0.2.2:5000').recall()).toBeUndefined()
  })
})
