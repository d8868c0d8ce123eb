import { CanvasTexture, LinearFilter, NoColorSpace } from 'three'

const fontFamily = 'Inter, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif'

export interface TextStyle {
  /** CSS pixels. */
  readonly size: number
  readonly weight: 400 | 500 | 600 | 700
  /** Longest line before it is broken in two, CSS pixels; a line that is still longer ends in an ellipsis. */
  readonly wrap: number
  readonly align: 'left' | 'center' | 'right'
}

/** Where a text lies on the atlas, as fractions of it, and its size on the screen in CSS pixels. */
export interface TextPatch {
  readonly u: number
  readonly v: number
  readonly uSize: number
  readonly vSize: number
  readonly width: number
  readonly height: number
}

const side = 2048
const gap = 2
const halo = 2.5
const lineHeight = 1.2

/**
 * Texts drawn once onto one texture: red where the letters are, green where the halo around them is. Equal texts share
 * a patch. When the atlas is full, `add` gives undefined and the text goes undrawn.
 */
export class TextAtlas {
  readonly #canvas = document.createElement('canvas')
  readonly #context: CanvasRenderingContext2D
  readonly #ratio: number
  readonly #patches = new Map<string, TextPatch | undefined>()
  #x = gap
  #y = gap
  #rowHeight = 0

  /** `pixelRatio`: device pixels per CSS pixel. */
  constructor(pixelRatio: number) {
    this.#ratio = Math.min(2, Math.max(1, pixelRatio))
    this.#canvas.width = side
    this.#canvas.height = side
    this.#context = this.#canvas.getContext('2d')!
    this.#context.fillStyle = '#000'
    this.#context.fillRect(0, 0, side, side)
  }

  add(text: string, style: TextStyle): TextPatch | undefined {
    const key = `${style.size}/${style.weight}/${style.align}/${text}`
    if (this.#patches.has(key)) return this.#patches.get(key)
    const patch = this.#draw(text, style)
    this.#patches.set(key, patch)
    return patch
  }

  texture(): CanvasTexture {
    const texture = new CanvasTexture(this.#canvas)
    texture.colorSpace = NoColorSpace
    texture.minFilter = LinearFilter
    texture.magFilter = LinearFilter
    texture.generateMipmaps = false
    texture.flipY = false
    return texture
  }

  #draw(text: string, style: TextStyle): TextPatch | undefined {
    const context = this.#context
    context.font = `${style.weight} ${style.size}px ${fontFamily}`
    const measure = (line: string): number => context.measureText(line).width
    const lines = breakText(text, style.wrap, measure)
    const textWidth = Math.max(...lines.map(measure))
    const width = Math.ceil(textWidth + halo * 2)
    const height = Math.ceil(lines.length * style.size * lineHeight + halo * 2)
    const [pixelWidth, pixelHeight] = [Math.ceil(width * this.#ratio), Math.ceil(height * this.#ratio)]
    if (this.#x + pixelWidth + gap > side) {
      this.#x = gap
      this.#y += this.#rowHeight + gap
      this.#rowHeight = 0
    }
    if (this.#y + pixelHeight + gap > side || pixelWidth + gap * 2 > side) return undefined

    context.save()
    context.setTransform(this.#ratio, 0, 0, this.#ratio, this.#x, this.#y)
    context.textBaseline = 'middle'
    context.textAlign = style.align
    context.lineJoin = 'round'
    context.lineWidth = halo * 2
    const x = style.align === 'left' ? halo : style.align === 'right' ? width - halo : width / 2
    for (const pass of ['halo', 'letters'] as const) {
      for (const [at, line] of lines.entries()) {
        const y = halo + (at + 0.5) * style.size * lineHeight
        if (pass === 'halo') {
          context.strokeStyle = '#0F0'
          context.strokeText(line, x, y)
        } else {
          context.globalCompositeOperation = 'lighter'
          context.fillStyle = '#F00'
          context.fillText(line, x, y)
        }
      }
    }
    context.restore()
    const patch: TextPatch = {
      u: this.#x / side,
      v: this.#y / side,
      uSize: pixelWidth / side,
      vSize: pixelHeight / side,
      width: pixelWidth / this.#ratio,
      height: pixelHeight / this.#ratio,
    }
    this.#x += pixelWidth + gap
    this.#rowHeight = Math.max(this.#rowHeight, pixelHeight)
    return patch
  }
}

/** At most two lines, broken at a space as near to the middle as fits; what is still too long is cut. */
export function breakText(text: string, wrap: number, measure: (line: string) => number): readonly string[] {
  if (measure(text) <= wrap) return [text]
  const words = text.split(' ')
  let best: readonly string[] = [text]
  let narrowest = Number.POSITIVE_INFINITY
  for (let at = 1; at < words.length; at++) {
    const lines = [words.slice(0, at).join(' '), words.slice(at).join(' ')]
    const width = Math.max(...lines.map(measure))
    if (width < narrowest) [best, narrowest] = [lines, width]
  }
  return best.map(line => cut(line, wrap, measure))
}

function cut(line: string, wrap: number, measure: (line: string) => number): string {
  if (measure(line) <= wrap) return line
  let end = line.length
  while (end > 1 && measure(`${line.slice(0, end)}…`) > wrap) end--
  return `${line.slice(0, end).trimEnd()}…`
}
