import type { SourceState } from '../../schema/source-state.js'
import type { SourceTwinEvent } from './source.events.js'

const standing: readonly SourceState[] = ['connected', 'degraded']

/** The source twin once more in plain code, for the tests to hold the chart against. */
export class SourceModel {
  state: SourceState = 'stopped'
  since = 0
  reason = ''
  retryAt: number | null = null
  losses = 0
  failures = 0

  take(event: SourceTwinEvent): void {
    const next = this.#next(event)
    if (next === undefined) return
    const stood = standing.includes(this.state)
    if (event.type === 'INTERRUPTED' || (event.type === 'LOST' && stood)) this.losses++
    else if (event.type === 'LOST') this.failures++
    if (next === 'connected' || next === 'stopped') this.failures = 0
    this.retryAt = event.type === 'LOST' ? event.retryAt : null
    if ('reason' in event) this.reason = event.reason
    else if (next !== 'connecting') this.reason = ''
    this.state = next
    this.since = event.time
  }

  #next(event: SourceTwinEvent): SourceState | undefined {
    const isOpen = this.state === 'connecting' || standing.includes(this.state)
    switch (event.type) {
      case 'CONNECT':
        return isOpen ? undefined : 'connecting'
      case 'CONNECTED':
        return this.state === 'connecting' ? 'connected' : undefined
      case 'INTERRUPTED':
        return standing.includes(this.state) ? 'connecting' : undefined
      case 'HEARD':
        return this.state === 'degraded' ? 'connected' : undefined
      case 'SILENT':
        return this.state === 'connected' ? 'degraded' : undefined
      case 'LOST':
        return isOpen ? 'waiting' : undefined
      case 'ENDED':
        return isOpen ? 'ended' : undefined
      case 'STOP':
        return this.state === 'stopped' ? undefined : 'stopped'
    }
  }
}
