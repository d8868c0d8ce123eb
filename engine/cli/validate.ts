import { countPlant } from '../../schema/count-plant.js'
import { formatProblem } from '../../schema/plant-file/problem.js'
import { EngineError } from '../errors.js'
import type { Command } from './command.js'
import { readPlantFile } from './open-plant.js'

export const validateCommand: Command = {
  name: 'validate',
  summary: 'check plant files and say what is wrong, where, and how to mend it',
  usage: `Usage: gemba validate <plant.yaml> [more.yaml …]

Checks each plant file. Prints every problem as file:line:column  path: what is wrong; what to do about it.
Exit code 0 when all are fine, 1 when one has a problem, 2 without a file.`,

  async run(files, io) {
    const flag = files.find(file => file.startsWith('-'))
    if (files.length === 0 || flag !== undefined) {
      const what = flag === undefined ? 'name the plant file to check' : `validate has no option ${flag}`
      io.err(`gemba: ${what}.\n\n${validateCommand.usage}`)
      return 2
    }
    let isFine = true
    for (const file of files) {
      try {
        const { plant, problems } = readPlantFile(file)
        if (plant === undefined) {
          isFine = false
          for (const problem of problems) io.out(formatProblem(problem))
          io.err(`${file}: ${problems.length} problem${problems.length === 1 ? '' : 's'}`)
        } else {
          const { sites, areas, lines, machines, signals } = countPlant(plant)
          io.out(
            `${file}: fine; ${sites} sites, ${areas} areas, ${lines} lines, ${machines} machines, ${signals} signals`,
          )
        }
      } catch (error) {
        if (!(error instanceof EngineError)) throw error
        isFine = false
        io.err(`gemba: ${error.message}`)
      }
    }
    return isFine ? 0 : 1
  },
}
