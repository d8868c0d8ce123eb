import { findAdapter } from '../../adapters/list.js'
import { settings } from '../../schema/config.js'
import { countPlant } from '../../schema/count-plant.js'
import type { Plant } from '../../schema/plant.js'
import { formatProblem } from '../../schema/plant-file/problem.js'
import { EngineError } from '../errors.js'
import { silenceAdvice, silenceOf } from '../pipeline/silence.js'
import type { Command, CommandIo } from './command.js'
import { misused, parseFlags } from './flags.js'
import { checkOnline, type OnlineOptions } from './online.js'
import { readPlantFile } from './open-plant.js'

const data = settings.find(({ key }) => key === 'data')!
const usualWait = 10

export const validateCommand: Command = {
  name: 'validate',
  summary: 'check plant files and say what is wrong, where, and how to mend it',
  usage: `Usage: gemba validate <plant.yaml> [more.yaml …] [--online]

Checks each plant file. Prints every problem as file:line:column  path: what is wrong; what to do about it.

  --online          also connect to the sources and say of each tag whether it is found, missing, of the wrong type,
                    or has a value that would be bad (out of its range, a state that its map does not know); it only reads, and what a broker keeps for the engine stays there
  --wait <s>        how long to listen for tags that say nothing (default ${usualWait})
  --data <folder>   ${data.description}: the certificates that are trusted (default ${data.default})  [${data.env}]

Exit code 0 when all are fine, 1 when one has a problem, 2 without a file.`,

  async run(argv, io) {
    try {
      const { files, online } = readArguments(argv, io)
      const isFine: boolean[] = []
      for (const file of files) isFine.push(await check(file, online, io))
      return isFine.every(Boolean) ? 0 : 1
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      io.err(`gemba: ${error.message}`)
      return error.exitCode
    }
  },
}

function readArguments(argv: readonly string[], { env }: CommandIo) {
  const flags = { online: { type: 'boolean' }, wait: { type: 'string' }, data: { type: 'string' } } as const
  const { values, positionals: files } = parseFlags('validate', argv, flags, true)
  if (files.length === 0) throw misused('validate', 'name the plant file to check')
  const wait = Number(values.wait ?? usualWait)
  if (!(wait > 0 && wait <= 3600))
    throw misused('validate', `--wait is "${values.wait}"; it is a number of seconds`)
  const folder = values.data ?? env[data.env] ?? String(data.default)
  const online: OnlineOptions | undefined = values.online
    ? { data: folder, patienceMs: wait * 1000 }
    : undefined
  return { files, online }
}

/** What is no mistake, and yet may surprise. */
function sourceAdvice(plant: Plant): string[] {
  const { sources, sites } = plant
  const lines = sites.flatMap(({ areas }) => areas.flatMap(area => area.lines))
  const signals = lines.flatMap(({ machines }) => machines.flatMap(machine => machine.signals))
  return sources.flatMap(spec => {
    const own = signals.filter(({ source }) => source === spec.id)
    const adapter = findAdapter(spec.adapter)
    if (own.length === 0 || adapter === undefined || spec.enabled === false) return []
    const periods = own.map(({ period }) => period)
    const advice = silenceAdvice(silenceOf(spec, periods, adapter))
    return advice === undefined ? [] : [`source ${spec.id}: ${advice}`]
  })
}

async function check(file: string, online: OnlineOptions | undefined, io: CommandIo): Promise<boolean> {
  try {
    const { plant, problems } = readPlantFile(file)
    if (plant === undefined) {
      for (const problem of problems) io.out(formatProblem(problem))
      io.err(`${file}: ${problems.length} problem${problems.length === 1 ? '' : 's'}`)
      return false
    }
    const { sites, areas, lines, machines, signals } = countPlant(plant)
    io.out(
      `${file}: fine; ${sites} sites, ${areas} areas, ${lines} lines, ${machines} machines, ${signals} signals`,
    )
    for (const advice of sourceAdvice(plant)) io.out(`${file}: warning: ${advice}`)
    return online === undefined || (await checkOnline(plant, online, io))
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    io.err(`gemba: ${error.message}`)
    return false
  }
}
