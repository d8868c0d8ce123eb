import { Quality } from '../../schema/quality.js'

/** What an exception says of the values that were asked for (MODBUS Application Protocol V1.1b3, 7). */
export interface ExceptionMeaning {
  readonly name: string
  readonly quality: Quality
  /**
   * `ask`: what was asked for is wrong, and stays so until somebody mends the plant file or the device; asked again
   * seldom. `device`: the device has a trouble that may pass; asked again at the next poll. `busy`: the value before is
   * still the best there is.
   */
  readonly kind: 'ask' | 'device' | 'busy'
}

const meanings: Readonly<Record<number, ExceptionMeaning>> = {
  1: { name: 'illegal function', quality: Quality.bad, kind: 'ask' },
  2: { name: 'illegal data address', quality: Quality.bad, kind: 'ask' },
  3: { name: 'illegal data value', quality: Quality.bad, kind: 'ask' },
  4: { name: 'server device failure', quality: Quality.bad, kind: 'device' },
  5: { name: 'acknowledge', quality: Quality.uncertain, kind: 'busy' },
  6: { name: 'server device busy', quality: Quality.uncertain, kind: 'busy' },
  8: { name: 'memory parity error', quality: Quality.bad, kind: 'device' },
  10: { name: 'gateway path unavailable', quality: Quality.bad, kind: 'device' },
  11: { name: 'gateway target device failed to respond', quality: Quality.bad, kind: 'device' },
}

export function meaningOf(code: number): ExceptionMeaning {
  return meanings[code] ?? { name: `exception ${code}`, quality: Quality.bad, kind: 'device' }
}
