import { describe } from 'vitest'
import { mutated } from '../proof/mutated.js'
import { regression } from '../proof/regression.js'
import type { SourceTwinEvent } from './source.events.js'
import { sourceMachine as chart } from './source.machine.js'
import { walkSource } from './source.walk.js'

const connect: SourceTwinEvent = { type: 'CONNECT', time: 0 }
const connected: SourceTwinEvent = { type: 'CONNECTED', time: 0 }
const silent: SourceTwinEvent = { type: 'SILENT', reason: 'refused', time: 0 }
const lost: SourceTwinEvent = { type: 'LOST', reason: 'refused', retryAt: 0, time: 0 }

describe('regressions of the source twin', () => {
  regression('a link that stood still counted the tries before', {
    chart,
    broken: mutated(chart, 'connecting on CONNECTED 1: without forgetFailures'),
    walk: chart => walkSource([connect, lost, connect, connected], chart),
  })

  regression('a link that was lost after a silence was not counted as lost', {
    chart,
    broken: mutated(chart, 'degraded on LOST 1: without countLoss'),
    walk: chart => walkSource([connect, connected, silent, lost], chart),
  })

  regression('a source that was stopped still said when it would be tried again', {
    chart,
    broken: mutated(chart, 'waiting on STOP 1: without forgetRetry'),
    walk: chart => walkSource([connect, lost, { type: 'STOP', time: 0 }], chart),
  })
})
