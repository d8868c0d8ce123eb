import { freshSensor } from './sensor.machine.js'

/** A persisted snapshot of any version, as JSON gives it. */
type Persisted = Readonly<Record<string, unknown>>

/**
 * From each version of the sensor statechart to the next. Version 1 knew neither delays nor health; its limits were
 * written with gaps that JSON had turned into null, and come from the plant file anyway.
 */
export const migrations: Readonly<Record<number, (snapshot: Persisted) => Persisted>> = {
  1: snapshot => ({
    ...snapshot,
    value: { ...(snapshot.value as Persisted), health: 'ok' },
    context: { ...(snapshot.context as Persisted), ...freshSensor },
  }),
}
