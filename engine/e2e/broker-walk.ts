import { connect, type MqttClient } from 'mqtt'
import type { Broker } from '../../adapters/mqtt/broker.js'
import { GembaProcess } from './process.js'

/** What goes wrong: kill -9 of the engine, a clean restart of the broker, the first in the midst of the second. */
export type BrokerFate = 'engine' | 'broker' | 'both'

const topic = 'shop/press/ram-force'
/** Messages on their way to the broker at most. */
const mostUnanswered = 2_000
const lookMs = 5

/**
 * Numbered messages at QoS 1 through a broker that keeps sessions to `gemba start`, through one fate after the other.
 * Whoever says them says each again until the broker has taken it; from then on it may not be lost.
 */
export class BrokerWalk {
  readonly #broker: Broker
  readonly #args: readonly string[]
  readonly #source: MqttClient
  /** Each message's time: in their order, and none of them ahead. */
  readonly #began = Date.now() - 3_600_000
  #gemba: GembaProcess
  #url = ''
  #said = 0
  #taken = 0

  private constructor(broker: Broker, args: readonly string[]) {
    this.#broker = broker
    this.#args = args
    this.#gemba = new GembaProcess(args)
    this.#source = connect(broker.url, { reconnectPeriod: 50, clean: false, clientId: 'line' })
  }

  /** `args`: those of `gemba`, with the plant of a press that listens at QoS 1 to `shop/press/ram-force`. */
  static async start(broker: Broker, args: readonly string[]): Promise<BrokerWalk> {
    const walk = new BrokerWalk(broker, args)
    walk.#url = await walk.#gemba.live()
    // Until the engine has a session nobody keeps anything for it.
    await walk.#until(async () => {
      walk.#said = 0
      await walk.#say(1)
      return (await walk.#latest()) === 0
    })
    return walk
  }

  /** Messages that the broker has taken. */
  get taken(): number {
    return this.#taken
  }

  /** Says `count` more, and lets the fate come when `after` of them have been heard. */
  async live(fate: BrokerFate, count: number, after: number): Promise<void> {
    const from = this.#said
    const saying = this.#say(count)
    await this.#until(async () => (await this.#latest()) >= from + after)
    if (fate !== 'engine') await this.#broker.halt()
    if (fate !== 'broker') {
      this.#gemba.child.kill('SIGKILL')
      await this.#gemba.ended()
    }
    if (fate !== 'engine') await this.#broker.run()
    if (fate !== 'broker') {
      this.#gemba = new GembaProcess(this.#args)
      this.#url = await this.#gemba.live()
    }
    await saying
  }

  /** Waits until the last has been heard, and ends the engine in good order. Throws where it does not end so. */
  async end(): Promise<void> {
    await this.#until(async () => (await this.#latest()) === this.#said - 1)
    const code = await this.#gemba.stop('SIGTERM')
    if (code !== 0) throw new Error(`it ended with ${code}:\n${this.#gemba.lines.join('\n')}`)
  }

  async close(): Promise<void> {
    await this.#gemba.stop('SIGKILL')
    await this.#source.endAsync(true)
  }

  async #say(count: number): Promise<void> {
    const end = this.#said + count
    const unanswered = new Set<Promise<void>>()
    while (this.#said < end) {
      const value = this.#said++
      const message = JSON.stringify({ value, timestamp: this.#began + value })
      const told: Promise<void> = this.#tell(message).then(() => {
        this.#taken++
        unanswered.delete(told)
      })
      unanswered.add(told)
      if (unanswered.size >= mostUnanswered) await Promise.race(unanswered)
    }
    await Promise.all(unanswered)
  }

  async #tell(message: string): Promise<void> {
    for (;;) {
      try {
        await this.#source.publishAsync(topic, message, { qos: 1 })
        return
      } catch {
        // The broker went before it had taken it.
      }
    }
  }

  async #latest(): Promise<number> {
    const response = await fetch(`${this.#url}/api/v1/signals/press.ram-force`)
    return ((await response.json()) as { value: number | null }).value ?? -1
  }

  async #until(isMet: () => Promise<boolean>): Promise<void> {
    const patience = Date.now() + 60_000
    while (!(await isMet())) {
      if (Date.now() > patience)
        throw new Error(`nothing moves any more:\n${this.#gemba.lines.join('\n')}\n${this.#gemba.errors}`)
      await new Promise(resolve => setTimeout(resolve, lookMs))
    }
  }
}
