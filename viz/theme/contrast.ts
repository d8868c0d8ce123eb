/** sRGB colours as `#RRGGBB`, and the contrast of WCAG 2.2 between them. */
export type Hex = `#${string}`

/** Channels 0–1, gamma-encoded sRGB. */
export type Rgb = readonly [red: number, green: number, blue: number]

export function parseHex(hex: Hex): Rgb {
  const value = Number.parseInt(hex.slice(1), 16)
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255]
}

/** The sRGB transfer function (IEC 61966-2-1), decoded: one channel, 0–1. */
export function toLinear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
}

/** The inverse of toLinear. */
export function fromLinear(channel: number): number {
  return channel <= 0.0031308 ? channel * 12.92 : 1.055 * channel ** (1 / 2.4) - 0.055
}

/** Relative luminance, 0–1 (WCAG 2.2, definition of relative luminance). */
function luminance(hex: Hex): number {
  const [red, green, blue] = parseHex(hex)
  return 0.2126 * toLinear(red) + 0.7152 * toLinear(green) + 0.0722 * toLinear(blue)
}

/** Contrast ratio, 1–21 (WCAG 2.2, definition of contrast ratio). */
export function contrast(one: Hex, other: Hex): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}
