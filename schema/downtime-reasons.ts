import type { Plant } from './plant.js'

/** The first level of why a machine stands; the list is closed, since it decides what the time counts as. */
export const downtimeCategories = [
  'mechanical',
  'electrical',
  'tooling',
  'material',
  'operator',
  'quality-hold',
  'changeover',
  'scheduled',
  'no-demand',
] as const
export type DowntimeCategory = (typeof downtimeCategories)[number]

/** Codes by category: the second level. */
export type DowntimeReasons = Readonly<Record<DowntimeCategory, readonly string[]>>

const shippedReasons: DowntimeReasons = {
  mechanical: ['bearing', 'hydraulic', 'pneumatic', 'spindle'],
  electrical: ['drive', 'sensor', 'wiring', 'power'],
  tooling: ['break', 'wear', 'change'],
  material: ['defect', 'wrong', 'shortage'],
  operator: ['set-up-error', 'programming-error', 'training'],
  'quality-hold': ['dimension', 'surface', 'visual'],
  changeover: ['set-up', 'first-article', 'program'],
  scheduled: ['preventive', 'calibration', 'cleaning'],
  'no-demand': ['no-order', 'scheduling-gap'],
}

/** The plant's reasons: the shipped ones, each category replaced by the file's own where it has one. */
export const downtimeReasonsOf = (plant: Pick<Plant, 'downtimeReasons'>): DowntimeReasons => ({
  ...shippedReasons,
  ...plant.downtimeReasons,
})

/** The category of a reason `category/code` or `category`; undefined where it is none. */
export function categoryOf(reason: string): DowntimeCategory | undefined {
  if (reason === '') return undefined
  const [category] = reason.split('/')
  return downtimeCategories.find(name => name === category)
}

/** Whether the plant knows the reason: a category, or one of its codes as `category/code`. */
export function isReason(reasons: DowntimeReasons, reason: string): boolean {
  const category = categoryOf(reason)
  if (category === undefined) return false
  return reason === category || reasons[category].includes(reason.slice(category.length + 1))
}
