import { z } from 'zod'

const portRule = { error: 'a port is a whole number from 0 to 65535' }
const port = z.coerce.number(portRule).int(portRule).min(0, portRule).max(65_535, portRule)
const seedRule = { error: `a seed is a whole number from 0 to ${Number.MAX_SAFE_INTEGER}` }
const everyRule = { error: 'every n-th value is a whole number from 1 to 1000000' }
const intervalRule = { error: 'an interval is a whole number of milliseconds from 100 to 3600000' }
const hoursRule = { error: 'the hours between two backups are a number from 1 to 8760' }
const keepRule = { error: 'the backups that are kept are a whole number from 1 to 1000' }
const shareRule = { error: 'a share is a number from 0 to 0.9' }
/** Share of simulated machines that carry a fault by chance. */
export const faultShare = z.coerce.number(shareRule).min(0, shareRule).max(0.9, shareRule)
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

/** What `gemba start` can be told. Flags over environment over file over these defaults. */
export const configSchema = z.strictObject({
  plant: z.string().min(1).optional().meta({
    description: 'plant file; without one the reference plant runs on the simulator',
    env: 'GEMBA_PLANT',
  }),
  data: z
    .string()
    .min(1)
    .default('gemba-data')
    .meta({ description: 'folder that keeps everything', env: 'GEMBA_DATA' }),
  host: z
    .string()
    .regex(
      /^(127(\.\d{1,3}){3}|::1|localhost)$/,
      'Gemba listens on loopback only: 127.0.0.1, ::1 or localhost',
    )
    .default('127.0.0.1')
    .meta({ description: 'address to listen on; loopback only for now', env: 'GEMBA_HOST' }),
  port: port
    .default(8080)
    .meta({ description: 'port of the viewer, REST and stream; 0 = any free one', env: 'GEMBA_PORT' }),
  seed: z.coerce
    .number(seedRule)
    .int(seedRule)
    .min(0, seedRule)
    .default(1)
    .meta({ description: 'seed of the reference plant and its simulator', env: 'GEMBA_SEED' }),
  randomFaults: faultShare.optional().meta({
    description:
      'share of simulated machines that carry a fault by chance (default: as the plant says, else 0.05); none with --no-random-faults',
    env: 'GEMBA_RANDOM_FAULTS',
  }),
  clickhouseUrl: z
    .url({ protocol: /^https?$/, error: 'the address of a ClickHouse begins with http:// or https://' })
    .optional()
    .meta({ description: 'your own ClickHouse instead of the embedded one', env: 'GEMBA_CLICKHOUSE_URL' }),
  clickhousePort: port.default(0).meta({
    description: 'port of the embedded ClickHouse on loopback; 0 = any free one',
    env: 'GEMBA_CLICKHOUSE_PORT',
  }),
  publishUrl: z
    .string()
    .regex(
      /^(mqtts?|wss?):\/\/[^\s/?#@]+(?:\/\S*)?$/,
      'a broker is written mqtt://host:1883, without user or password',
    )
    .optional()
    .meta({
      description: 'MQTT broker to publish states and values to, retained; without one nothing is published',
      env: 'GEMBA_PUBLISH_URL',
    }),
  publishUser: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'user at that broker', env: 'GEMBA_PUBLISH_USER' }),
  publishPasswordFile: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'file with the password of that user', env: 'GEMBA_PUBLISH_PASSWORD_FILE' }),
  publishIntervalMs: z.coerce
    .number(intervalRule)
    .int(intervalRule)
    .min(100, intervalRule)
    .max(3_600_000, intervalRule)
    .default(1_000)
    .meta({ description: 'how often a topic is published at most, ms', env: 'GEMBA_PUBLISH_INTERVAL_MS' }),
  publishEvery: z.coerce
    .number(everyRule)
    .int(everyRule)
    .min(1, everyRule)
    .max(1_000_000, everyRule)
    .optional()
    .meta({
      description: 'publish each n-th value of a signal as it comes, instead of the newest at each interval',
      env: 'GEMBA_PUBLISH_EVERY',
    }),
  ordersFolder: z.string().min(1).optional().meta({
    description: 'folder that work orders are dropped into as CSV or JSON; see docs/work-orders.md',
    env: 'GEMBA_ORDERS_FOLDER',
  }),
  archive: z.string().min(1).optional().meta({
    description: 'folder that raw telemetry is archived to before it is dropped; see docs/archive.md',
    env: 'GEMBA_ARCHIVE',
  }),
  backups: z.string().min(1).optional().meta({
    description: 'folder that backups are taken into by themselves',
    env: 'GEMBA_BACKUPS',
  }),
  backupHours: z.coerce
    .number(hoursRule)
    .min(1, hoursRule)
    .max(8_760, hoursRule)
    .default(24)
    .meta({ description: 'hours between two backups', env: 'GEMBA_BACKUP_HOURS' }),
  backupKeep: z.coerce
    .number(keepRule)
    .int(keepRule)
    .min(1, keepRule)
    .max(1_000, keepRule)
    .default(7)
    .meta({ description: 'backups that are kept', env: 'GEMBA_BACKUP_KEEP' }),
  logLevel: z
    .enum(levels, { error: `a level is one of ${levels.join(', ')}` })
    .default('info')
    .meta({ description: 'least severe line that is logged', env: 'GEMBA_LOG_LEVEL' }),
})
export type Config = z.infer<typeof configSchema>

/** One setting, for `--help` and for reading it from flags and environment. */
export interface Setting {
  readonly key: keyof Config
  /** `--kebab-case`. */
  readonly flag: string
  readonly env: string
  readonly description: string
  readonly default: string | number | undefined
}

export const settings: readonly Setting[] = Object.entries(configSchema.shape).map(([key, field]) => {
  const { description = '', env = '' } = (field.meta() ?? {}) as { description?: string; env?: string }
  const parsed = field.safeParse(undefined)
  return {
    key: key as keyof Config,
    flag: key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`),
    env,
    description,
    default: parsed.success ? parsed.data : undefined,
  }
})
