import type { LineState } from '../../schema/line-state.js'
import type { Constraint, LineView } from './constraint.js'

const headings: Readonly<Record<LineState, string>> = {
  unknown: 'What the line does is not known',
  running: 'The line runs',
  slowed: 'The line is slowed',
  blocked: 'The line is blocked',
  starved: 'The line is starved',
  down: 'The line is down',
  'no-demand': 'The line has nothing to do',
}

/** What the line does and why, in a sentence for the floor. */
export function explain({ state, constraint }: LineView): string {
  if (constraint === null) return `${headings[state]}.`
  const { explains } = constraint
  const others =
    explains.length === 0 ? '' : `; ${list(explains)} ${explains.length === 1 ? 'waits' : 'wait'} for it`
  return `${headings[state]}: ${reasonOf(constraint)}${others}.`
}

function reasonOf({ machine, cause, display, reason, slowness }: Constraint): string {
  const word = reason === '' ? '' : ` (${reason})`
  switch (cause) {
    case 'stopped':
      return `${machine} is ${display === 'down' ? 'down' : `in ${display}`}${word}`
    case 'slow':
      return `${machine} takes ${slowness.toFixed(2)} times its planned cycle${word}`
    case 'blocked-outside':
      return `${machine} cannot hand its parts on to what follows the line${word}`
    case 'starved-outside':
      return `${machine} gets no parts from before the line${word}`
    case 'idle':
      return `${machine} is ${display}${word}`
  }
}

function list(names: readonly string[]): string {
  if (names.length < 2) return names.join('')
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
