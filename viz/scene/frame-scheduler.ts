/** What the scheduler needs of the browser; tests pass their own. */
export interface FrameSource {
  now(): number
  requestFrame(draw: () => void): void
  setTimer(fire: () => void, ms: number): void
}

/** Pictures for changes of state: at most this often, ms. A moving camera gets every frame. */
const statePeriod = 100

/**
 * Draws on demand: nothing is drawn while nothing changes. Changes of the view are drawn in the next frame, changes of
 * state at most ten times a second. Allocates nothing once made.
 */
export class FrameScheduler {
  readonly #source: FrameSource
  readonly #draw: () => void
  #isFrameAsked = false
  #isTimerSet = false
  #isStatePending = false
  #lastDraw = Number.NEGATIVE_INFINITY
  readonly #onFrame = (): void => {
    this.#isFrameAsked = false
    this.#isStatePending = false
    this.#lastDraw = this.#source.now()
    this.#draw()
  }
  readonly #onTimer = (): void => {
    this.#isTimerSet = false
    // A frame drawn meanwhile may have shown the change already.
    if (this.#isStatePending) this.viewChanged()
  }

  constructor(source: FrameSource, draw: () => void) {
    this.#source = source
    this.#draw = draw
  }

  viewChanged(): void {
    if (this.#isFrameAsked) return
    this.#isFrameAsked = true
    this.#source.requestFrame(this.#onFrame)
  }

  stateChanged(): void {
    this.#isStatePending = true
    if (this.#isFrameAsked || this.#isTimerSet) return
    const wait = this.#lastDraw + statePeriod - this.#source.now()
    if (wait <= 0) {
      this.viewChanged()
      return
    }
    this.#isTimerSet = true
    this.#source.setTimer(this.#onTimer, wait)
  }
}
