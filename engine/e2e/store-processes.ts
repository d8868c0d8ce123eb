import { readdirSync, readFileSync } from 'node:fs'

/** The processes of embedded databases that a process has started. */
export function storeProcesses(parent: number = process.pid): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => {
      try {
        const [, parentOfPid] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return Number(parentOfPid) === parent && /embedded\/child\.[tj]s/.test(command)
      } catch {
        // Gone meanwhile.
        return false
      }
    })
}
