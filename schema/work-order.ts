/** An order of the planning system (ERP, MES): to make so many of a part for a customer by a day. */
export interface WorkOrder {
  /** Its number there; runs name it as their `order`. */
  readonly number: string
  /** What is made: the id of a product of the plant, or the planning system's own number. */
  readonly part: string
  readonly description: string
  /** Parts; completed and scrapped are what the planning system says, not what machines counted. */
  readonly ordered: number
  readonly completed: number
  readonly scrapped: number
  /** Per part, and per hour of work, in the currency of the plant file; null = not said. */
  readonly materialCost: number | null
  readonly labourRate: number | null
  readonly customer: string
  /** Unix ms; null = none. */
  readonly due: number | null
  /** In the planning system's own words. */
  readonly status: string
}

/** The fields of an order as files and answers name them, unless the plant file says otherwise. */
export const workOrderFields = [
  'number',
  'part',
  'description',
  'ordered',
  'completed',
  'scrapped',
  'materialCost',
  'labourRate',
  'customer',
  'due',
  'status',
] as const
export type WorkOrderField = (typeof workOrderFields)[number]
