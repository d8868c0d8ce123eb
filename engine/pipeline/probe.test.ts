import { EMPTY } from 'rxjs'
import { expect, it } from 'vitest'
import { z } from 'zod'
import type { AdapterDefinition } from '../../adapters/contract.js'
import { testPlant } from '../gateway/test-floor.js'
import { probeSource } from './probe.js'

it('goes by a name of its own each time, because two of one name throw each other off a broker', async () => {
  const names: string[] = []
  const definition: AdapterDefinition = {
    kind: 'test',
    summary: '',
    options: z.unknown(),
    examples: [],
    probe: options => options,
    create: (_, { installation }) => {
      names.push(installation)
      return EMPTY
    },
  }
  const parts = {
    plant: testPlant(1, 1),
    wall: { now: () => 0 },
    folder: '',
    readSecret: () => '',
    patienceMs: 1_000,
    signal: new AbortController().signal,
  }
  const spec = { id: 'plc', adapter: 'test', clock: 'wall' as const, options: {} }
  for (let i = 0; i < 3; i++) await probeSource(definition, spec, parts)
  expect(new Set(names).size).toBe(3)
  for (const name of names) expect(name).toMatch(/^probe-/)
})
