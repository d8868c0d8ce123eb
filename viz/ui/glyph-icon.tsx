import { type GlyphName, glyphs, inkWidth } from '../glyphs/glyphs.js'
import type { Look } from '../looks/looks.js'

/** The glyph of a look as on the floor; running has a plain dot, so that columns stay aligned. */
export function LookIcon({ look, size = 18 }: { look: Look; size?: number }) {
  if (look.glyph === undefined) {
    return (
      <svg class="glyph" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
        <circle
          cx="12"
          cy="12"
          r="5.5"
          fill={`var(--fill-${look.fill})`}
          stroke="var(--edge)"
          stroke-width="1.5"
        />
      </svg>
    )
  }
  return (
    <svg class="glyph" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <GlyphPaths name={look.glyph} fill={look.fill} />
    </svg>
  )
}

/** The paths alone, for use inside another drawing. */
export function GlyphPaths({ name, fill }: { name: GlyphName; fill: Look['fill'] }) {
  const { silhouette, ink, inkStyle } = glyphs[name]
  return (
    <>
      <path
        d={silhouette}
        fill={`var(--fill-${fill})`}
        stroke="var(--edge)"
        stroke-width="1.8"
        stroke-linejoin="round"
      />
      {ink !== '' && (
        <path
          d={ink}
          fill={inkStyle === 'fill' ? `var(--ink-${fill})` : 'none'}
          stroke={inkStyle === 'stroke' ? `var(--ink-${fill})` : 'none'}
          stroke-width={inkWidth}
          stroke-linecap="round"
          stroke-linejoin="round"
        />
      )}
    </>
  )
}
