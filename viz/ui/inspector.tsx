import type { ManifestMachine, ManifestSignal } from '../../schema/manifest.js'
import { modeOf, packmlStates } from '../../schema/packml.js'
import { qualityNames } from '../../schema/quality.js'
import { connectionOf, type Level, levelOf } from '../../schema/sensor-state.js'
import { lookNumber, lookOfState, looks, stateWord } from '../looks/looks.js'
import type { FloorStore, OpenPlant } from '../state/floor-store.js'
import { formatAge, formatName, formatTimeBeside, formatValue } from './format.js'
import { LookIcon } from './glyph-icon.js'
import { LookWord, TimeInState, TrustedIcon } from './look-words.js'
import { Sparkline } from './sparkline.js'

/** The selected machine: its state, its sensors, and what it says of itself. */
export function Inspector({ store, flyTo }: { store: FloorStore; flyTo: (machine: number) => void }) {
  const open = store.open.value
  const machine = open?.plant.machine(store.selected.value)
  if (open === undefined || machine === undefined) return null
  return <MachinePanel store={store} open={open} machine={machine} flyTo={flyTo} />
}

interface PanelProps {
  readonly store: FloorStore
  readonly open: OpenPlant
  readonly machine: ManifestMachine
  readonly flyTo: (machine: number) => void
}

function MachinePanel({ store, open, machine, flyTo }: PanelProps) {
  store.valuesVersion.value
  const { live, plant } = open
  const look = looks[live.look[machine.index]!]!
  const isStateLook = live.look[machine.index] === lookOfState[live.display[machine.index]!]
  const isDoubtful = store.freshness.value === 'stale' || store.freshness.value === 'lost'
  const signals = plant.signalsOf(machine.index)
  const sensors = signals.filter(signal => signal.role === 'sensor')
  const reported = signals.filter(signal => signal.role === 'status')
  return (
    <aside class="inspector" aria-label={`Machine ${machine.name}`} data-machine={machine.id}>
      <div class="inspector-header">
        <TrustedIcon store={store} look={look} size={30} />
        <div class="inspector-title">
          <h2>{machine.name}</h2>
          <p class="muted">{plant.placeOf(machine)}</p>
        </div>
        <button type="button" class="icon-button" aria-label="Close" onClick={() => store.select(-1)}>
          ✕
        </button>
      </div>
      <div class="inspector-state">
        <p>
          <LookWord store={store} look={look} />
          {isStateLook ? ' ' : ` · ${stateWord(live.display[machine.index]!)} `}
          <TimeInState store={store} since={live.since[machine.index]!} lead="for " />
        </p>
        <button type="button" onClick={() => flyTo(machine.index)}>
          Show on floor
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keyboard too */}
      <section class={`inspector-body ${isDoubtful ? 'doubtful' : ''}`} aria-label="Values" tabIndex={0}>
        <SourceLost store={store} open={open} sensors={sensors} />
        <h3>
          Sensors <span class="muted">{sensors.length}</span>
        </h3>
        <ul class="sensors">
          {sensors.map(signal => (
            <SensorRow key={signal.index} store={store} open={open} signal={signal} />
          ))}
        </ul>
        <h3>Machine</h3>
        <dl class="facts">
          <Fact name="Type" value={machine.typeName} />
          <Fact name="PackML state" value={packmlStates[live.state[machine.index]!] ?? 'Undefined'} />
          <Fact name="Mode" value={modeOf(live.mode[machine.index]!)} />
          {reported.map(signal => (
            <Fact key={signal.index} name={formatName(signal.name)} value={reportedValue(open, signal)} />
          ))}
          <Fact name="Id" value={machine.id} />
        </dl>
      </section>
    </aside>
  )
}

interface SourceLostProps {
  readonly store: FloorStore
  readonly open: OpenPlant
  readonly sensors: readonly ManifestSignal[]
}

/** Says why a machine is unknown when nothing at all comes from it any more. */
function SourceLost({ store, open, sensors }: SourceLostProps) {
  const { live } = open
  // Before the first values, and without a connection, the viewer cannot know.
  if (store.valuesVersion.value === 0 || store.freshness.value === 'lost') return null
  if (sensors.length === 0 || sensors.some(({ index }) => connectionOf(live.status[index]!) !== 'lost'))
    return null
  const heard = Math.max(...sensors.map(({ index }) => live.sourceTime[index]!))
  return (
    <p class="source-lost">
      Source not connected;{' '}
      {heard === 0 ? 'never heard' : `last heard ${formatTimeBeside(heard, store.floorNow())}`}
    </p>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

const levelWords: Readonly<Record<Level, string>> = {
  normal: 'Normal',
  'warning-high': 'Warning, high',
  'critical-high': 'Critical, high',
  'warning-low': 'Warning, low',
  'critical-low': 'Critical, low',
}

function SensorRow({ store, open, signal }: { store: FloorStore; open: OpenPlant; signal: ManifestSignal }) {
  const { live, trend } = open
  const { index } = signal
  const status = live.status[index]!
  const connection = connectionOf(status)
  const level = levelOf(status)
  const look =
    looks[
      level.startsWith('critical')
        ? lookNumber.high
        : level === 'normal'
          ? lookNumber.running
          : lookNumber.medium
    ]!
  const quality = qualityNames[live.quality[index]!] ?? 'bad'
  const isLive = connection === 'live'
  const isSelected = store.selectedSignal.value === index
  return (
    <li
      class={`sensor ${isLive && quality !== 'bad' ? '' : 'doubtful'}`}
      data-signal={signal.id}
      data-connection={connection}
      aria-current={isSelected}
    >
      <span class="sensor-name">
        {isLive ? (
          level !== 'normal' && <LookIcon look={look} size={14} />
        ) : (
          <LookIcon look={looks[lookNumber.unknown]!} size={14} />
        )}
        {formatName(signal.name)}
      </span>
      <span class="sensor-value">
        <b>{shownValue(open, signal)}</b> <span class="unit">{signal.unit}</span>
      </span>
      <Sparkline trend={trend} signal={index} version={store.second.value} theme={store.theme.value} />
      <span class="sensor-level">
        {isLive ? (
          <span class={`word word-${look.fill}`}>{levelWords[level]}</span>
        ) : (
          <b>{connection === 'stale' ? 'Stale' : 'No contact'}</b>
        )}
        {quality !== 'good' && ` · quality ${quality}`}
      </span>
      <SensorAge store={store} sourceTime={live.sourceTime[index]!} />
    </li>
  )
}

function SensorAge({ store, sourceTime }: { store: FloorStore; sourceTime: number }) {
  store.second.value
  const now = store.floorNow()
  return (
    <span class="sensor-age muted">
      {sourceTime === 0 || now === 0 ? 'never heard' : `${formatAge(now - sourceTime)} ago`}
    </span>
  )
}

function shownValue({ live }: OpenPlant, signal: ManifestSignal): string {
  const value = live.value[signal.index]!
  if (signal.type === 'text') return Number.isNaN(value) ? '–' : (live.texts.get(value) ?? '–')
  return formatValue(value, signal.resolution)
}

function reportedValue(open: OpenPlant, signal: ManifestSignal): string {
  const value = shownValue(open, signal)
  return signal.unit === '' || value === '–' ? value : `${value} ${signal.unit}`
}
