import { BehaviorSubject } from 'rxjs'
import type { AdapterContext } from '../../adapters/contract.js'
import { simulator } from '../../adapters/simulator/adapter.js'
import { simulatorOptions } from '../../adapters/simulator/config.js'
import type { Plant } from '../../schema/plant.js'
import { EngineError } from '../errors.js'
import { Dictionary } from '../floor/dictionary.js'
import { emptyIndexBook, makeRegistry } from '../floor/registry.js'
import type { HiddenFaults, Outlet } from './outlet.js'
import { ServedFloor } from './served-floor.js'

/** Most samples on their way: taken in the same turn, they never pile up. */
const window = 20_000

export interface RunningSimulators {
  /** Where faults are injected; undefined where none was wanted. */
  readonly floor: ServedFloor | undefined
  stop(): void
}

/**
 * Runs the plant's simulators and shows what their signals show, in real time, with or without a floor of their own, on
 * which people may inject faults but those of the link that are hidden. Throws EngineError 'bad-plant' where the plant has a source that is not simulated.
 */
export function runSimulators(
  plant: Plant,
  outlet: Pick<Outlet, 'set' | 'flush' | 'goDown' | 'comeBack'>,
  hidden: HiddenFaults | undefined,
): RunningSimulators {
  const { registry } = makeRegistry(plant, emptyIndexBook)
  const signals = new Map(registry.signals.map(({ index, signal }) => [index, signal]))
  const dictionary = new Dictionary()
  const floor = hidden && new ServedFloor(plant, registry, dictionary, hidden)
  /** Sources whose server restarts: it is the same for all of them. */
  const away = new Set<string>()
  const [first, ...others] = plant.sources.map(source => {
    if (source.adapter !== simulator.kind) {
      const message = `Source ${source.id} is not simulated (${source.adapter}): serve a plant whose sources are.`
      throw new EngineError('bad-plant', message)
    }
    const accepted = new BehaviorSubject(0)
    const context: AdapterContext = {
      source: source.id,
      clock: Date,
      wall: Date,
      plant,
      signals: registry.signals.filter(({ signal }) => signal.source === source.id),
      installation: '',
      folder: '',
      readSecret: () => '',
      received: () => {},
      intern: text => dictionary.intern(text),
      accepted,
      window,
      ...(floor !== undefined && { commands: floor.commands(source.id) }),
    }
    return simulator.create(simulatorOptions.parse(source.options), context).subscribe(event => {
      floor?.take(source.id, event)
      if (event.kind === 'interrupted' && away.add(source.id).size === 1) void outlet.goDown()
      if (event.kind === 'connected' && away.delete(source.id) && away.size === 0) void outlet.comeBack()
      if (event.kind !== 'samples') return
      const { count, signal, value, quality, sourceTime } = event.batch
      for (let i = 0; i < count; i++) {
        const shown = signals.get(signal[i]!)!
        const content = shown.type === 'text' ? (dictionary.text(value[i]!) ?? '') : value[i]!
        outlet.set(shown, content, quality[i]!, sourceTime[i]!)
      }
      outlet.flush()
      accepted.next(accepted.value + count)
    })
  })
  if (first === undefined) throw new EngineError('bad-plant', 'The plant has no source to simulate.')
  for (const other of others) first.add(other)
  return { floor, stop: () => first.unsubscribe() }
}
