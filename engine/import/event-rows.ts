import { downtimeReasonsOf, isReason } from '../../schema/downtime-reasons.js'
import { isMode, packmlStates, suspendReasons } from '../../schema/packml.js'
import type { StateMap } from '../../schema/plant.js'
import type { StateChange } from '../../schema/records.js'
import { lookupState, shippedStateMaps } from '../../schema/state-maps.js'
import { EngineError } from '../errors.js'
import type { RegisteredMachine } from '../floor/floor.js'
import { stopReasonOf } from '../floor/stop-reasons.js'
import { unknownState } from '../floor/unknown-state.js'
import { checkPast, type ImportContext, type KindReader, type OpenBlock } from './block-maker.js'
import type { Mapping, MappingOf } from './mapping.js'
import { type Read, RowFault, type RowReader } from './row-reader.js'

type EventMapping = Exclude<Mapping, { readonly kind: 'telemetry' }>

/** Reads states, stops, scrap or counted parts; `file`: the hash of the file, for ids that are the same each time. */
export function eventRows(
  mapping: EventMapping,
  reader: RowReader,
  context: ImportContext,
  file: string,
): KindReader {
  switch (mapping.kind) {
    case 'states':
      return stateRows(mapping, reader, context)
    case 'stops':
      return stopRows(mapping, reader, context)
    case 'scrap':
      return scrapRows(mapping, reader, context, file)
    case 'production':
      return productionRows(mapping, reader, context, file)
  }
}

function machineOf(
  field: MappingOf<'states'>['machine'],
  reader: RowReader,
  { registry }: ImportContext,
): Read<RegisteredMachine> {
  const name = reader.text(field)
  const byName = new Map(registry.machines.map(registered => [registered.machine.name, registered]))
  return fields => {
    const said = name(fields)
    const found = registry.machineById(said) ?? byName.get(said)
    if (found !== undefined) return found
    throw new RowFault('import.unknown-machine', `there is no machine "${said}"`)
  }
}

function timeOf(field: Mapping['time'], reader: RowReader, { now }: ImportContext): Read<number> {
  const time = reader.time(field)
  return fields => {
    const at = time(fields)
    checkPast(at, now)
    return at
  }
}

/** A change that nobody tells the mode of is in Production where its word does not say, as with live words. */
function stateRows(mapping: MappingOf<'states'>, reader: RowReader, context: ImportContext): KindReader {
  const machine = machineOf(mapping.machine, reader, context)
  const start = timeOf(mapping.time, reader, context)
  const [word, mode, code] = [mapping.state, mapping.mode, mapping.code].map(field => reader.text(field)) as [
    Read<string>,
    Read<string>,
    Read<string>,
  ]
  const until = mapping.until && timeOf(mapping.until, reader, context)
  const mapOf = stateMapOf(mapping.stateMap, context)
  const ends = new Ends()
  return {
    take(row, into) {
      const { fields } = row
      const registered = machine(fields)
      const { id } = registered.machine
      const time = start(fields)
      const said = word(fields)
      const meaning = lookupState(mapOf(registered), said)
      if (meaning === undefined) {
        const advice = 'say its meaning as words in the mapping, or in stateMaps of the plant file'
        throw new RowFault('state.unknown-word', `"${said}" is no state that is known; ${advice}`)
      }
      const toldMode = mode(fields)
      if (toldMode !== '' && !isMode(toldMode))
        throw new RowFault('state.unknown-mode', `"${toldMode}" is no unit mode`)
      const end = until?.(fields)
      if (end !== undefined && end < time) throw new RowFault('import.bad-time', 'it ends before it begins')
      if (end !== undefined) ends.begin(id, time, end, into)
      into.stateChanges.push({
        machine: id,
        time,
        state: packmlStates.find(name => name === meaning.state) ?? '',
        mode: toldMode || (isMode(meaning.mode) ? meaning.mode : ''),
        reason: suspendReasons.find(name => name === meaning.reason) ?? 'none',
        sourceState: said,
        observed: true,
      })
      // As live, a code is a word with neither state nor mode.
      if (mapping.code !== undefined) into.stateChanges.push(toldCode(id, time, code(fields)))
    },
    close(into, isLast) {
      if (isLast) ends.close(into)
    },
  }
}

const toldCode = (machine: string, time: number, code: string): StateChange => ({
  ...{ machine, time, state: '', mode: '', reason: '', sourceState: stopReasonOf(code) ?? '' },
  observed: true,
})

/** Ends of intervals: where the next does not begin there, nobody knows what the machine did. */
class Ends {
  readonly #open = new Map<string, { start: number; end: number }>()

  begin(machine: string, start: number, end: number, into: OpenBlock): void {
    const before = this.#open.get(machine)
    if (before !== undefined && start < before.start)
      throw new RowFault(
        'import.not-in-order',
        'it begins before the row above it of the same machine; sort the file by time',
      )
    if (before !== undefined && start > before.end) into.stateChanges.push(unknown(machine, before.end))
    this.#open.set(machine, { start, end: Math.max(end, before?.end ?? end) })
  }

