import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Trend } from '../plant/trend.js'

const width = 84
const height = 26

interface SparklineProps {
  readonly trend: Trend
  readonly signal: number
  /** Redraws when it changes. */
  readonly version: number
  /** Redraws when it changes: colours come from the page. */
  readonly theme: string
}

/** The last minutes of a signal, scaled to what it did in them; a gap where nothing was known. */
export function Sparkline({ trend, signal, version, theme }: SparklineProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  // The version and the theme only say when to draw anew.
  useLayoutEffect(() => {
    if (canvas.current !== null) draw(canvas.current, trend, signal)
  }, [trend, signal, version, theme])
  return (
    <span class="sparkline" aria-hidden="true">
      <canvas ref={canvas} style={{ width, height }} />
    </span>
  )
}

function draw(canvas: HTMLCanvasElement, trend: Trend, signal: number): void {
  const ratio = Math.min(2, devicePixelRatio)
  canvas.width = width * ratio
  canvas.height = height * ratio
  const context = canvas.getContext('2d')
  if (context === null) return
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let back = 0; back < trend.filled; back++) {
    const value = trend.at(signal, back)
    if (value < least) least = value
    if (value > most) most = value
  }
  if (least > most) return
  const span = most - least || 1
  const step = width / Math.max(60, trend.filled)
  context.scale(ratio, ratio)
  context.strokeStyle = getComputedStyle(canvas).color
  context.lineWidth = 1.25
  context.lineJoin = 'round'
  context.beginPath()
  let isDown = false
  for (let back = 0; back < trend.filled; back++) {
    const value = trend.at(signal, back)
    if (Number.isNaN(value)) {
      isDown = false
      continue
    }
    const x = width - 1 - back * step
    const y = most === least ? height / 2 : 2 + (1 - (value - least) / span) * (height - 4)
    if (isDown) context.lineTo(x, y)
    else context.moveTo(x, y)
    isDown = true
  }
  context.stroke()
}
