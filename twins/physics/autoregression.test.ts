import { describe, expect, it } from 'vitest'
import type { Signal } from '../../schema/plant.js'
import { Behaviour, behaviourMachines } from '../behaviour/behaviour.js'
import { RandomStream } from '../flow/random.js'
import { autoregression } from './autoregression.js'
import { lineOf, lineStart } from './faulty-line.js'

/** Power at a frequency (cycles per sample) of an autoregression with this memory, in samples, and unit variance. */
const stated = (memory: number, frequency: number): number => {
  const keep = Math.exp(-1 / memory)
  return (1 - keep * keep) / (1 + keep * keep - 2 * keep * Math.cos(2 * Math.PI * frequency))
}

/** Welch's estimate at some frequencies: the mean over segments of the squared Fourier sum. */
function spectrum(values: readonly number[], length: number, frequencies: readonly number[]): number[] {
  const segments = Math.floor(values.length / length)
  return frequencies.map(frequency => {
    let sum = 0
    for (let s = 0; s < segments; s++) {
      let [re, im] = [0, 0]
      for (let i = 0; i < length; i++) {
        const angle = 2 * Math.PI * frequency * i
        re += values[s * length + i]! * Math.cos(angle)
        im -= values[s * length + i]! * Math.sin(angle)
      }
      sum += (re * re + im * im) / length
    }
    return sum / segments
  })
}

const length = 256
/** Whole periods in a segment, so that the constant part leaks nowhere. */
const frequencies = [4, 8, 16, 32, 64, 127].map(periods => periods / length)

/** Each estimate is exponential: its standard error is its mean over the root of the number of segments. */
function expectSpectrum(values: readonly number[], memory: number, gain = 1): void {
  const found = spectrum(values, length, frequencies)
  const error = 1 / Math.sqrt(Math.floor(values.length / length))
  for (const [i, frequency] of frequencies.entries()) {
    const expected = gain * gain * stated(memory, frequency)
    expect(Math.abs(found[i]! / expected - 1), `at ${frequency}`).toBeLessThan(4 * error + 0.1)
  }
}

describe('noise', () => {
  it.each([0.5, 3, 20])('with a memory of %s samples has the spectrum of such an autoregression', memory => {
    const { keep, innovation } = autoregression(memory, 1)
    const chance = new RandomStream(1, 'noise')
    let value = chance.noise()
    const values = Array.from({ length: 400 * length }, () => {
      value = value * keep + innovation * chance.noise()
      return value
    })
    expectSpectrum(values, memory)
  })

  it('is the same process at every rate of sampling', () => {
    const [fine, coarse] = [autoregression(30, 1), autoregression(30, 10)]
    expect(fine.keep ** 10).toBeCloseTo(coarse.keep, 12)
  })

  it('of a sensor on a machine has the spectrum that its quantity states', () => {
    const probe: Partial<Signal> = { quantity: 'number', normal: [50, 2], limits: {}, resolution: 0 }
    const machines = behaviourMachines(lineOf('tester'), ({ id }) => id === 'two.temperature').map(place => ({
      ...place,
      signals: place.signals.map(signal => ({ ...signal, ...probe, range: [0, 100] as const })),
    }))
    const behaviour = new Behaviour(machines, { seed: 5, start: lineStart, period: 10_000 })
    const values: number[] = []
    behaviour.advance(lineStart + 200 * length * 10_000, (_signal, _time, value) => values.push(value))
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    // Standard deviation 0.4 spreads, memory 30 s.
    expectSpectrum(
      values.map(value => value - mean),
      3,
      0.8,
    )
  })
})
