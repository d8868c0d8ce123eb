import type { FloorStore } from '../state/floor-store.js'
import type { TwinProbe } from '../state/twin-probe.js'
import { formatAge } from './format.js'

/** What the stream and the picture cost, for whoever looks after them. */
export function Diagnostics({ store, probe }: { store: FloorStore; probe: TwinProbe }) {
  store.second.value
  const status = store.status.value
  if (!store.isDiagnosticsShown.value || status === undefined) return null
  const { counts } = status
  const rows: readonly (readonly [name: string, value: string])[] = [
    ['Epoch', String(status.epoch)],
    ['Sequence', status.seqs.join(' ')],
    ['Age', formatAge(store.age())],
    ['Frames', String(counts.frames)],
    ['Received', `${(counts.bytes / 1024).toFixed(0)} KiB`],
    ['Gaps, resyncs', `${counts.gaps}, ${counts.resyncs}`],
    ['Dropped, merged', `${counts.dropped}, ${counts.merged}`],
    ['Reconnects', String(counts.reconnects)],
    ['Draw calls, triangles', `${probe.calls}, ${probe.triangles}`],
    ['Pictures', String(probe.renders)],
    ['Main thread', `${probe.medianCpu.toFixed(1)} ms a picture`],
  ]
  return (
    <section class="diagnostics" aria-label="Diagnostics">
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