  close(into: OpenBlock): void {
    for (const [machine, { end }] of this.#open) into.stateChanges.push(unknown(machine, end))
  }
}

const unknown = (machine: string, time: number): StateChange => ({ machine, time, ...unknownState })

function stateMapOf(
  named: string | undefined,
  { plant }: ImportContext,
): (machine: RegisteredMachine) => StateMap {
  const maps = { ...shippedStateMaps, ...plant.stateMaps }
  const find = (name: string): StateMap => {
    const map = maps[name]
    if (map !== undefined) return map
    const known = Object.keys(maps).join(', ')
    throw new EngineError('bad-input', `The plant has no state map "${name}"; it has ${known}.`)
  }
  if (named !== undefined) {
    const map = find(named)
    return () => map
  }
  return ({ machine, signals }) => {
    // Of machines within one another the innermost has the words that a past was written with.
    const map = signals.findLast(({ signal }) => signal.quantity === 'state')?.signal.stateMap
    if (map !== undefined) return find(map)
    throw new RowFault('state.unknown-word', `${machine.id} has no state signal; say stateMap in the mapping`)
  }
}

function stopRows(mapping: MappingOf<'stops'>, reader: RowReader, context: ImportContext): KindReader {
  const machine = machineOf(mapping.machine, reader, context)
  const [start, until] = [timeOf(mapping.time, reader, context), timeOf(mapping.until, reader, context)]
  const [reason, comment, who] = [mapping.reason, mapping.comment, mapping.who].map(field =>
    reader.text(field),
  )
  const reasons = downtimeReasonsOf(context.plant)
  return {
    take({ fields }, into) {
      const { id } = machine(fields).machine
      const [time, end] = [start(fields), until(fields)]
      if (end <= time) throw new RowFault('import.bad-time', 'it does not end after it begins')
      const why = reason!(fields)
      if (why !== '' && !isReason(reasons, why)) {
        const advice = 'map it with words to category/code, such as mechanical/bearing'
        throw new RowFault('import.unknown-reason', `"${why}" is no reason of the plant; ${advice}`)
      }
      if (mapping.otherwise !== undefined) {
        const seen = { machine: id, mode: 'Production', reason: 'none', observed: true }
        into.stateChanges.push(
          { ...seen, time, state: 'Aborted', sourceState: why },
          { ...seen, time: end, state: mapping.otherwise, sourceState: '' },
        )
      }
      if (why === '') return
      into.tables.downtime_changes.push({
        ...{ machine: id, ts: time, until: end, reason: why, told: end },
        who: who!(fields) || 'import',
        comment: comment!(fields),
      })
    },
  }
}

/** Throws RowFault for what is no number of parts. */
function partsOf(quantity: number): number {
  if (quantity > 0) return quantity
  throw new RowFault('import.bad-value', 'the number of parts must be greater than 0')
}

function scrapRows(
  mapping: MappingOf<'scrap'>,
  reader: RowReader,
  context: ImportContext,
  file: string,
): KindReader {
  const machine = machineOf(mapping.machine, reader, context)
  const [time, quantity] = [timeOf(mapping.time, reader, context), reader.number(mapping.quantity)]
  const rework = reader.text(mapping.rework)
  const texts = (['category', 'reason', 'operator', 'product', 'order', 'comment'] as const).map(
    name => [name, reader.text(mapping[name])] as const,
  )
  return {
    take({ fields, place }, into) {
      const kind = rework(fields) || 'scrap'
      if (kind !== 'scrap' && kind !== 'rework')
        throw new RowFault('import.bad-value', `"${kind}" is neither scrap nor rework`)
      const { category, reason, operator, product, order, comment } = Object.fromEntries(
        texts.map(([name, read]) => [name, read(fields)]),
      ) as Record<(typeof texts)[number][0], string>
      into.tables.scrap_events.push({
        machine: machine(fields).machine.id,
        ts: time(fields),
        id: `${file}-${place}`,
        quantity: partsOf(quantity(fields)),
        counted: mapping.counted,
        ...{ kind, category, reason, operator, product, order, comment },
      })
    },
  }
}

function productionRows(
  mapping: MappingOf<'production'>,
  reader: RowReader,
  context: ImportContext,
  file: string,
): KindReader {
  const machine = machineOf(mapping.machine, reader, context)
  const [time, parts] = [timeOf(mapping.time, reader, context), reader.number(mapping.parts)]
  const counter = reader.text(mapping.counter)
  // Totals tell rows of one time apart; they count down from 0, where no counter of a twin is.
  const salt = Number.parseInt(file.slice(0, 8), 16)
  return {
    take({ fields, place }, into) {
      const name = counter(fields) || 'processed'
      if (name !== 'processed' && name !== 'defective')
        throw new RowFault('import.bad-value', `"${name}" is neither processed nor defective`)
      into.tables.production_events.push({
        machine: machine(fields).machine.id,
        ts: time(fields),
        counter: name,
        parts: partsOf(parts(fields)),
        total: -(salt * 1_000_000 + place),
        cause: 'count',
      })
    },
  }
}
