import { join } from 'node:path'
import { type OpcuaOptions, opcuaOptions } from '../../adapters/opcua/config.js'
import type { Secret } from '../../schema/secret.js'
import { misused } from './flags.js'

/** How a verb is told to reach an OPC UA server, the same for all that do. */
export const serverFlags = {
  security: { type: 'string' },
  mode: { type: 'string' },
  user: { type: 'string' },
  'password-env': { type: 'string' },
  'password-file': { type: 'string' },
  'user-certificate': { type: 'string' },
  'user-key-env': { type: 'string' },
  'user-key-file': { type: 'string' },
  timeout: { type: 'string' },
  data: { type: 'string' },
} as const

export const serverHelp = `  --security <policy>    Basic256Sha256, Aes128_Sha256_RsaOaep or Aes256_Sha256_RsaPss (default None)
  --mode <mode>          Sign or SignAndEncrypt (default SignAndEncrypt, with a policy)
  --user <name>          with --password-env <variable> or --password-file <path>
  --user-certificate <path>
                         with --user-key-env <variable> or --user-key-file <path>
  --timeout <ms>         how long to wait for an answer (default 5000)
  --data <folder>        data folder, where keys and trusted certificates are kept (default gemba-data)  [GEMBA_DATA]`

export interface ReachedServer {
  readonly options: OpcuaOptions
  /** What the plant file would say of it. */
  readonly entry: Readonly<Record<string, unknown>>
  /** The adapter's own folder. */
  readonly folder: string
}

/** Throws EngineError 'bad-usage'. */
export function readServer(
  verb: string,
  endpoint: string,
  values: Readonly<Partial<Record<keyof typeof serverFlags, string>>>,
  env: NodeJS.ProcessEnv,
): ReachedServer {
  const password = secretOf(values['password-env'], values['password-file'])
  const key = secretOf(values['user-key-env'], values['user-key-file'])
  const file = values['user-certificate']
  if ((values.user === undefined) !== (password === undefined))
    throw misused(verb, '--user goes with --password-env or --password-file')
  if ((file === undefined) !== (key === undefined))
    throw misused(verb, '--user-certificate goes with --user-key-env or --user-key-file')
  const entry = {
    endpoint,
    ...(values.security !== undefined && { security: values.security }),
    ...(values.mode !== undefined && { mode: values.mode }),
    ...(password !== undefined && { user: { name: values.user, password } }),
    ...(key !== undefined && { userCertificate: { file, key } }),
    ...(values.timeout !== undefined && { timeoutMs: Number(values.timeout) }),
  }
  const parsed = opcuaOptions.safeParse(entry)
  const folder = join(values.data ?? env.GEMBA_DATA ?? 'gemba-data', 'opcua')
  if (parsed.success) return { options: parsed.data, entry, folder }
  const [issue] = parsed.error.issues
  throw misused(verb, `${String(issue?.path[0] ?? '')}: ${issue?.message ?? ''}`)
}

function secretOf(env: string | undefined, file: string | undefined): Secret | undefined {
  if (env !== undefined) return { env }
  return file === undefined ? undefined : { file }
}

export function wholeNumber(verb: string, name: string, text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw misused(verb, `--${name} ${text} is not a number from 1`)
}
