import { type ParseArgsConfig, parseArgs } from 'node:util'
import { nearest } from '../../schema/plant-file/nearest.js'
import { EngineError } from '../errors.js'

type Options = NonNullable<ParseArgsConfig['options']>
type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T; allowPositionals: boolean }>
>

/** What a verb was told wrongly, in one line with where to read more. */
export function misused(verb: string, what: string, cause?: unknown): EngineError {
  return new EngineError('bad-usage', `${verb}: ${what}. See gemba ${verb} --help.`, { cause })
}

/**
 * The options and, where the verb takes any, the other arguments of a command line. Throws EngineError 'bad-usage' for
 * an option that there is not, with the one that was probably meant, or one without its value.
 */
export function parseFlags<const T extends Options>(
  verb: string,
  argv: readonly string[],
  options: T,
  allowPositionals = false,
): Parsed<T> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals })
  } catch (cause) {
    throw misused(verb, faultOf(cause as NodeJS.ErrnoException, Object.keys(options)), cause)
  }
}

function faultOf({ code, message }: NodeJS.ErrnoException, flags: readonly string[]): string {
  const named = /'(-*[^' ]*)/.exec(message)?.[1] ?? ''
  switch (code) {
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION': {
      const meant = nearest(named.replace(/^-+/, ''), flags)
      return `there is no option ${named}${meant === undefined ? '' : ` (but --${meant})`}`
    }
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
      return /does not take/.test(message)
        ? `${named} takes no value`
        : `${named} needs a value, as in ${named}=…`
    case 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL':
      return `"${named}" is one argument too many`
    default:
      return message
  }
}
