import { constant } from './distribution.js'
import type { FlowModel, MachineModel } from './model.js'

/** A machine without failures, scrap or PackML's ways: what a test says of it, and nothing else. */
export function testMachine(id: string, given: Partial<MachineModel> = {}): MachineModel {
  return {
    id,
    cycle: constant(1),
    feeds: [],
    buffer: { capacity: 0, initial: 0, transport: 0 },
    blocking: 'after-service',
    failures: [],
    scrap: 0,
    acting: {},
    ...given,
  }
}

/** Machines one after the other, each with `capacity` places before it. */
export function testLine(
  machines: readonly Partial<MachineModel>[],
  capacity: number | readonly number[] = 0,
  rest: Omit<FlowModel, 'machines'> = {},
): FlowModel {
  const placesBefore = (place: number): number =>
    typeof capacity === 'number' ? capacity : (capacity[place - 1] ?? 0)
  return {
    ...rest,
    machines: machines.map((given, place) =>
      testMachine(`m${place}`, {
        feeds: place + 1 < machines.length ? [place + 1] : [],
        buffer: { capacity: placesBefore(place), initial: 0, transport: 0 },
        ...given,
      }),
    ),
  }
}
