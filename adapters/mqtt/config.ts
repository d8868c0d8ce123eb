import { z } from 'zod'
import { jsonPathText, parseJsonPath } from '../../schema/json-path.js'
import { secret } from '../../schema/secret.js'
import { tlsOptions } from '../../schema/tls.js'
import { namesIn, topicPattern } from './topic-pattern.js'

export const jsonPath = jsonPathText.transform(text => parseJsonPath(text) ?? [])

/** How a value found in a message becomes the signal's: `value * scale + offset`, then from `unit` to the signal's. */
export const arithmetic = {
  scale: z
    .number()
    .refine(scale => scale !== 0, { error: 'a scale of 0 would make every value the same' })
    .default(1),
  offset: z.number().default(0),
  /** The unit the source speaks in, where it is not the signal's. */
  unit: z.string().min(1).optional(),
}

/** Where in a message to look; what is not said has the format's usual names. */
const places = {
  value: jsonPath.optional(),
  time: jsonPath.optional(),
  quality: jsonPath.optional(),
  unitAt: jsonPath.optional(),
}

/** One of several values of a message: where it is, and what makes it the signal's. A path alone will do. */
export const valueEntry = z.preprocess(
  given => (typeof given === 'string' ? { value: given } : given),
  z.strictObject({ ...places, value: jsonPath, ...arithmetic }),
)

const topicEntry = z
  .strictObject({
    topic: z.string().superRefine((text, context) => {
      try {
        topicPattern(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as RangeError).message })
      }
    }),
    /**
     * `value`: a topic is a tag, its message a bare value or an object with one. `kepware`: the KEPServerEX IoT
     * Gateway's messages, many tags each. `uns`: a topic of a unified namespace, one value or several named ones.
     */
    format: z.enum(['value', 'kepware', 'uns']).default('value'),
    /** What a tag is made of: the names in the topic, `{topic}`, and with `values` also `{value}`. */
    tag: z.string().min(1).optional(),
    ...places,
    /** Unit of a number as time. */
    timeUnit: z.enum(['s', 'ms', 'us', 'ns']).default('ms'),
    /** What a number as quality is: OPC DA (192 = good) or an OPC UA StatusCode (0 = good). */
    qualityCodes: z.enum(['opc-da', 'opc-ua']).default('opc-da'),
    ...arithmetic,
    /** Whether the end of a tag's name may be its unit (`spindle_vibration_mms`). */
    unitInName: z.boolean().optional(),
    /** Several values in one message, by the name that the tag has them by. */
    values: z.record(z.string().min(1), valueEntry).optional(),
    qos: z.union([z.literal(0), z.literal(1)]).optional(),
  })
  .superRefine((entry, context) => {
    const known = ['topic', ...(entry.values ? ['value'] : []), ...namesOf(entry.topic)]
    for (const name of namesIn(entry.tag ?? '')) {
      if (!known.includes(name)) {
        const message = `{${name}} stands for nothing; there is ${known.map(each => `{${each}}`).join(', ')}`
        context.addIssue({ code: 'custom', path: ['tag'], message })
      }
    }
    if (entry.values !== undefined && entry.value !== undefined) {
      context.addIssue({ code: 'custom', path: ['value'], message: 'each of values has its own value' })
    }
  })

function namesOf(topic: string): readonly string[] {
  try {
    return topicPattern(topic).names
  } catch {
    return []
  }
}

/** The address of a broker. */
export const brokerUrl = z.string().regex(/^(mqtts?|wss?):\/\/[^\s/?#@]+(?:\/\S*)?$/, {
  error:
    'write mqtt://host:1883, mqtts://host:8883, ws://host/path or wss://host/path, without user or password',
})

/** How the plant file describes an MQTT source. */
export const mqttOptions = z
  .strictObject({
    url: brokerUrl,
    protocol: z.enum(['3.1.1', '5']).default('5'),
    /** Who we are to the broker; `gemba-`, the name of the installation and the source's id unless said. */
    clientId: z.string().min(1).max(128).optional(),
    user: z.string().min(1).optional(),
    password: secret.optional(),
    tls: tlsOptions.optional(),
    topics: z.array(topicEntry).min(1, { error: 'add at least one topic to listen to' }),
    /** Delivery of all topics that do not say their own: 1 = nothing is lost, 0 = at most once. */
    qos: z.union([z.literal(0), z.literal(1)]).default(1),
    /** How long the broker keeps what comes while we are away, s; 0 = nothing. Always, where 3.1.1 and not 0. */
    sessionExpiry: z.int().min(0).max(0xffffffff).default(3600),
    /** Name of the group of engines that share the messages among them. */
    share: z
      .string()
      .regex(/^[^/+#]+$/, { error: 'a name without /, + and #' })
      .optional(),
    /** Most messages of QoS 1 that may be on their way here (5 only; the broker has a limit of its own). */
    receiveMaximum: z.int().min(1).max(65_535).default(2_000),
    keepAlive: z.int().min(1).max(65_535).default(30),
    connectTimeoutMs: z.int().min(100).max(600_000).default(10_000),
    /** Longest message taken, bytes. */
    maxPayload: z
      .int()
      .min(64)
      .max(268_435_455)
      .default(1024 * 1024),
  })
  .superRefine((options, context) => {
    if (options.password !== undefined && options.user === undefined) {
      context.addIssue({ code: 'custom', path: ['user'], message: 'a password needs a user' })
    }
    if (options.tls !== undefined && !/^(mqtts|wss):/.test(options.url)) {
      context.addIssue({ code: 'custom', path: ['url'], message: 'tls needs a url with mqtts:// or wss://' })
    }
  })

export type MqttOptions = z.infer<typeof mqttOptions>
export type TopicEntry = MqttOptions['topics'][number]
