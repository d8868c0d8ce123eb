/** A source's time for a person; what is no time is shown as it is. */
export const timeText = (time: number): string =>
  Number.isFinite(time) && Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time)
