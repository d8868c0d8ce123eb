import type { FaultPatternId } from '../../schema/fault-catalogue.js'
import type { Quantity } from '../../schema/plant.js'

/** A quantity that goes the wrong way: beyond its limits at the top, at the bottom, or at either end. */
export interface Symptom {
  readonly quantity: Quantity
  readonly side: 'high' | 'low' | 'either'
}

/** Which sensors, going wrong together, tell of which fault. */
export interface FaultRule {
  readonly name: string
  readonly pattern: FaultPatternId
  /** All of these must show. */
  readonly needs: readonly Symptom[]
  /** These make it surer where the machine measures them. */
  readonly supports: readonly Symptom[]
}

const high = (quantity: Quantity): Symptom => ({ quantity, side: 'high' })
const low = (quantity: Quantity): Symptom => ({ quantity, side: 'low' })
const either = (quantity: Quantity): Symptom => ({ quantity, side: 'either' })

/** Rules over several sensors. Sensor drift has none: a sensor's own health tells of it. */
export const faultRules: readonly FaultRule[] = [
  {
    name: 'vibration with temperature',
    pattern: 'bearing-failure',
    needs: [high('vibration'), high('temperature')],
    supports: [high('power')],
  },
  {
    name: 'current with temperature',
    pattern: 'motor-overheating',
    needs: [high('current'), high('temperature')],
    supports: [high('load')],
  },
  {
    name: 'overload: current with temperature and vibration',
    pattern: 'motor-overheating',
    needs: [high('current'), high('temperature'), high('vibration')],
    supports: [high('load')],
  },
  {
    name: 'leak: pressure down, flow up',
    pattern: 'hydraulic-leak',
    needs: [low('pressure'), high('flow')],
    supports: [high('temperature')],
  },
  {
    name: 'vibration with current',
    pattern: 'tool-wear',
    needs: [high('vibration'), high('current')],
    supports: [high('force')],
  },
  {
    name: 'weld current with voltage',
    pattern: 'welding-quality',
    needs: [either('current'), either('voltage')],
    supports: [low('force')],
  },
  {
    name: 'air pressure down',
    pattern: 'pneumatic-failure',
    needs: [low('pressure')],
    supports: [high('flow')],
  },
  {
    name: 'coolant warm, flow down',
    pattern: 'coolant-failure',
    needs: [high('temperature'), low('flow')],
    supports: [],
  },
  {
    name: 'position error',
    pattern: 'robot-positioning',
    needs: [high('displacement')],
    supports: [high('current')],
  },
  {
    name: 'supply voltage out of its band',
    pattern: 'electrical-fault',
    needs: [either('voltage')],
    supports: [high('current')],
  },
]
