import { Counter, Gauge, Registry } from 'prom-client'
import type { LiveFloor } from './floor/live-floor.js'
import type { Intake } from './pipeline/intake.js'
import { addSourceMetrics } from './pipeline/source-metrics.js'
import type { Copies } from './store/copies.js'
import type { Store } from './store/store.js'

/** The engine's figures for Prometheus, read when somebody asks; nothing here is on the way of a sample. */
export function engineMetrics(
  floor: LiveFloor,
  intake: Intake,
  store: Pick<Store, 'status'>,
  copies: Pick<Copies, 'isFailing' | 'isWaiting' | 'newestBackup'>,
): Registry {
  const registry = new Registry()
  const registers = [registry]
  const count = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  }
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  }

  count('gemba_samples_total', 'Samples taken in.', () => floor.counts.samples)
  count('gemba_samples_late_total', 'Samples older than the newest of their signal.', () => floor.counts.late)
  new Counter({
    name: 'gemba_rejects_total',
    help: 'Inputs kept in rejects with their reason, by the rule that they broke.',
    labelNames: ['rule'],
    registers,
    collect() {
      this.reset()
      for (const [rule, rejected] of floor.rejected) this.inc({ rule }, rejected)
    },
  })
  count('gemba_twin_events_total', 'Samples that moved a sensor twin.', () => floor.counts.classified)
  count('gemba_twin_messages_lost_total', 'Messages given up by crashed twins.', () => floor.twins.lost)
  count(
    'gemba_twin_messages_misaddressed_total',
    'Messages to twins that do not exist.',
    () => floor.twins.misaddressed,
  )
  new Counter({
    name: 'gemba_twin_messages_refused_total',
    help: 'Messages that twins did not take, by reason.',
    labelNames: ['code'],
    registers,
    collect() {
      this.reset()
      for (const [code, refused] of Object.entries(floor.twins.refused)) this.inc({ code }, refused)
    },
  })
  gauge('gemba_twins', 'Twins on the floor.', () => floor.twins.size)
  gauge('gemba_twins_unwell', 'Twins that crashed and are not back.', () => floor.twins.unwell)
  gauge('gemba_intake_blocked', '1 while the spool cannot take anything.', () => (intake.isBlocked ? 1 : 0))
  gauge('gemba_floor_time_seconds', 'Now by the floor’s clock, Unix seconds.', () => floor.clock.now() / 1000)
  count('gemba_store_rows_written_total', 'Rows inserted into ClickHouse.', () => store.status().rowsWritten)
  count('gemba_store_retries_total', 'Inserts that had to be tried again.', () => store.status().retries)
  gauge(
    'gemba_store_spool_bytes',
    'Accepted and not yet in ClickHouse, bytes.',
    () => store.status().spoolBytes,
  )
  gauge(
    'gemba_store_segments_waiting',
    'Spool segments not yet in ClickHouse.',
    () => store.status().segmentsWaiting,
  )
  count(
    'gemba_store_damaged_segments_total',
    'Spool segments set aside because something in them could not be read.',
    () => store.status().damagedSegments,
  )
  gauge(
    'gemba_store_refused_blocks',
    'Blocks that ClickHouse would not have, kept in spool/refused.',
    () => store.status().refusedBlocks,
  )
  gauge('gemba_store_insert_seconds', 'Length of the last insert.', () => store.status().insertMs / 1000)
  count(
    'gemba_store_database_restarts_total',
    'Restarts of the embedded ClickHouse.',
    () => store.status().databaseRestarts,
  )

  gauge('gemba_archive_failing', '1 while raw telemetry cannot be archived.', () =>
    copies.isFailing('archive') ? 1 : 0,
  )
  gauge(
    'gemba_archive_waiting',
    '1 while days that are over wait for what is not yet in the database.',
    () => (copies.isWaiting ? 1 : 0),
  )
  gauge('gemba_backup_failing', '1 while no backup can be taken.', () => (copies.isFailing('backup') ? 1 : 0))
  gauge(
    'gemba_backup_newest_seconds',
    'When the newest backup was begun, Unix seconds; 0: there is none.',
    () => copies.newestBackup / 1000,
  )

  addSourceMetrics(registry, intake.health.values())
  return registry
}
