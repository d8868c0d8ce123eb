import { BoxGeometry, BufferAttribute, BufferGeometry, EdgesGeometry } from 'three'
import type { Box } from './body-shapes.js'

/** Light on a face by where it looks. Upward faces get the token colour untouched, or its contrast would be fiction. */
const shadeUp = 1
const shadeSouth = 0.74
const shadeSides = 0.58
const shadeNorth = 0.5

/** One geometry of all boxes, with the light of each face in `aShade`. */
export function makeBodyGeometry(boxes: readonly Box[]): BufferGeometry {
  const parts = boxes.map(boxGeometry)
  const vertexCount = parts.reduce((sum, part) => sum + part.getAttribute('position').count, 0)
  const position = new Float32Array(vertexCount * 3)
  const shade = new Float32Array(vertexCount)
  const index: number[] = []
  let at = 0
  for (const part of parts) {
    position.set(part.getAttribute('position').array, at * 3)
    const normal = part.getAttribute('normal')
    for (let i = 0; i < normal.count; i++) shade[at + i] = shadeOf(normal.getY(i), normal.getZ(i))
    for (const corner of part.index!.array) index.push(corner + at)
    at += normal.count
    part.dispose()
  }
  const geometry = new BufferGeometry()
  geometry.setAttribute('position', new BufferAttribute(position, 3))
  geometry.setAttribute('aShade', new BufferAttribute(shade, 1))
  geometry.setIndex(index)
  return geometry
}

/** The edges of all boxes, as pairs of points. */
export function makeEdgePositions(boxes: readonly Box[]): Float32Array {
  const positions: number[] = []
  for (const box of boxes) {
    const solid = boxGeometry(box)
    const edges = new EdgesGeometry(solid)
    positions.push(...edges.getAttribute('position').array)
    solid.dispose()
    edges.dispose()
  }
  return new Float32Array(positions)
}

function boxGeometry([width, height, depth, x, y, z]: Box): BoxGeometry {
  const geometry = new BoxGeometry(width, height, depth)
  geometry.translate(x, y + height / 2, z)
  return geometry
}

function shadeOf(normalY: number, normalZ: number): number {
  if (normalY > 0.5) return shadeUp
  if (normalZ > 0.5) return shadeSouth
  return normalZ < -0.5 ? shadeNorth : shadeSides
}
