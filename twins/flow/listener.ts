/** Hears what happens, at the time it happens (Unix ms). Read the columns of the flow for the rest. */
export interface FlowListener {
  onState(machine: number, time: number): void
  /** `produced`, and perhaps `rejected`, have gone up. */
  onPart(machine: number, time: number): void
  /** The first machines begin the next order or campaign of a demand. */
  onOrder?(demand: number, time: number): void
  /** It begins or stops to work on a part; before the change of state that this may bring. */
  onWork?(machine: number, time: number): void
}

export const quiet: FlowListener = { onState: () => undefined, onPart: () => undefined }
