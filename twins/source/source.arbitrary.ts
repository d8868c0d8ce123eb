import fc from 'fast-check'
import type { SourceTwinEvent } from './source.events.js'

const time = fc.nat(1000)
const reason = fc.constantFrom('refused', 'silent')
const reasoned = ['SILENT' as const, 'INTERRUPTED' as const]
const plain = fc.constantFrom('CONNECT' as const, 'CONNECTED' as const, 'HEARD' as const, 'ENDED' as const)
/** Whatever a link may go through; a floor's clock may go back. */
export const anyEvents: fc.Arbitrary<SourceTwinEvent[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: plain, time }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constantFrom(...reasoned), reason, time }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('LOST' as const), reason, retryAt: time, time }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('STOP' as const), time }) },
  ),
  { maxLength: 60 },
)
