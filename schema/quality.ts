/** Quality of a value as OPC defines it (OPC UA Part 8, 6.3.2: good, uncertain, bad). */
export const Quality = { good: 0, uncertain: 1, bad: 2 } as const
export type Quality = (typeof Quality)[keyof typeof Quality]
export type QualityName = keyof typeof Quality

/** Names by number, for people and for REST. */
export const qualityNames: readonly QualityName[] = ['good', 'uncertain', 'bad']
