import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { type Config, configSchema, settings } from '../../schema/config.js'
import { EngineError } from '../errors.js'
import { parseFlags } from './flags.js'
import { randomFaultFlags, toldShare } from './random-faults.js'

/** Reads the settings from flags, environment and `--config` file, in that order of precedence. */
export function readSettings(argv: readonly string[], env: NodeJS.ProcessEnv): Config {
  const flags = readFlags(argv)
  const file = flags.config === undefined ? {} : readFile(flags.config)
  const chosen: Record<string, unknown> = { ...file }
  for (const { key, flag, env: variable } of settings) {
    const fromEnv = env[variable]
    if (fromEnv !== undefined && fromEnv !== '') chosen[key] = fromEnv
    if (flags[flag] !== undefined) chosen[key] = flags[flag]
  }
  const result = configSchema.safeParse(chosen)
  if (result.success) return result.data
  const lines = result.error.issues.map(issue => {
    if (issue.code === 'unrecognized_keys') {
      const known = settings.map(({ key }) => key).join(', ')
      return `${flags.config}: there is no setting "${issue.keys.join('", "')}"; there are ${known}`
    }
    const key = String(issue.path[0] ?? '')
    const setting = settings.find(candidate => candidate.key === key)
    const name = setting === undefined ? key : `--${setting.flag} (${setting.env})`
    return `${name}: ${issue.message}${key in chosen ? `; got "${String(chosen[key])}"` : ''}`
  })
  throw new EngineError('bad-usage', `${lines.join('\n')}\nSee \`gemba start --help\`.`)
}

/** The lines of `--help` that describe the settings. */
export function settingsHelp(): string[] {
  const width = Math.max(...settings.map(({ flag }) => flag.length)) + 6
  return settings.map(({ flag, env, description, default: fallback }) => {
    const name = `  --${flag}`.padEnd(width)
    return `${name}${description}${fallback === undefined ? '' : ` (default ${fallback})`}  [${env}]`
  })
}

function readFlags(argv: readonly string[]): Record<string, string | undefined> {
  const options = Object.fromEntries(
    [...settings.map(({ flag }) => flag), 'config'].map(flag => [flag, { type: 'string' as const }]),
  )
  const { 'no-random-faults': isOff, ...told } = parseFlags('start', argv, {
    ...options,
    ...randomFaultFlags,
  }).values as Record<string, string | undefined> & { 'no-random-faults'?: boolean }
  const share = toldShare('start', { ...told, ...(isOff !== undefined && { 'no-random-faults': isOff }) })
  return { ...told, ...(share !== undefined && { 'random-faults': share }) }
}

function readFile(path: string): Record<string, unknown> {
  try {
    const content: unknown = parse(readFileSync(path, 'utf8'))
    if (typeof content === 'object' && content !== null && !Array.isArray(content))
      return content as Record<string, unknown>
  } catch (error) {
    throw new EngineError(
      'bad-usage',
      `The settings file ${path} cannot be read: ${(error as Error).message}`,
      { cause: error },
    )
  }
  throw new EngineError('bad-usage', `The settings file ${path} must hold "key: value" lines.`)
}
