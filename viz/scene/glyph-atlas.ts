import { CanvasTexture, LinearFilter, LinearMipmapLinearFilter, NoColorSpace } from 'three'
import { glyphNames, glyphs, inkWidth } from '../glyphs/glyphs.js'

/** Cells a side; a cell's number counts from the top left. */
export const atlasSide = 8
const cellPixels = 128
/** Part of a cell that the 24 × 24 box fills; the rest keeps neighbours apart under minification. */
const filled = 0.8

/**
 * All glyphs on one texture of 1024 × 1024, as masks: red where the silhouette is, green where its outline is, blue
 * where the ink is. The colours come from the theme, so that a change of theme draws nothing anew.
 */
export function makeGlyphAtlas(): CanvasTexture {
  const canvas = document.createElement('canvas')
  canvas.width = atlasSide * cellPixels
  canvas.height = atlasSide * cellPixels
  const context = canvas.getContext('2d')!
  context.fillStyle = '#000'
  context.fillRect(0, 0, canvas.width, canvas.height)
  const scale = (cellPixels * filled) / 24
  const inset = (cellPixels * (1 - filled)) / 2
  for (const [cell, name] of glyphNames.entries()) {
    const { silhouette, ink, inkStyle } = glyphs[name]
    const left = (cell % atlasSide) * cellPixels + inset
    const top = Math.floor(cell / atlasSide) * cellPixels + inset
    context.setTransform(scale, 0, 0, scale, left, top)
    context.lineJoin = 'round'
    context.lineCap = 'round'
    context.fillStyle = '#F00'
    context.fill(new Path2D(silhouette))
    context.strokeStyle = '#0F0'
    context.lineWidth = 2
    context.stroke(new Path2D(silhouette))
    if (ink === '') continue
    context.fillStyle = '#00F'
    context.strokeStyle = '#00F'
    context.lineWidth = inkWidth
    if (inkStyle === 'fill') context.fill(new Path2D(ink))
    else context.stroke(new Path2D(ink))
  }
  const texture = new CanvasTexture(canvas)
  texture.colorSpace = NoColorSpace
  texture.minFilter = LinearMipmapLinearFilter
  texture.magFilter = LinearFilter
  texture.flipY = false
  return texture
}
