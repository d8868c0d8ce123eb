/** Faults of the link between machines and us, and of the data on it. */
export const linkFaultKinds = [
  'bad-quality',
  'frozen',
  'dropout',
  'duplicate',
  'late',
  'clock-jump',
  'wrong-unit',
  'server-restart',
  'missing',
  'text',
  'outlier',
  'negative',
] as const
export type LinkFaultKind = (typeof linkFaultKinds)[number]

/** What each does, for people. */
export const linkFaultMeaning: Readonly<Record<LinkFaultKind, string>> = {
  'bad-quality': 'samples come with bad quality',
  frozen: 'samples repeat the value from before, with new times',
  dropout: 'samples do not come',
  duplicate: 'samples come twice',
  late: 'samples come after others that are younger',
  'clock-jump': 'the source’s clock is off: samples bear another time',
  'wrong-unit': 'values are told in another unit of their quantity, under the name of the usual one',
  'server-restart': 'the link is gone for a while, what happens meanwhile is lost, counters begin at 0',
  missing: 'a sample comes without a value',
  text: 'a number comes as a text that is none',
  outlier: 'a value is ten times what it should be',
  negative: 'a value has the wrong sign',
}

/** Faults of single values come now and then, those of the link always. */
export const usualShare: Readonly<Record<LinkFaultKind, number>> = {
  'bad-quality': 1,
  frozen: 1,
  dropout: 1,
  duplicate: 1,
  late: 1,
  'clock-jump': 1,
  'wrong-unit': 1,
  'server-restart': 1,
  missing: 0.01,
  text: 0.01,
  outlier: 0.01,
  negative: 0.01,
}

export interface LinkFault {
  /** Unique among the faults of all links. */
  readonly id: string
  readonly kind: LinkFaultKind
  /** Share of the samples that it meets, above 0 to 1. */
  readonly share: number
  /** Unix ms by the floor's clock. */
  readonly start: number
  /** From its start until it is over by itself, ms; null = never. */
  readonly clearAfter: number | null
  /** Ids of the signals that it meets; empty = all of the source. */
  readonly signals: readonly string[]
  /** How late, or how far the clock is off (negative: behind), ms. */
  readonly shift: number
}
