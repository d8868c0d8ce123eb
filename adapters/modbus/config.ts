import { z } from 'zod'
import { tlsOptions } from '../../schema/tls.js'
import { orders } from './tag.js'

/** How the plant file describes a Modbus TCP device, or a gateway with several devices behind it. */
export const modbusOptions = z.strictObject({
  host: z.string().min(1),
  /** 502 is Modbus TCP's; Modbus Security (TLS) has 802. */
  port: z.int().min(1).max(65_535).default(502),
  /** Unit identifier of the device; a tag may name another. */
  unit: z.int().min(0).max(255).default(1),
  /** Order of the bytes of values wider than one register; a tag may name another. */
  order: z.enum(orders).default('ABCD'),
  /** How often signals are read that have no period of their own, ms. */
  pollMs: z.int().min(10).max(86_400_000).default(1_000),
  /** How long an answer may take, ms, and after how many without one in a row the link counts as lost. */
  timeoutMs: z.int().min(10).max(60_000).default(1_000),
  timeouts: z.int().min(1).max(100).default(3),
  connectTimeoutMs: z.int().min(100).max(600_000).default(5_000),
  /** Most registers and coils in one request; the protocol allows 125 and 2,000, some devices fewer. */
  maxRegisters: z.int().min(4).max(125).default(125),
  maxCoils: z.int().min(1).max(2_000).default(2_000),
  /** Registers (or coils, 16 for each) that nobody wants and that are read rather than asked around. */
  maxGap: z.int().min(0).max(125).default(8),
  tls: tlsOptions.optional(),
})

export type ModbusOptions = z.infer<typeof modbusOptions>
