import { VirtualAction, VirtualTimeScheduler } from 'rxjs'

/** Time that passes when a test says so. */
export class ManualScheduler extends VirtualTimeScheduler {
  constructor() {
    super(VirtualAction, 0)
  }

  advance(ms: number): void {
    const until = this.frame + ms
    this.maxFrames = until
    this.schedule(() => undefined, ms)
    this.flush()
    this.frame = until
  }
}
