import type { AdapterDefinition } from './contract.js'
import { http } from './http/adapter.js'
import { modbus } from './modbus/adapter.js'
import { mqtt } from './mqtt/adapter.js'
import { mtconnect } from './mtconnect/adapter.js'
import { mtconnectAgent } from './mtconnect-agent/adapter.js'
import { opcua } from './opcua/adapter.js'
import { push } from './push/adapter.js'
import { replay } from './replay/adapter.js'
import { simulator } from './simulator/adapter.js'
import { sparkplug } from './sparkplug/adapter.js'

/** Every adapter there is. `gemba adapters`, `gemba validate` and the engine know them from here. */
export const adapterDefinitions: readonly AdapterDefinition[] = [
  simulator,
  mtconnect,
  mtconnectAgent,
  opcua,
  mqtt,
  modbus,
  sparkplug,
  push,
  replay,
  http,
]

export function findAdapter(kind: string): AdapterDefinition | undefined {
  return adapterDefinitions.find(definition => definition.kind === kind)
}
