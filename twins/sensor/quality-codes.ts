import { Quality } from '../../schema/quality.js'

/** One row of the mapping from OPC DA quality to OPC UA StatusCode (OPC 10000-8, A.3.2.3 and A.4.3.3). */
interface QualityCode {
  /** Low byte QQSSSSLL with the limit bits (LL) zero. */
  readonly da: number
  readonly name: string
  readonly statusName: string
  /** 32-bit StatusCode (OPC 10000-6, Annex A). */
  readonly statusCode: number
}

const qualityCodes: readonly QualityCode[] = [
  { da: 0, name: 'bad, non-specific', statusName: 'Bad', statusCode: 0x80000000 },
  { da: 4, name: 'configuration error', statusName: 'Bad_ConfigurationError', statusCode: 0x80890000 },
  { da: 8, name: 'not connected', statusName: 'Bad_NotConnected', statusCode: 0x808a0000 },
  { da: 12, name: 'device failure', statusName: 'Bad_DeviceFailure', statusCode: 0x808b0000 },
  { da: 16, name: 'sensor failure', statusName: 'Bad_SensorFailure', statusCode: 0x808c0000 },
  { da: 20, name: 'last known value', statusName: 'Bad_OutOfService', statusCode: 0x808d0000 },
  { da: 24, name: 'communication failure', statusName: 'Bad_NoCommunication', statusCode: 0x80310000 },
  { da: 28, name: 'out of service', statusName: 'Bad_OutOfService', statusCode: 0x808d0000 },
  {
    da: 32,
    name: 'waiting for initial data',
    statusName: 'Bad_WaitingForInitialData',
    statusCode: 0x80320000,
  },
  { da: 64, name: 'uncertain, non-specific', statusName: 'Uncertain', statusCode: 0x40000000 },
  { da: 68, name: 'last usable value', statusName: 'Uncertain_LastUsableValue', statusCode: 0x40900000 },
  { da: 80, name: 'sensor not accurate', statusName: 'Uncertain_SensorNotAccurate', statusCode: 0x40930000 },
  {
    da: 84,
    name: 'engineering units exceeded',
    statusName: 'Uncertain_EngineeringUnitsExceeded',
    statusCode: 0x40940000,
  },
  { da: 88, name: 'sub-normal', statusName: 'Uncertain_SubNormal', statusCode: 0x40950000 },
  { da: 192, name: 'good', statusName: 'Good', statusCode: 0x00000000 },
  { da: 216, name: 'local override', statusName: 'Good_LocalOverride', statusCode: 0x00960000 },
]

/** The limit bits LL of an OPC DA quality: what the value ran into. */
const limitings = ['not limited', 'low limited', 'high limited', 'constant'] as const
export type Limiting = (typeof limitings)[number]

/**
 * Quality of an OPC DA quality code: bits QQ of the low byte; the high byte is the vendor's. QQ = 10 is reserved and
 * counts as bad, because a source that sends it means something that nobody can know.
 */
export function qualityOfDa(code: number): Quality {
  switch ((code >>> 6) & 3) {
    case 3:
      return Quality.good
    case 1:
      return Quality.uncertain
    default:
      return Quality.bad
  }
}

export const limitingOfDa = (code: number): Limiting => limitings[code & 3]!

/** What an OPC DA quality code says in words; a substatus that the table does not know says its class only. */
export function describeDa(code: number): string {
  const withoutLimits = code & 0xfc
  const row =
    qualityCodes.find(({ da }) => da === withoutLimits) ?? qualityCodes.find(({ da }) => da === (code & 0xc0))
  return row?.name ?? 'bad, reserved'
}

/** Quality of an OPC UA StatusCode: its top two bits, the severity (OPC 10000-4, StatusCode); 11 is reserved: bad. */
export function qualityOfStatusCode(code: number): Quality {
  switch (code >>> 30) {
    case 0:
      return Quality.good
    case 1:
      return Quality.uncertain
    default:
      return Quality.bad
  }
}

/** Bits 8–9 of a StatusCode, valid where its InfoType (bit 10) says that the code is of a data value. */
export function limitingOfStatusCode(code: number): Limiting {
  const isDataValue = ((code >>> 10) & 1) === 1
  return isDataValue ? limitings[(code >>> 8) & 3]! : 'not limited'
}

/** The StatusCode of an OPC DA quality code; one that the table does not know becomes its class's own. */
export function statusCodeOfDa(code: number): number {
  const withoutLimits = code & 0xfc
  const row = qualityCodes.find(({ da }) => da === withoutLimits)
  const base = row?.statusCode ?? [0x00000000, 0x40000000, 0x80000000][qualityOfDa(code)]!
  const limits = code & 3
  return limits === 0 ? base : (base | (1 << 10) | (limits << 8)) >>> 0
}
