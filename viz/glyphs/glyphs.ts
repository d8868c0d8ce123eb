/**
 * The shapes that say a state without colour, drawn once as SVG paths in a 24 × 24 box. The list, the 2D floor and the
 * atlas of the 3D floor all draw from this table. The order is the atlas cell: append, never reorder.
 */
export const glyphNames = [
  'p1',
  'p2',
  'p3',
  'unknown',
  'blocked',
  'starved',
  'maintenance',
  'setup',
  'idle',
  'off-shift',
] as const
export type GlyphName = (typeof glyphNames)[number]

export interface Glyph {
  /** Filled with the state's fill, outlined with the edge colour. */
  readonly silhouette: string
  /** Drawn on the silhouette with the fill's ink. */
  readonly ink: string
  readonly inkStyle: 'stroke' | 'fill'
}

const disc = 'M12 2a10 10 0 1 1 0 20a10 10 0 1 1 0-20Z'

export const glyphs: Readonly<Record<GlyphName, Glyph>> = {
  p1: { silhouette: 'M2.5 2.5h19v19h-19Z', ink: 'M9.2 8.8L12.6 6.6V17.6', inkStyle: 'stroke' },
  p2: {
    silhouette: 'M12 1.5L23 21.5H1Z',
    ink: 'M9.5 12.4a2.6 2.6 0 1 1 4.6 1.7L9.5 18.6h5.2',
    inkStyle: 'stroke',
  },
  p3: {
    silhouette: 'M12 22.5L1 2.5H23Z',
    ink: 'M9.4 5.6h5L11.6 9.2a2.7 2.7 0 1 1-2.3 4.2',
    inkStyle: 'stroke',
  },
  unknown: {
    silhouette: disc,
    ink: 'M8.7 9.4a3.4 3.4 0 1 1 5.1 3c-1.2.7-1.7 1.2-1.7 2.4M12.05 17.6v.6',
    inkStyle: 'stroke',
  },
  blocked: { silhouette: 'M2.5 3L16 12L2.5 21ZM17.5 3h4.5v18h-4.5Z', ink: '', inkStyle: 'fill' },
  starved: { silhouette: 'M19.5 2.5L4 12L19.5 21.5Z', ink: '', inkStyle: 'fill' },
  maintenance: {
    silhouette: disc,
    ink: 'M7.4 16.6L12.3 11.7M17.4 9.4a3.5 3.5 0 1 1-2.6-2.7',
    inkStyle: 'stroke',
  },
  setup: {
    silhouette: disc,
    ink:
      'M12 8.1a3.9 3.9 0 1 1 0 7.8a3.9 3.9 0 1 1 0-7.8ZM12 5.2v2M12 16.8v2M5.2 12h2M16.8 12h2' +
      'M7.2 7.2l1.4 1.4M15.4 15.4l1.4 1.4M7.2 16.8l1.4-1.4M15.4 8.6l1.4-1.4',
    inkStyle: 'stroke',
  },
  idle: { silhouette: disc, ink: 'M9.4 7.6v8.8M14.6 7.6v8.8', inkStyle: 'stroke' },
  'off-shift': {
    silhouette: disc,
    ink: 'M14.2 5.6a6.8 6.8 0 1 0 4.2 9.6A5.8 5.8 0 0 1 14.2 5.6Z',
    inkStyle: 'fill',
  },
}

/** Width of an ink stroke in the 24 × 24 box. */
export const inkWidth = 2.3

export const glyphCell = (name: GlyphName | undefined): number =>
  name === undefined ? -1 : glyphNames.indexOf(name)
