import { describe, expect, it } from 'vitest'
import { ManualScheduler } from './manual-scheduler.js'
import { PollSchedule } from './poll-schedule.js'

interface Part {
  readonly address: number
}
const block = (address: number): Part => ({ address })

/** A device that takes `readMs` for each read; what was read when, and what was missed. */
function run(groups: readonly (readonly [periodMs: number, ...addresses: number[]])[], readMs: number) {
  const scheduler = new ManualScheduler()
  const reads: (readonly [at: number, address: number])[] = []
  const device = { readMs, missed: 0, open: 0, mostOpen: 0 }
  const blocks = groups.map(([periodMs, ...addresses]) => ({ periodMs, parts: addresses.map(block) }))
  const schedule = new PollSchedule(blocks, scheduler, {
    read({ address }) {
      reads.push([scheduler.now(), address])
      device.open++
      device.mostOpen = Math.max(device.mostOpen, device.open)
      scheduler.schedule(() => {
        device.open--
        schedule.done()
      }, device.readMs)
    },
    missed: polls => {
      device.missed += polls
    },
  })
  return { scheduler, schedule, reads, device, blocks }
}

describe('the schedule of polls', () => {
  it('reads each group once a period, from the start on', () => {
    const { scheduler, schedule, reads, device } = run(
      [
        [100, 1],
        [250, 2],
      ],
      0,
    )
    schedule.start()
    scheduler.advance(500)
    expect(reads.filter(([, address]) => address === 1).map(([at]) => at)).toEqual([
      0, 100, 200, 300, 400, 500,
    ])
    expect(reads.filter(([, address]) => address === 2).map(([at]) => at)).toEqual([0, 250, 500])
    expect(device.missed).toBe(0)
  })

  it('has one read under way at a time', () => {
    const { scheduler, schedule, device, reads } = run(
      [
        [100, 1, 2, 3],
        [100, 4],
      ],
      10,
    )
    schedule.start()
    scheduler.advance(1_000)
    expect(device.mostOpen).toBe(1)
    expect(reads.slice(0, 4).map(([at]) => at)).toEqual([0, 10, 20, 30])
  })

  it('counts a poll that is due while the one before runs, and makes up for none', () => {
    const { scheduler, schedule, reads, device } = run([[100, 1]], 250)
    schedule.start()
    scheduler.advance(1_000)
    expect(reads.map(([at]) => at)).toEqual([0, 300, 600, 900])
    expect(device.missed).toBe(7)
  })

  it('lets the quick group pass between the reads of a slow one', () => {
    const { scheduler, schedule, reads, device } = run(
      [
        [10_000, ...Array.from({ length: 30 }, (_, i) => 100 + i)],
        [100, 1],
      ],
      20,
    )
    schedule.start()
    scheduler.advance(999)
    expect(reads.filter(([, address]) => address === 1)).toHaveLength(10)
    expect(device.missed).toBe(0)
  })

  it('reads nothing while it is paused, counts what it misses, and goes on in step', () => {
    const { scheduler, schedule, reads, device } = run([[100, 1]], 0)
    schedule.start()
    schedule.pause(true)
    scheduler.advance(350)
    schedule.pause(false)
    scheduler.advance(100)
    expect(reads.map(([at]) => at)).toEqual([0, 400])
    expect(device.missed).toBe(3)
  })

  it('reads the parts of a block in its place, at once', () => {
    const { scheduler, schedule, reads, blocks } = run([[100, 1, 9]], 0)
    const [parent] = blocks[0]!.parts
    schedule.start()
    scheduler.advance(0)
    schedule.replace([parent!], [block(5), block(6)])
    scheduler.advance(100)
    expect(reads.slice(-3).map(([, address]) => address)).toEqual([5, 6, 9])
  })

  it('reads one part in place of several, at once, and then once a poll', () => {
    const { scheduler, schedule, reads, blocks } = run([[100, 1, 2, 3, 9]], 10)
    const [, second, third] = blocks[0]!.parts
    schedule.start()
    // While the second is being read.
    scheduler.advance(15)
    schedule.replace([second!, third!], [block(5)])
    scheduler.advance(185)
    expect(reads.map(([, address]) => address)).toEqual([1, 2, 5, 9, 1, 5, 9, 1])
  })

  it('leaves a block out while it rests', () => {
    const { scheduler, schedule, reads, blocks } = run([[100, 1, 2]], 0)
    schedule.start()
    scheduler.advance(50)
    schedule.rest(blocks[0]!.parts[0]!, 200)
    scheduler.advance(300)
    expect(reads.map(([at, address]) => `${at}:${address}`)).toEqual([
      '0:1',
      '0:2',
      '100:2',
      '200:2',
      '300:1',
      '300:2',
    ])
  })

  it('counts the polls that a process slept through as missed', () => {
    const { scheduler, schedule, reads, device } = run([[100, 1]], 0)
    schedule.start()
    scheduler.advance(1)
    // The clock jumps, as it does for a process that was stopped.
    const { now } = scheduler
    let ahead = 0
    scheduler.now = () => now() + ahead
    ahead = 450
    scheduler.advance(99)
    expect([device.missed, reads.length]).toEqual([4, 2])
  })

  it('takes a timer that comes a little early for the one that was due', () => {
    const { scheduler, schedule, reads, device } = run([[100, 1]], 10)
    const { now } = scheduler
    // Node's timers and its clock round differently: a timer may be due when the clock says a millisecond less.
    scheduler.now = () => now() - (now() === 0 ? 0 : 1)
    schedule.start()
    scheduler.advance(1_000)
    expect(device.missed).toBe(0)
    expect(reads).toHaveLength(10)
  })

  it('is still after it was stopped', () => {
    const { scheduler, schedule, reads } = run([[100, 1]], 0)
    schedule.start()
    schedule.stop()
    scheduler.advance(1_000)
    expect(reads).toHaveLength(1)
  })
})
