/**
 * What a simulated line makes, from when to when: told when it begins, and again when it is over. A real line says it
 * through the desk or its planning system.
 */
export interface LineRun {
  readonly line: string
  /** Source time, Unix ms; `end` 0: it goes on. */
  readonly start: number
  readonly end: number
  readonly product: string
  /** Empty: made without an order. */
  readonly order: string
  /** Parts to make; 0: without an order nobody says. */
  readonly target: number
}
