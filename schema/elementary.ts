/**
 * Exponential, logarithm and power in plain arithmetic. Additions, multiplications and divisions are defined to the
 * last bit (IEEE 754), `Math.exp`, `Math.log` and `Math.pow` are not: with these a seed gives the same bytes on every
 * processor and release of the runtime. Within 4 units in the last place of the true value over the whole range.
 */

/** ln 2 in two parts: the first has 32 zero bits at its end, so that a whole multiple of it is exact. */
const ln2High = 0.6931471803691238
const ln2Low = 1.9082149292705877e-10

const leastExponent = -1074
/** 2^k for every k that a number can have. */
const powersOfTwo = (() => {
  const powers = new Float64Array(1024 - leastExponent)
  let power = 1
  for (let k = 0; k < 1024; k++, power *= 2) powers[k - leastExponent] = power
  power = 0.5
  for (let k = -1; k >= leastExponent; k--, power /= 2) powers[k - leastExponent] = power
  return powers
})()
const twoTo = (k: number): number => powersOfTwo[k - leastExponent]!

/** 1/13!, 1/12!, … 1/0!: more terms change nothing below half of ln 2. */
const reciprocalFactorials = (() => {
  const terms = [1]
  for (let n = 1; n <= 13; n++) terms.push(terms[n - 1]! / n)
  return Float64Array.from(terms.reverse())
})()

/** e^x; 0 below -745, infinite above 709.78. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY
  if (x < -745.1332191019412) return 0
  const k = Math.round(x * Math.LOG2E)
  const r = x - k * ln2High - k * ln2Low
  let sum = 0
  for (let n = 0; n < 14; n++) sum = sum * r + reciprocalFactorials[n]!
  // In two steps, so that neither power leaves the range on the way.
  return k > 1023 ? sum * 2 * twoTo(k - 1) : k < -1000 ? sum * twoTo(k + 100) * twoTo(-100) : sum * twoTo(k)
}

const bits = new DataView(new ArrayBuffer(8))

/** Natural logarithm; -Infinity of 0, NaN of less. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  if (x < 2.2250738585072014e-308) return log(x * 2 ** 54) - 54 * ln2High - 54 * ln2Low
  bits.setFloat64(0, x, true)
  const head = bits.getUint32(4, true)
  let k = (head >>> 20) - 1023
  bits.setUint32(4, (head & 0xfffff) | 0x3ff00000, true)
  let mantissa = bits.getFloat64(0, true)
  if (mantissa > Math.SQRT2) {
    mantissa /= 2
    k++
  }
  // ln m = 2 artanh((m - 1) / (m + 1)), whose argument stays below 0.172.
  const s = (mantissa - 1) / (mantissa + 1)
  const square = s * s
  // Written out, because a division in a loop costs more than all the rest.
  const sum =
    1 +
    square *
      (1 / 3 +
        square *
          (1 / 5 +
            square *
              (1 / 7 +
                square *
                  (1 / 9 +
                    square *
                      (1 / 11 +
                        square *
                          (1 / 13 +
                            square *
                              (1 / 15 + square * (1 / 17 + square * (1 / 19 + square * (1 / 21))))))))))
  return k * ln2High + (2 * s * sum + k * ln2Low)
}

/** base^exponent for a base of 0 and more. */
export function power(base: number, exponent: number): number {
  if (base === 0) return exponent === 0 ? 1 : 0
  return exp(exponent * log(base))
}

/** The share of a distance that is left after `elapsed`, with a time constant in the same unit. */
export function decay(elapsed: number, timeConstant: number): number {
  return timeConstant > 0 ? exp(-elapsed / timeConstant) : 0
}
