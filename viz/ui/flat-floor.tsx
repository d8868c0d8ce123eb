import { useMemo } from 'preact/hooks'
import { layFloor } from '../layout/floor-plan.js'
import { footprints } from '../layout/footprints.js'
import { lookNumber, looks } from '../looks/looks.js'
import type { FloorStore, OpenPlant } from '../state/floor-store.js'
import { GlyphPaths } from './glyph-icon.js'

interface FlatFloorProps {
  readonly store: FloorStore
  readonly open: OpenPlant
  /** Why there is no 3D picture. */
  readonly reason: string
}

/** The floor from above as a drawing: the same places, glyphs and colours where the browser has no WebGL. */
export function FlatFloor({ store, open, reason }: FlatFloorProps) {
  const plan = useMemo(() => layFloor(open.plant.manifest), [open])
  store.looksVersion.value
  const { bounds } = plan
  const isLost = store.freshness.value === 'lost'
  return (
    <section class="floor flat" aria-label="Floor">
      <p class="flat-note" role="status">
        Drawn from above: this browser gives no 3D picture ({reason}). Everything else works as usual.
      </p>
      <svg
        viewBox={`${bounds.west - 2} ${bounds.north - 2} ${bounds.east - bounds.west + 4} ${bounds.south - bounds.north + 4}`}
        role="img"
        aria-label={`Plan of the floor, ${plan.machines.length} machines; use the machine list for details`}
      >
        {plan.sites.map(site => (
          <g key={site.id}>
            <rect
              x={site.west}
              y={site.north}
              width={site.east - site.west}
              height={site.south - site.north}
              class="flat-site"
            />
            <text x={site.west + 2} y={site.north + 3.4} class="flat-site-name">
              {site.name}
            </text>
          </g>
        ))}
        {plan.lanes.map(lane => (
          <g key={lane.id}>
            <rect
              x={lane.west}
              y={lane.north}
              width={lane.east - lane.west}
              height={lane.south - lane.north}
              class="flat-lane"
            />
            <text x={lane.west - 1} y={(lane.north + lane.south) / 2} class="flat-lane-name">
              {lane.name}
            </text>
          </g>
        ))}
        {plan.flows.map(flow => (
          <line
            key={`${flow.fromX}/${flow.fromZ}`}
            x1={flow.fromX}
            y1={flow.fromZ}
            x2={flow.toX}
            y2={flow.toZ}
            class="flat-flow"
          />
        ))}
        {plan.machines.map(({ machine, x, z }) => {
          const look = looks[isLost ? lookNumber.unknown : open.live.look[machine.index]!]!
          const { width, depth } = footprints[machine.archetype]
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions: the machine list is the keyboard's way to the same place
            <g
              key={machine.index}
              class="flat-machine"
              transform={`translate(${x} ${z})`}
              data-machine={machine.id}
              data-look={look.name}
              data-selected={store.selected.value === machine.index}
              onClick={() => store.select(machine.index)}
            >
              <title>
                {machine.name}: {look.word}
              </title>
              <rect
                x={-width / 2}
                y={-depth / 2}
                width={width}
                height={depth}
                fill={`var(--fill-${look.fill})`}
              />
              {look.glyph !== undefined && (
                <g transform="scale(0.1) translate(-12 -12)">
                  <GlyphPaths name={look.glyph} fill={look.fill} />
                </g>
              )}
            </g>
          )
        })}
      </svg>
    </section>
  )
}
