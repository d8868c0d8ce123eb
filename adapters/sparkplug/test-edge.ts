import { payloadType } from './definition.js'

/** A metric as a test writes it; fields as the message definition names them. */
export interface TestMetric {
  readonly name?: string
  readonly alias?: number
  readonly timestamp?: number
  readonly datatype?: number
  readonly is_historical?: boolean
  readonly is_null?: boolean
  readonly properties?: object
  readonly int_value?: number
  readonly long_value?: number | { readonly low: number; readonly high: number; readonly unsigned: boolean }
  readonly float_value?: number
  readonly double_value?: number
  readonly boolean_value?: boolean
  readonly string_value?: string
  readonly template_value?: object
  readonly dataset_value?: object
}

export function encode(payload: {
  readonly timestamp?: number
  readonly seq?: number
  readonly metrics?: readonly TestMetric[]
  readonly uuid?: string
  readonly body?: Uint8Array
}): Buffer {
  return Buffer.from(payloadType.encode(payloadType.fromObject(payload)).finish())
}

export const double = (name: string, double_value: number, more: TestMetric = {}): TestMetric => ({
  name,
  datatype: 10,
  double_value,
  ...more,
})
export const bdSeq = (value: number): TestMetric => ({ name: 'bdSeq', datatype: 4, long_value: value })
