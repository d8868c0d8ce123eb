import { describe, expect, it } from 'vitest'
import { FrameScheduler, type FrameSource } from './frame-scheduler.js'

class HandCrankedBrowser implements FrameSource {
  time = 1_000
  draws = 0
  #frames: (() => void)[] = []
  #timers: { at: number; fire: () => void }[] = []

  now(): number {
    return this.time
  }

  requestFrame(draw: () => void): void {
    this.#frames.push(draw)
  }

  setTimer(fire: () => void, ms: number): void {
    this.#timers.push({ at: this.time + ms, fire })
  }

  /** Time passes in frames of 10 ms. */
  pass(ms: number): void {
    for (const end = this.time + ms; this.time < end; ) {
      this.time += 10
      const due = this.#timers.filter(timer => timer.at <= this.time)
      this.#timers = this.#timers.filter(timer => timer.at > this.time)
      for (const { fire } of due) fire()
      const frames = this.#frames
      this.#frames = []
      for (const draw of frames) draw()
    }
  }
}

function scheduler(): { browser: HandCrankedBrowser; frames: FrameScheduler } {
  const browser = new HandCrankedBrowser()
  return { browser, frames: new FrameScheduler(browser, () => browser.draws++) }
}

describe('drawing on demand', () => {
  it('draws nothing while nothing changes', () => {
    const { browser } = scheduler()
    browser.pass(10_000)
    expect(browser.draws).toBe(0)
  })

  it('draws once for one change of state, and at once after a pause', () => {
    const { browser, frames } = scheduler()
    frames.stateChanged()
    browser.pass(10)
    expect(browser.draws).toBe(1)
    browser.pass(1_000)
    expect(browser.draws).toBe(1)
  })

  it('draws changes of state at most ten times a second', () => {
    const { browser, frames } = scheduler()
    for (let i = 0; i < 100; i++) {
      frames.stateChanged()
      browser.pass(10)
    }
    expect(browser.draws).toBeGreaterThanOrEqual(9)
    expect(browser.draws).toBeLessThanOrEqual(11)
  })

  it('draws every frame while the view moves', () => {
    const { browser, frames } = scheduler()
    for (let i = 0; i < 20; i++) {
      frames.viewChanged()
      frames.viewChanged()
      browser.pass(10)
    }
    expect(browser.draws).toBe(20)
  })

  it('shows a change of state that follows a frame of the moving view', () => {
    const { browser, frames } = scheduler()
    frames.stateChanged()
    browser.pass(10)
    frames.stateChanged()
    browser.pass(40)
    frames.viewChanged()
    browser.pass(10)
    frames.stateChanged()
    const before = browser.draws
    browser.pass(200)
    expect(browser.draws).toBe(before + 1)
  })
})
