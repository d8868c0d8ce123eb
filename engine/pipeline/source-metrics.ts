import { Counter, Gauge, type Registry } from 'prom-client'
import { sourceStates } from '../../schema/source-state.js'
import type { SourceHealth } from './source-health.js'

/** The figures of the sources for Prometheus, read when somebody asks. */
export function addSourceMetrics(registry: Registry, sources: Iterable<SourceHealth>): void {
  const registers = [registry]
  const all = [...sources]

  const count = (name: string, help: string, read: (health: SourceHealth) => number): void => {
    new Counter({
      name,
      help,
      labelNames: ['source'],
      registers,
      collect() {
        this.reset()
        for (const health of all) this.inc({ source: health.source }, read(health))
      },
    })
  }
  /** What is not known has no line. */
  const gauge = (name: string, help: string, read: (health: SourceHealth) => number | undefined): void => {
    new Gauge({
      name,
      help,
      labelNames: ['source'],
      registers,
      collect() {
        this.reset()
        for (const health of all) {
          const value = read(health)
          if (value !== undefined) this.set({ source: health.source }, value)
        }
      },
    })
  }

  gauge('gemba_source_up', '1 while the source is connected and speaks.', ({ state }) =>
    state === 'connected' ? 1 : 0,
  )
  new Gauge({
    name: 'gemba_source_state',
    help: '1 for the state that the link to the source is in.',
    labelNames: ['source', 'state'],
    registers,
    collect() {
      for (const health of all)
        for (const state of sourceStates)
          this.set({ source: health.source, state }, health.state === state ? 1 : 0)
    },
  })
  new Counter({
    name: 'gemba_source_samples_total',
    help: 'Samples by source: received, and accepted by the spool.',
    labelNames: ['source', 'stage'],
    registers,
    collect() {
      this.reset()
      for (const { source, samples, accepted } of all) {
        this.inc({ source, stage: 'received' }, samples)
        this.inc({ source, stage: 'accepted' }, accepted)
      }
    },
  })
  new Counter({
    name: 'gemba_source_rejects_total',
    help: 'Inputs kept in rejects, by source and rule.',
    labelNames: ['source', 'rule'],
    registers,
    collect() {
      this.reset()
      for (const { source, rejectsByRule } of all)
        for (const [rule, rejects] of rejectsByRule) this.inc({ source, rule }, rejects)
    },
  })
  count('gemba_source_late_total', 'Samples older than the newest of their signal.', ({ late }) => late)
  count(
    'gemba_source_duplicates_total',
    'Samples that repeat the newest of their signal.',
    health => health.duplicates,
  )
  count('gemba_source_bytes_total', 'Bytes received.', ({ bytes }) => bytes)
  count('gemba_source_losses_total', 'Links that stood and were lost.', ({ losses }) => losses)
  count(
    'gemba_source_missed_polls_total',
    'Polls that were due and could not begin.',
    health => health.missedPolls,
  )
  count(
    'gemba_source_unknown_values_total',
    'Values of tags that no signal has.',
    health => health.unknownTags.values,
  )
  gauge('gemba_source_lag_seconds', 'From the time a sample bore to its receipt.', ({ lag }) => seconds(lag))
  gauge(
    'gemba_source_clock_offset_seconds',
    'How much the source’s clock is ahead of ours, less the quickest delay.',
    ({ clockOffset }) => seconds(clockOffset),
  )
}

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000)
