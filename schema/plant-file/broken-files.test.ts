import { describe, expect, it } from 'vitest'
import { loadPlant } from './load-plant.js'
import { formatProblem } from './problem.js'

const sound = `gemba: 1
name: Test
enterprise: Example
types:
  saw:
    archetype: machining
    ratedPower: 5
    idealCycleTime: 30
    signals:
      blade:
        quantity: temperature
        unit: °C
        range: [0, 150]
        limits: { warningHigh: 60, criticalHigh: 80 }
        normal: [40, 1]
sources:
  sim:
    adapter: simulator
sites:
  - id: here
    timeZone: Europe/Berlin
    areas:
      - id: hall
        lines:
          - id: line-1
            machines:
              - { id: saw-1, type: saw }
              - { id: mill-1, type: cnc-mill }
crews:
  - { id: crew-a, site: here, size: 4 }
shifts:
  - { id: early, site: here, start: "06:00", end: "14:00", days: [1, 2], crew: crew-a }
products:
  - { id: bolt, lines: [line-1] }
customers:
  - { id: acme, products: [bolt] }
`

const machines = 'sites[0].areas[0].lines[0].machines'

/** What is changed in the sound file, into what, and the one thing that must be said. */
const table: readonly (readonly [title: string, from: string, to: string, problem: string])[] = [
  [
    'a wrong key',
    'timeZone:',
    'timezone:',
    `20:5  sites[0].timeZone: timeZone is missing; write an IANA name such as Europe/Berlin
21:5  sites[0].timezone: unknown key "timezone"; did you mean "timeZone"?`,
  ],
  [
    'an interlock among the sensors',
    '    signals:\n      blade:',
    '    signals:\n      blocked: { quantity: blocked }\n      blade:',
    '10:28  types.saw.signals.blocked.quantity: a sensor does not measure whether its machine is blocked; move the signal under status',
  ],
  [
    'an interlock as a text',
    '        normal: [40, 1]',
    '        normal: [40, 1]\n    status: { state: { map: packml }, starved: { type: text } }',
    '16:56  types.saw.status.starved.type: starved is not measured as text; remove type, or choose another quantity',
  ],
  [
    'an interlock with a range',
    '        normal: [40, 1]',
    '        normal: [40, 1]\n    status: { state: { map: packml }, blocked: { range: [0, 2] } }',
    '16:57  types.saw.status.blocked.range: blocked is true or false and has no range; remove range',
  ],
  [
    'an interlock of a machine that tells no state',
    '{ id: saw-1, type: saw }',
    '{ id: saw-1, type: saw, status: { blocked: {} } }',
    '27:60  sites[0].areas[0].lines[0].machines[0].status.blocked: "blocked" says why the machine is suspended, and no signal says that it is; add its state under status',
  ],
  [
    'a recording beside a live source',
    '    adapter: simulator',
    '    adapter: simulator\n  tape: { adapter: mtconnect, clock: source }',
    `19:38  sources.tape.clock: "tape" brings its own clock, but "sim" goes by the wall's, and a floor has one clock; give all sources the same clock, or make a plant file of its own for "tape"
28:17  sites[0].areas[0].lines[0].machines[0].source: source is missing; add one of sim, tape
29:17  sites[0].areas[0].lines[0].machines[1].source: source is missing; add one of sim, tape`,
  ],
  [
    'a key of nothing we know',
    'name: Test',
    'name: Test\nbuilding: 7',
    '3:1  building: unknown key "building"; remove it; known here: gemba, name, enterprise, types, stateMaps, sources, sites, shifts, products, customers, crews, orders, calendarExceptions, plannedStops, kpis, targets, downtimeReasons, faultReasons, workOrders, costs',
  ],
  [
    'another version',
    'gemba: 1',
    'gemba: 2',
    '1:8  gemba: 2 is not the version of the file format; begin the file with "gemba: 1"',
  ],
  [
    'a number where text belongs',
    'name: Test',
    'name: 3000',
    '2:7  name: 3000 is not text; write a short text, in quotes where it looks like a number',
  ],
  [
    'a text where a number belongs',
    'ratedPower: 5',
    'ratedPower: 5 kW',
    '7:17  types.saw.ratedPower: "5 kW" is not a rated power; write a number of kW greater than 0',
  ],
  [
    'a list where a map belongs',
    '\n    adapter: simulator',
    ' []',
    '17:8  sources.sim: a list is not a map; write a map of adapter, clock, time, silence, enabled, tags',
  ],
  [
    'a range of sources that runs backwards',
    '  sim:',
    '  "sim-{9..1}":',
    `17:3  sources["sim-{9..1}"]: "sim-{9..1}" is no range of ids; write the lower number first, and at most 1000 sources
27:17  ${machines}[0].source: source is missing; add one under sources
28:17  ${machines}[1].source: source is missing; add one under sources`,
  ],
  [
    'a machine of a source beyond the range',
    '{ id: saw-1, type: saw }',
    '{ id: "saw-{1..2}", type: saw, source: "sim-{n}" }',
    `27:56  ${machines}[0].source: there is no source "sim-1"; add it, or use sim
27:56  ${machines}[0].source: there is no source "sim-2"; add it, or use sim`,
  ],
  [
    'a source that may be silent for no time',
    'adapter: simulator',
    'adapter: simulator\n    silence: 0s',
    '19:14  sources.sim.silence: "0s" is not a time to wait; write 30s, 5min or never',
  ],
  [
    'two ideas of what time it is',
    'adapter: simulator',
    'adapter: simulator\n    clock: source\n    time: receive',
    `20:11  sources.sim.time: "sim" brings its own clock, so its samples bear its own time; remove time, or clock`,
  ],
  [
    'a map where a list belongs',
    'lines: [line-1]',
    'lines: { a: 1 }',
    '34:24  products[0].lines: a map is not a list of ids; write the ids of lines as [first, second]',
  ],
  [
    'an id with a blank',
    'id: saw-1',
    'id: saw 1',
    `27:23  ${machines}[0].id: "saw 1" is not an id; use letters, digits, - and _, beginning with a letter or digit, at most 64 characters; digits alone in quotes`,
  ],
  [
    'an id twice',
    'id: mill-1',
    'id: saw-1',
    `28:23  ${machines}[1].id: the machine id "saw-1" is already used in line 27; give one of the two another id`,
  ],
  [
    'a key twice',
    '    ratedPower: 5',
    '    ratedPower: 5\n    ratedPower: 6',
    '8:5  the key "ratedPower" stands twice in the same map; keep one of the two',
  ],
  [
    'a missing machine type',
    'type: saw',
    'type: sew',
    `27:36  ${machines}[0].type: there is no machine type "sew"; did you mean "saw"?`,
  ],
  [
    'a missing source',
    'type: saw',
    'type: saw, source: plc',
    `27:49  ${machines}[0].source: there is no source "plc"; add it, or use sim`,
  ],
  [
    'a missing line',
    'lines: [line-1]',
    'lines: [line-1, line-2]',
    '34:33  products[0].lines[1]: there is no line "line-2"; did you mean "line-1"?',
  ],
  [
    'a product that nobody makes',
    'lines: [line-1]',
    'lines: []',
    '34:24  products[0].lines: "bolt" has no route: no line makes it; name the lines that make it, or remove the product',
  ],
  [
    'a way without room and without length',
    'type: saw',
    'type: saw, buffer: { capacity: 0 }',
    `27:61  ${machines}[0].buffer.capacity: no part can be on its way to the machine: none fits before it, and the way takes no time; let at least one part fit, or give the way a time: transport, in seconds`,
  ],
  [
    'half a place for parts',
    'type: saw',
    'type: saw, buffer: { capacity: 2.5 }',
    `27:61  ${machines}[0].buffer.capacity: 2.5 is not a number of parts; write a whole number from 0 to 65535`,
  ],
  [
    'a missing product',
    'products: [bolt]',
    'products: [blot]',
    '36:28  customers[0].products[0]: there is no product "blot"; did you mean "bolt"?',
  ],
  [
    'a missing state map',
    'type: saw',
    'type: saw, status: { state: { map: packML2 } }',
    `27:65  ${machines}[0].status.state.map: there is no state map "packML2"; did you mean "packml"?`,
  ],
  [
    'a missing sensor',
    'type: saw',
    'type: saw, sensors: [blades]',
    `27:51  ${machines}[0].sensors[0]: the type "saw" has no "blades"; did you mean "blade"?`,
  ],
  [
    'a unit that does not fit',
    'unit: °C',
    'unit: mm',
    '12:15  types.saw.signals.blade.unit: "mm" does not measure temperature; use °C, K or °F',
  ],
  [
    'a unit spelt otherwise',
    'unit: °C',
    'unit: degC',
    '12:15  types.saw.signals.blade.unit: "degC" does not measure temperature; did you mean "°C"?',
  ],
  [
    'no unit',
    '        unit: °C\n',
    '',
    '10:7  types.saw.signals.blade.unit: unit is missing; use °C, K or °F',
  ],
  [
    'no range',
    '        range: [0, 150]\n',
    '',
    '10:7  types.saw.signals.blade.range: range is missing; add what the instrument can show as [lowest, highest]',
  ],
  [
    'an empty range',
    'range: [0, 150]',
    'range: [150, 0]',
    '13:16  types.saw.signals.blade.range: the range 150 to 0 is empty; write [lowest, highest]',
  ],
  [
    'limits out of order',
    'criticalHigh: 80',
    'criticalHigh: 50',
    '14:50  types.saw.signals.blade.limits.criticalHigh: criticalHigh 50 is not above warningHigh 60; the order is criticalLow < warningLow < warningHigh < criticalHigh',
  ],
  [
    'a limit out of range',
    'criticalHigh: 80',
    'criticalHigh: 180',
    '14:50  types.saw.signals.blade.limits.criticalHigh: criticalHigh 180 lies outside the range 0 to 150; move the limit or widen the range',
  ],
  [
    'a delay that is no duration',
    'criticalHigh: 80',
    'criticalHigh: 80, onDelay: soon',
    '14:63  types.saw.signals.blade.limits.onDelay: "soon" is not a duration; write 10s, 500ms or 2min',
  ],
  [
    'a delay of a limit that is not there',
    'criticalHigh: 80',
    'criticalHigh: 80, delays: { warningLow: { onDelay: 1s } }',
    '14:76  types.saw.signals.blade.limits.delays.warningLow: there is no warningLow that could be delayed; add warningLow, or remove its delays',
  ],
  [
    'vibration zones for a temperature',
    'limits: { warningHigh: 60, criticalHigh: 80 }',
    'limits: { iso20816: { group: 2, support: rigid } }',
    '14:29  types.saw.signals.blade.limits.iso20816: the zones of ISO 20816 are of a vibration in mm/s, not of temperature in "°C"; write the limits themselves',
  ],
  [
    'vibration zones of a class that has none on this support',
    '    signals:\n',
    '    signals:\n      shaft: { quantity: vibration, unit: mm/s, range: [0, 50], limits: { iso20816: { group: I, support: flexible } } }\n',
    '10:106  types.saw.signals.shaft.limits.iso20816.support: ISO 10816-1 has no zones for class I on a flexible support; choose the other support, or group 1 or 2',
  ],
  [
    'a fault that is none',
    '    idealCycleTime: 30\n',
    '    idealCycleTime: 30\n    faults: [tool-ware]\n',
    '9:14  types.saw.faults[0]: "tool-ware" is not known here; did you mean "tool-wear"?',
  ],
  [
    'a mode that is none',
    '    idealCycleTime: 30\n',
    '    idealCycleTime: 30\n    packml: { modes: { Production: [], Manul: [Held] } }\n',
    '9:40  types.saw.packml.modes.Manul: there is no unit mode "Manul"; did you mean "Manual"?',
  ],
  [
    'a mode without a state that every machine has',
    '{ id: saw-1, type: saw }',
    '{ id: saw-1, type: saw, packml: { modes: { Production: [], Manual: [Held, Idle] } } }',
    `27:91  ${machines}[0].packml.modes.Manual[1]: mode "Manual" disables Idle, which every machine has; take it off the list`,
  ],
  [
    'a counter of parts that would count none',
    '{ id: saw-1, type: saw }',
    '{ id: saw-1, type: saw, status: { parts: { quantity: counter } } }',
    `27:51  ${machines}[0].status.parts.unit: a counter without a unit counts no parts, and this one is called parts; add unit: parts, or unit: "" where it counts something else`,
  ],
  [
    'a mode without the state that is none',
    '{ id: saw-1, type: saw }',
    '{ id: saw-1, type: saw, packml: { modes: { Production: [Undefined] } } }',
    `27:73  ${machines}[0].packml.modes.Production[0]: mode "Production" disables Undefined, which only says that nobody knows the state; take it off the list`,
  ],
  [
    'modes without that in which machines begin',
    '{ id: saw-1, type: saw }',
    '{ id: saw-1, type: saw, packml: { modes: { Manual: [] } } }',
    `27:58  ${machines}[0].packml.modes: modes leaves out Production, in which every machine begins; add Production: [], or the states it does without`,
  ],
  [
    'a mode that never changes',
    '{ id: saw-1, type: saw }',
    '{ id: saw-1, type: saw, packml: { modeChangeIn: [] } }',
    `27:65  ${machines}[0].packml.modeChangeIn: with no state in it the mode never changes; name states, or leave it out for Stopped, Idle, Aborted`,
  ],
  [
    'a mode that changes in no state',
    '{ id: saw-1, type: saw }',
    '{ id: saw-1, type: saw, packml: { modeChangeIn: [Undefined] } }',
    `27:66  ${machines}[0].packml.modeChangeIn[0]: no mode changes in Undefined, which only says that nobody knows the state; take it off the list`,
  ],
  [
    'modes as a list',
    '{ id: saw-1, type: saw }',
    '{ id: saw-1, type: saw, packml: { modes: [Manual] } }',
    `27:58  ${machines}[0].packml.modes: a list is not a map of modes; write each mode with the states it does without, such as "Manual: [Held]"`,
  ],
  [
    'a Hold where the standard has none',
    '{ id: saw-1, type: saw }',
    '{ id: saw-1, type: saw, packml: { holdFrom: [Aborted] } }',
    `27:62  ${machines}[0].packml.holdFrom[0]: Hold is never taken in Aborted; it may be in Starting, Idle, Suspended, Execute, Unholding, Suspending, Unsuspending, Completing, Complete`,
  ],
  [
    'a counter that rolls over nowhere',
    '{ id: saw-1, type: saw }',
    '{ id: saw-1, type: saw, packml: { counterWidth: 0.5 } }',
    `27:65  ${machines}[0].packml.counterWidth: a part counter cannot roll over at 0.5; give a whole number, or 0 where it never does`,
  ],
  [
    'a normal value that is a warning',
    'normal: [40, 1]',
    'normal: [70, 1]',
    '15:17  types.saw.signals.blade.normal: the normal centre 70 would be a warning (0 to 60 is not); move the centre or the limits',
  ],
  [
    'a quantity that is none',
    'quantity: temperature',
    'quantity: temprature',
    '11:19  types.saw.signals.blade.quantity: "temprature" is not known here; did you mean "temperature"?',
  ],
  [
    'a period that is none',
    '        unit: °C',
    '        period: 1 fortnight\n        unit: °C',
    '12:17  types.saw.signals.blade.period: "1 fortnight" is not a period; write 1s, 100ms, 1min or on-change',
  ],
  [
    'a type that extends a missing one',
    'archetype: machining',
    'extends: cnc-mil',
    '6:14  types.saw.extends: there is no machine type "cnc-mil"; did you mean "cnc-mill"?',
  ],
  [
    'a type that extends itself',
    'archetype: machining',
    'extends: saw',
    '6:14  types.saw.extends: types extend each other in a circle: saw → saw; let one of them extend nothing',
  ],
  [
    'a type that lacks what no type gives it',
    '    archetype: machining\n',
    '',
    '5:3  types.saw.archetype: archetype is missing; add machining, robot, press, welder, conveyor, station, booth or tester, or extend a type that has it',
  ],
  [
    'parts that go round in a circle',
    'id: mill-1,',
    'id: mill-1, feeds: saw-1,',
    `28:38  ${machines}[1].feeds: parts go round in a circle: saw-1 → mill-1 → saw-1; remove one of these feeds, e.g. with feeds: []`,
  ],
  [
    'a machine that feeds a missing one',
    'id: mill-1,',
    'id: mill-1, feeds: [saw-9],',
    `28:38  ${machines}[1].feeds: there is no machine "saw-9" to feed; did you mean "saw-1"?`,
  ],
  [
    'a fixed offset for a time zone',
    'timeZone: Europe/Berlin',
    'timeZone: "+01:00"',
    '21:15  sites[0].timeZone: there is no time zone "+01:00"; write an IANA name such as Europe/Berlin',
  ],
  [
    'a time of day that is none',
    'end: "14:00"',
    'end: "24:00"',
    '32:51  shifts[0].end: "24:00" is not a time of day; write hours and minutes such as 06:00',
  ],
  [
    'two shifts that overlap',
    '  - { id: early,',
    '  - { id: first, site: here, start: "22:00", end: "07:00", days: [1] }\n  - { id: early,',
    '33:37  shifts[1].start: the shift overlaps with "first" (22:00 to 07:00); end one where the other begins',
  ],
  [
    'a break outside of its shift',
    'crew: crew-a }\n',
    'crew: crew-a, breaks: [{ start: "14:30", end: "14:45" }] }\n',
    '32:97  shifts[0].breaks[0]: the break from 14:30 to 14:45 is not within the shift, 06:00 to 14:00; move it into the shift, or leave it out',
  ],
  [
    'a holiday that is no day',
    'products:\n',
    'calendarExceptions: [{ site: here, date: "2026-02-31", name: Nothing, shifts: [] }]\nproducts:\n',
    '33:42  calendarExceptions[0].date: "2026-02-31" is not a date; write year, month and day in quotes such as "2026-12-24"',
  ],
  [
    'two breaks that overlap',
    'crew: crew-a }\n',
    'crew: crew-a, breaks: [{ start: "09:00", end: "09:30" }, { start: "09:15", end: "09:45" }] }\n',
    '32:131  shifts[0].breaks[1]: the break from 09:15 to 09:45 overlaps with that from 09:00 to 09:30; end one where the other begins',
  ],
  [
    'shifts that overlap on one day',
    'products:\n',
    '  - { id: sat, site: here, start: "04:00", end: "12:00", days: [6] }\ncalendarExceptions: [{ site: here, date: "2026-12-24", name: Short, shifts: [early, sat] }]\nproducts:\n',
    '34:77  calendarExceptions[0].shifts: around 2026-12-24 the shifts "sat" (04:00 to 12:00) and "early" (06:00 to 14:00) overlap; leave one of them out',
  ],
  [
    'a shift that overlaps with that of the day after',
    'products:\n',
    '  - { id: long, site: here, start: "15:00", end: "07:00", days: [6] }\ncalendarExceptions: [{ site: here, date: "2026-12-21", name: Long, shifts: [long] }]\nproducts:\n',
    '34:76  calendarExceptions[0].shifts: around 2026-12-21 the shifts "long" (15:00 to 07:00) and "early" (06:00 to 14:00) overlap; leave one of them out',
  ],
  [
    'a shift of another site on one day',
    'crews:\n',
    '  - { id: there, name: There, timeZone: UTC, areas: [] }\ncalendarExceptions: [{ site: there, date: "2026-12-24", name: Short, shifts: [early] }]\ncrews:\n',
    '30:79  calendarExceptions[0].shifts[0]: the shift "early" is of "here", not of "there"; name a shift of the same site',
  ],
  [
    'two exceptions for one day',
    'products:\n',
    'calendarExceptions:\n  - { site: here, date: "2026-12-24", name: Short, shifts: [early] }\n  - { site: here, date: "2026-12-24", name: None, shifts: [] }\nproducts:\n',
    '35:25  calendarExceptions[1].date: "here" has an exception for 2026-12-24 already, in line 34; write one with all shifts of the day',
  ],
  [
    'two targets for the same',
    'products:\n',
    'targets:\n  - { line: line-1, parts: 100 }\n  - { line: line-1, parts: 200 }\nproducts:\n',
    '35:13  targets[1].line: there is a target for the same line, shift and product already, in line 34; remove one of the two',
  ],
  [
    'a planned stop for nobody',
    'products:\n',
    'plannedStops: [{ for: saw-7, from: "2026-01-01T10:00", to: "2026-01-01T11:00", name: Oil }]\nproducts:\n',
    '33:23  plannedStops[0].for: there is no site, line or machine "saw-7"; did you mean "saw-1"?',
  ],
  [
    'an ideal cycle of no time',
    '    idealCycleTime: 30\n',
    '    idealCycleTime: 0\n',
    '8:21  types.saw.idealCycleTime: 0 is not a cycle time; write a number of seconds greater than 0',
  ],
  [
    'a cost of something that is not there',
    'products:\n',
    'costs: { downtime: { lime-1: 90 }, currency: Euro }\nproducts:\n',
    '33:46  costs.currency: "Euro" is not a currency; write its three letters, such as EUR',
  ],
  [
    'a downtime that costs where nobody is',
    'products:\n',
    'costs: { downtime: { lime-1: 90 }, energy: { mars: 1 } }\nproducts:\n',
    `33:22  costs.downtime.lime-1: there is no site, line or machine "lime-1"; did you mean "line-1"?
33:46  costs.energy.mars: there is no site "mars"; use the id of a site`,
  ],
  [
    'a tariff whose times overlap',
    'products:\n',
    'costs: { energy: { price: 0.1, times: [{ start: "06:00", end: "22:00", price: 0.2 }, { start: "21:00", end: "23:00", price: 0.3 }] } }\nproducts:\n',
    '33:18  costs.energy: a map is not a tariff with one price for each hour; let no two of its times overlap',
  ],
  [
    'a service of work orders without its address',
    'products:\n',
    'workOrders: { rest: { list: "$.a[*]" } }\nproducts:\n',
    `33:15  workOrders.rest.url: write http://host:port or https://host, and the path if there is one; see plants/README.md, workOrders
33:29  workOrders.rest.list: a path is written like $.axes[2].load, one place without wildcards; see plants/README.md, workOrders`,
  ],
  [
    'a reason code that does not exist',
    'products:\n',
    'faultReasons: { saw: { E1: mechanical/baering } }\nproducts:\n',
    '33:28  faultReasons.saw.E1: there is no reason "mechanical/baering"; did you mean "mechanical/bearing"?',
  ],
  [
    'a category of reasons that does not exist',
    'products:\n',
    'downtimeReasons: { mechanic: [belt] }\nproducts:\n',
    '33:20  downtimeReasons.mechanic: there is no category "mechanic"; did you mean "mechanical"?',
  ],
  [
    'an ideal cycle of zero for a product',
    'lines: [line-1] }',
    'lines: [line-1], cycleTimes: { saw-1: 0 } }',
    '34:55  products[0].cycleTimes.saw-1: 0 is not a cycle time; write a number of seconds greater than 0',
  ],
  [
    'a weekday that is none',
    'days: [1, 2]',
    'days: [0, 2]',
    '32:67  shifts[0].days[0]: 0 is not a weekday; write a number from 1 (Monday) to 7 (Sunday)',
  ],
  [
    'a state that is none',
    'types:\n',
    'stateMaps:\n  plc: { RUN: Execute, run: Idle, STOP: Stoped }\ntypes:\n',
    `5:24  stateMaps.plc.run: "run" is the same word as "RUN": case does not count; keep one of the two
5:41  stateMaps.plc.STOP: "Stoped" is no PackML state or unit mode; did you mean "Stopped"?`,
  ],
  [
    'a range of ids that runs backwards',
    'id: saw-1',
    'id: "saw-{9..1}"',
    `27:23  ${machines}[0].id: "saw-{9..1}" is no range of ids; write the lower number first, and at most 1000 machines`,
  ],
  [
    'two signals under one tag',
    'id: mill-1, type: cnc-mill',
    'id: saw-2, type: saw',
    `28:17  ${machines}[1]: the source "sim" would have to tell saw-2.blade from saw-1.blade by the same tag "blade"; give each its tag, or write tags: '{machine}.{signal}' at the source or the type`,
  ],
  [
    'a flow that cannot be',
    'id: saw-1, type: saw',
    'id: saw-1, type: saw, flow: { cycle: -3, scrap: 2, blocking: never, patience: { kind: normal, mean: 3, deviation: 2 } }',
    `27:56  ${machines}[0].flow.cycle: -3 is not a length of time: constant has -3; times are finite and from 0 s; write seconds, or how they are drawn, such as { kind: lognormal, mean: 90, deviation: 80 }
27:67  ${machines}[0].flow.scrap: 2 is not a share; write a number from 0 to 1, such as 0.02
27:80  ${machines}[0].flow.blocking: "never" is not known here; use after-service or before-service
27:97  ${machines}[0].flow.patience: a map is not a length of time: normal with mean 3 s and deviation 2 s would give times below 0 s; write seconds, or how they are drawn, such as { kind: lognormal, mean: 90, deviation: 80 }`,
  ],
  [
    'cycles that are shorter than simulated time goes by',
    'id: saw-1, type: saw',
    'id: saw-1, type: saw, idealCycleTime: 1.0e-9, flow: { cycle: { kind: weibull, scale: 1.0e-9, shape: 2 } }',
    `27:57  ${machines}[0].idealCycleTime: 1e-9 is not a cycle time from 0.001 s; write seconds, such as 52; simulated time goes by milliseconds
27:80  ${machines}[0].flow.cycle: a map is not a length of time from 0.001 s; write seconds, such as 9.2; simulated time goes by milliseconds`,
  ],
  [
    'a cycle and failures that never let time go on',
    'id: saw-1, type: saw',
    'id: saw-1, type: saw, flow: { cycle: 0, failures: [{ every: { kind: uniform, low: 0, high: 0 }, repair: 0 }] }',
    `27:56  ${machines}[0].flow.cycle: 0 is not a length of time from 0.001 s; write seconds, such as 9.2; simulated time goes by milliseconds
27:79  ${machines}[0].flow.failures[0].every: a map is not a length of time from 0.001 s; write seconds, such as 9.2; simulated time goes by milliseconds`,
  ],
  [
    'rework beside the flow that it belongs to',
    'id: saw-1, type: saw',
    'id: saw-1, type: saw, rework: { share: 0.05, to: saw-1 }',
    `27:41  ${machines}[0].rework: unknown key "rework"; move it under flow`,
  ],
  [
    'a shift that is all break',
    'crew: crew-a }\n',
    'crew: crew-a, breaks: [{ start: "10:00", end: "14:00" }, { start: "06:00", end: "10:00" }] }\n',
    '32:96  shifts[0].breaks: the breaks take up the whole shift, 06:00 to 14:00, so that nobody works in it; shorten them, or leave the shift out',
  ],
  [
    'failures of no length',
    'id: saw-1, type: saw',
    'id: saw-1, type: saw, flow: { failures: [{ every: soon, repair: 60 }] }',
    `27:69  ${machines}[0].flow.failures[0].every: "soon" is not a length of time; write seconds, or how they are drawn, such as { kind: lognormal, mean: 90, deviation: 80 }`,
  ],
  [
    'rework at a machine that parts do not come back from',
    'id: saw-1, type: saw',
    'id: saw-1, type: saw, flow: { scrap: 0.5, rework: { share: 0.6, to: mill-1 } }',
    `27:78  ${machines}[0].flow.rework.share: scrap and rework are 1.1 of the parts together, so that fewer than one in a hundred goes on; write a smaller share
27:87  ${machines}[0].flow.rework.to: parts that are done again at mill-1 do not come to saw-1; name the machine itself or one before it`,
  ],
  [
    'a machine that throws every part away',
    'id: saw-1, type: saw',
    'id: saw-1, type: saw, flow: { scrap: 1 }',
    `27:56  ${machines}[0].flow.scrap: every part is thrown away, so that none is ever finished; write a smaller share`,
  ],
  [
    'a machine that throws next to every part away',
    'id: saw-1, type: saw',
    'id: saw-1, type: saw, flow: { scrap: 0.999 }',
    `27:56  ${machines}[0].flow.scrap: 0.999 of the parts are thrown away, so that fewer than one in a hundred goes on; write a smaller share`,
  ],
  [
    'failures that leave no time for a part',
    'id: saw-1, type: saw',
    'id: saw-1, type: saw, flow: { failures: [{ every: 0.001, repair: 300 }, { every: 45, repair: 10, scrapsPart: true }, { every: 60, repair: 0.5, clock: calendar }, { every: 60, repair: 6000 }] }',
    `27:69  ${machines}[0].flow.failures[0].every: it would fail 30000 times while it works on one part of 30 s; 100 times is the most; let it fail less often, or repair it sooner
27:100  ${machines}[0].flow.failures[1].every: its parts take 30 s, and it would fail and lose one every 45 s; at least 2 have the time to be done; let it fail less often, or repair it sooner
27:145  ${machines}[0].flow.failures[2].every: by the calendar it would fail every 60 s, before it has well started again; every 600 s is the most often; let it fail less often, or repair it sooner
27:190  ${machines}[0].flow.failures[3].every: it would stand 100 times as long as it works; 99 times is the most; let it fail less often, or repair it sooner`,
  ],
  [
    'failures that leave no time for a part, all together',
    '    idealCycleTime: 30\n',
    '    idealCycleTime: 30\n    flow: { failures: [{ every: 90, repair: 1, scrapsPart: true }, { every: 90, repair: 1, scrapsPart: true }] }\n',
    `9:23  types.saw.flow.failures: taken together, its parts take 30 s, and it would fail and lose one every 45 s; at least 2 have the time to be done; let it fail less often, or repair it sooner`,
  ],
  [
    'failures that leave no time for a part of one product',
    `type: saw }
              - { id: mill-1, type: cnc-mill }
crews:
  - { id: crew-a, site: here, size: 4 }
shifts:
  - { id: early, site: here, start: "06:00", end: "14:00", days: [1, 2], crew: crew-a }
products:
  - { id: bolt, lines: [line-1]`,
    `type: saw, flow: { failures: [{ every: 90, repair: 1, scrapsPart: true }] } }
products:
  - { id: bolt, lines: [line-1], cycleTimes: { line-1: 50 }`,
    `27:69  ${machines}[0].flow.failures[0].every: its parts take 50 s, and it would fail and lose one every 90 s; at least 2 have the time to be done; let it fail less often, or repair it sooner`,
  ],
  [
    'lengths of time that never end, or that are next to nothing',
    'id: saw-1, type: saw',
    'id: saw-1, type: saw, buffer: { capacity: 3, transport: 1.0e+12 }, flow: { cycle: { kind: weibull, scale: 30, shape: 0.01 }, patience: 1.0e+300, failures: [{ every: { kind: lognormal, mean: 3600, deviation: 1.0e+6 }, repair: 1.0e+7 }] }',
    `27:75  ${machines}[0].buffer.transport: 1000000000000 is not a way of at most 30 days; write the seconds that a part is on its way, such as 30
27:101  ${machines}[0].flow.cycle: a map is not a length of time: weibull with shape 0.01: a shape is from 0.25; below that next to all times are nothing; write seconds, or how they are drawn, such as { kind: lognormal, mean: 90, deviation: 80 }
27:154  ${machines}[0].flow.patience: 1e+300 is not a length of time: constant has 1e+300 s, which is more than a hundred years; write seconds, or how they are drawn, such as { kind: lognormal, mean: 90, deviation: 80 }
27:184  ${machines}[0].flow.failures[0].every: a map is not a length of time: lognormal with mean 3600 s and deviation 1000000 s: a deviation is at most 10 times the mean; write seconds, or how they are drawn, such as { kind: lognormal, mean: 90, deviation: 80 }
27:244  ${machines}[0].flow.failures[0].repair: 10000000 is not a length of time of at most 30 days on average; write seconds, such as 900`,
  ],
  [
    'rework at a machine that is not there',
    'id: saw-1, type: saw',
    'id: saw-1, type: saw, flow: { rework: { share: 1, to: saw-7 } }',
    `27:66  ${machines}[0].flow.rework.share: every part is done again, so that none is ever finished; write a smaller share
27:73  ${machines}[0].flow.rework.to: there is no machine "saw-7" to do parts again; did you mean "saw-1"?`,
  ],
  [
    'people of crews that are not there, said once for a type',
    '    idealCycleTime: 30',
    '    idealCycleTime: 30\n    flow: { operator: crew-b, failures: [{ every: 3600, repair: 60, crew: crew-c }] }',
    `9:23  types.saw.flow.operator: there is no crew "crew-b"; did you mean "crew-a"?
9:75  types.saw.flow.failures[0].crew: there is no crew "crew-c"; did you mean "crew-a"?`,
  ],
  [
    'a changeover to no product',
    'id: saw-1, type: saw',
    'id: saw-1, type: saw, flow: { changeovers: [{ from: bolt, to: bold, time: 60 }] }',
    `27:81  ${machines}[0].flow.changeovers[0].to: there is no product "bold"; did you mean "bolt"?`,
  ],
  [
    'people on shift where no shift has a crew',
    `type: cnc-mill }
crews:
  - { id: crew-a, site: here, size: 4 }
shifts:
  - { id: early, site: here, start: "06:00", end: "14:00", days: [1, 2], crew: crew-a }`,
    `type: cnc-mill, flow: { operator: on-shift } }
shifts:
  - { id: early, site: here, start: "06:00", end: "14:00", days: [1, 2] }`,
    `28:65  ${machines}[1].flow.operator: no shift of "here" has a crew, so that nobody would ever be there; add crew to the shifts, or name a crew`,
  ],
  [
    'a crew that is called as what stands for all',
    '{ id: crew-a, site: here, size: 4 }',
    '{ id: crew-a, site: here, size: 4 }\n  - { id: on-shift, site: here, size: 4 }',
    `31:11  crews[1].id: "on-shift" stands for whichever crew is on shift; call the crew something else`,
  ],
  [
    'orders that no line can work off',
    'customers:',
    `orders:
  - { id: o-1, line: line-1, product: bolt, quantity: 0 }
  - { id: o-2, line: line-7, product: nut, quantity: 5 }
  - { id: o-3, line: line-1, product: bolt, quantity: 5, release: "2026-01-05T06:00", due: "2026-01-04T06:00" }
  - { id: o-3, line: line-1, product: bolt, quantity: 5, customer: acne }
customers:`,
    `36:55  orders[0].quantity: 0 is not a number of parts; write a whole number from 1
37:22  orders[1].line: there is no line "line-7"; did you mean "line-1"?
37:39  orders[1].product: there is no product "nut"; use the id of a product
38:92  orders[2].due: the order is due at 2026-01-04T06:00, before it may begin; write a time after the one at "release"
39:11  orders[3].id: the order id "o-3" is already used in line 38; give one of the two another id
39:68  orders[3].customer: there is no customer "acne"; did you mean "acme"?`,
  ],
  [
    'an order that its line cannot make',
    'lines: [line-1] }',
    'lines: [line-2] }\norders: [{ id: o-1, line: line-1, product: bolt, quantity: 5 }]',
    `34:25  products[0].lines[0]: there is no line "line-2"; did you mean "line-1"?
35:27  orders[0].line: "bolt" has no route on "line-1"; it is made on line-2; name one of those lines, or add this one to the product`,
  ],
  [
    'an order from a line on which no part begins',
    `machines:
              - { id: saw-1, type: saw }
              - { id: mill-1, type: cnc-mill }`,
    `machines: [{ id: saw-1, type: saw, feeds: mill-1 }]
          - id: line-2
            machines:
              - { id: mill-1, type: cnc-mill }
orders: [{ id: o-1, line: line-2, product: bolt, quantity: 5 }]`,
    `30:27  orders[0].line: "bolt" has no route on "line-2"; it is made on line-1; name one of those lines, or add this one to the product
30:27  orders[0].line: no part begins on "line-2": saw-1 feeds its first machine; order from the line on which the parts begin`,
  ],
  [
    'a bracket that is never closed',
    'lines: [line-1]',
    'lines: [line-1',
    `34:32  not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]; align it with its neighbours`,
  ],
  [
    'a tab for indentation',
    '    ratedPower',
    '\tratedPower',
    `7:1  not YAML: Tabs are not allowed as indentation; indent with blanks
8:21  not YAML: Nested mappings are not allowed in compact mappings; correct the text here or just before it`,
  ],
  [
    'an alias of nothing',
    'normal: [40, 1]',
    'normal: *usual',
    '15:17  there is no anchor &usual before this; write the value itself',
  ],
  [
    'an alias of itself',
    'normal: [40, 1]',
    'normal: &usual [*usual, 1]',
    '15:25  &usual contains itself; write the value itself',
  ],
]

