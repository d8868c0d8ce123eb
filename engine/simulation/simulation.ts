import { SimulationChannel, type SimulationChannelParts } from './channel.js'
import { FaultControl } from './fault-control.js'
import { LinkControl, type LinkControlParts } from './link-control.js'

/** All that people may do to the simulated part of a plant. */
export interface Simulation {
  readonly channel: SimulationChannel
  readonly faults: FaultControl
  readonly links: LinkControl
}

export function createSimulation(
  parts: SimulationChannelParts & Pick<LinkControlParts, 'hidden'>,
): Simulation {
  const { floor, hidden } = parts
  const channel = new SimulationChannel(parts)
  return {
    channel,
    faults: new FaultControl({ floor, channel }),
    links: new LinkControl({ floor, channel, ...(hidden && { hidden }) }),
  }
}
