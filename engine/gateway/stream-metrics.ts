import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What the stream tells Prometheus. */
export interface StreamMetrics {
  readonly clients: Gauge
  readonly frames: Counter<'kind'>
  readonly bytes: Counter
  readonly waiting: Gauge
  readonly resyncs: Counter
  readonly refusals: Counter<'reason'>
  readonly replays: Gauge
  readonly tickSeconds: Histogram
}

export function createStreamMetrics(registry: Registry): StreamMetrics {
  const registers = [registry]
  return {
    clients: new Gauge({ name: 'gemba_stream_clients', help: 'Connected stream clients.', registers }),
    frames: new Counter({
      name: 'gemba_stream_frames_total',
      help: 'Frames sent: shared by clients in step, or a client’s own (snapshots, merged deltas).',
      labelNames: ['kind'],
      registers,
    }),
    bytes: new Counter({ name: 'gemba_stream_bytes_total', help: 'Bytes of frames sent.', registers }),
    waiting: new Gauge({
      name: 'gemba_stream_waiting_bytes',
      help: 'Bytes accepted for clients that their connections have not taken yet.',
      registers,
    }),
    resyncs: new Counter({
      name: 'gemba_stream_resyncs_total',
      help: 'Snapshots that clients asked for after a gap.',
      registers,
    }),
    refusals: new Counter({
      name: 'gemba_stream_refusals_total',
      help: 'Clients the gateway closed, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    replays: new Gauge({
      name: 'gemba_stream_replays',
      help: 'Replays that run or are prepared for stream clients.',
      registers,
    }),
    tickSeconds: new Histogram({
      name: 'gemba_stream_tick_seconds',
      help: 'Time one tick of the stream took.',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
      registers,
    }),
  }
}
