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

/** What to do about an exception, in words. */
export function adviceFor(code: number): string {
  if (code === 10 || code === 11) return gatewayAdvice
  switch (meaningOf(code).kind) {
    case 'ask':
      return 'Compare the tags with the list of registers of the device: table, address, base, unit.'
    case 'busy':
      return 'See what else asks it, or ask it more seldom (pollMs).'
    case 'device':
      return 'Look at the device.'
  }
}

/** What to do about a device that is not reached through its gateway. */
export const gatewayAdvice =
  'See that the device behind the gateway runs, and that its unit is the one of the tags.'

export function meaningOf(code: number): ExceptionMeaning {
  return meanings[code] ?? { name: `exception ${code}`, quality: Quality.bad, kind: 'device' }
}