function problemsOf(text: string): string[] {
  const { problems } = loadPlant(text, { file: 'plant.yaml' })
  return (problems ?? []).map(formatProblem)
}

describe('a broken plant file', () => {
  it('is compared with one that is sound', () => {
    expect(problemsOf(sound)).toEqual([])
  })

  it.each(table)('with %s names line, column, path, value and fix', (_, from, to, expected) => {
    expect(sound.split(from).length, `the sound file has "${from}" once`).toBe(2)
    const found = problemsOf(sound.replace(from, to))
    expect(found.join('\n')).toBe(expected.replaceAll(/^/gm, 'plant.yaml:'))
  })

  it('that is empty, or no map, says how to begin', () => {
    const begin = 'begin it with "gemba: 1", then name, enterprise, sources and sites'
    expect(problemsOf('')).toEqual([`plant.yaml:1:1  the file is empty; ${begin}`])
    expect(problemsOf('# nothing yet\n')).toEqual([`plant.yaml:1:1  the file is empty; ${begin}`])
    expect(problemsOf('- 1\n- 2\n')).toEqual([`plant.yaml:1:1  the file is not a map of keys; ${begin}`])
  })

  it('with a circle of several types is told of it once', () => {
    const circle = sound.replace(
      'sources:',
      '  b: { extends: c }\n  c: { extends: d }\n  d: { extends: b }\nsources:',
    )
    expect(problemsOf(circle)).toEqual([
      'plant.yaml:16:17  types.b.extends: types extend each other in a circle: b → c → d → b; let one of them extend nothing',
    ])
  })

  it('whose aliases would unfold into millions of values is refused at once', () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(10)}]`,
    )
    const found = problemsOf(`l0: &l0 [1, 2]\n${levels.join('\n')}\n`)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain('the file stands for more than the 2000000 values allowed')
  })

  it.each([
    ['brackets', '['.repeat(100_000)],
    ['braces', '{a: '.repeat(100_000)],
    ['list marks', '- '.repeat(50_000)],
    ['indentation', Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('that is nested thousands of levels deep by %s is refused', (_, text) => {
    expect(
      problemsOf(text).some(problem => problem.includes('nested deeper than the 40 levels allowed')),
    ).toBe(true)
  })

  it('that is too large is refused unread', () => {
    expect(problemsOf(`name: ${'x'.repeat(9 * 2 ** 20)}`)).toEqual([
      'plant.yaml:1:1  the file has 9437190 characters, more than the 8388608 allowed; use machine types and id ranges such as press-{01..12} instead of repeating machines',
    ])
  })

  it('with twenty thousand keys or mistakes is answered in a moment', () => {
    const keys = Array.from({ length: 20_000 }, (_, key) => `key${key}: 1`).join('\n')
    expect(problemsOf(`${sound}${keys}\n`)).toHaveLength(20_000)
    const lines = Array.from({ length: 20_000 }, (_, line) => `nowhere-${line}`).join(', ')
    expect(problemsOf(sound.replace('lines: [line-1]', `lines: [${lines}]`))).toHaveLength(20_000)
  })
})
