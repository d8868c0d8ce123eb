import { createActor } from 'xstate'
import { machineMachine } from '../twins/machine/machine.machine.js'
import { MachineBank } from '../twins/machine/machine-bank.js'
import { type Move, movesByPriority } from '../twins/machine/rules.js'
import { compileMachineTable } from '../twins/machine/table.js'

/** A job with two waits for a neighbour: what a what-if run sends most. */
const job: readonly Move[] = [
  'RESET',
  'STATE_COMPLETE',
  'START',
  'STATE_COMPLETE',
  'SUSPEND',
  'STATE_COMPLETE',
  'UNSUSPEND',
  'STATE_COMPLETE',
  'HOLD',
  'STATE_COMPLETE',
  'UNHOLD',
  'STATE_COMPLETE',
  'COMPLETE',
  'STATE_COMPLETE',
]

const actorJobs = 4_000
const tableJobs = 200_000

/** Events per second over `jobs` jobs, the way there and the timing excluded. */
function perSecond(jobs: number, run: (jobs: number) => void): number {
  run(Math.ceil(jobs / 10))
  const start = performance.now()
  run(jobs)
  return (jobs * job.length * 1_000) / (performance.now() - start)
}

/**
 * How many of the same events the compiled table and `actor.send` handle in a second, one after the other in this
 * process. Throws if they do not end in the same state, since then they did not do the same work.
 */
export function machineSpeed(): { tablePerSecond: number; actorPerSecond: number; ratio: number } {
  const actor = createActor(machineMachine, { input: undefined }).start()
  actor.send({ type: 'OBSERVED', state: 'Stopped', reason: 'none', sourceState: '', time: 0 })
  let actorTime = 0
  const actorPerSecond = perSecond(actorJobs, jobs => {
    for (let done = 0; done < jobs; done++) for (const type of job) actor.send({ type, time: ++actorTime })
  })

  const bank = new MachineBank(compileMachineTable(), 1)
  const coded = Uint8Array.from(job, move => movesByPriority.indexOf(move))
  const stopped = 2
  bank.observe(0, stopped, 0, 0)
  let tableTime = 0
  const tablePerSecond = perSecond(tableJobs, jobs => {
    for (let done = 0; done < jobs; done++)
      for (let at = 0; at < coded.length; at++) bank.move(0, coded[at]!, ++tableTime)
  })

  const complete = 17
  const isSame = actor.getSnapshot().context.state === 'Complete' && bank.state[0] === complete
  if (!isSame || bank.since[0] !== tableTime || actor.getSnapshot().context.since !== actorTime) {
    throw new Error('The table and the statechart did not end a job alike; run the tests of twins/machine.')
  }
  return { tablePerSecond, actorPerSecond, ratio: tablePerSecond / actorPerSecond }
}
