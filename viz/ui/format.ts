/** Numbers and times as a person reads them. No Intl: a browser with a broken locale must not blank the page. */

/** Decimals that a step of `resolution` needs; unquantised values get three significant digits. */
export function formatValue(value: number, resolution: number): string {
  if (!Number.isFinite(value)) return '–'
  if (resolution <= 0) return group(String(Number(value.toPrecision(3))))
  const decimals = Math.min(6, Math.max(0, Math.ceil(-Math.log10(resolution) - 1e-9)))
  return group(value.toFixed(decimals))
}

/** Thousands apart by a narrow space, a true minus sign. */
function group(digits: string): string {
  const [whole = '', fraction] = digits.replace('-', '−').split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u202f')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** e.g. `42 s`, `12 min`, `2 h 05 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** Time since something stopped: `00:23`, `1:02:03`. */
export function formatStopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const tail = `${String(minutes).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`
  return hours === 0 ? tail : `${hours}:${tail}`
}

/** An age with a tenth below ten seconds: `0.2 s`. */
export function formatAge(ms: number): string {
  if (!Number.isFinite(ms)) return '–'
  return ms < 10_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : formatDuration(ms)
}

/** Local time of day: `14:02:11`. */
export function formatTime(unixMs: number): string {
  const time = new Date(unixMs)
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map(part => String(part).padStart(2, '0'))
    .join(':')
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** Local date, time and zone, which leave no doubt which moment is meant: `8 Jun 2017 19:18:39 UTC+2`. */
export function formatMoment(unixMs: number): string {
  const zone = formatZone(-new Date(unixMs).getTimezoneOffset())
  return `${formatDay(unixMs)} ${formatTime(unixMs)} ${zone}`
}

/** Local date: `8 Jun 2017`. */
function formatDay(unixMs: number): string {
  const time = new Date(unixMs)
  return `${time.getDate()} ${months[time.getMonth()]} ${time.getFullYear()}`
}

/** Time of day alone where it is on the day of `reference`, otherwise the whole moment. */
export function formatTimeBeside(unixMs: number, reference: number): string {
  return formatDay(unixMs) === formatDay(reference) ? formatTime(unixMs) : formatMoment(unixMs)
}

/** Time of day where it is on the day of `reference`, otherwise the day: for narrow places. */
export function formatShortBeside(unixMs: number, reference: number): string {
  return formatDay(unixMs) === formatDay(reference) ? formatTime(unixMs) : formatDay(unixMs)
}

/** Minutes east of Greenwich as people write them: `UTC`, `UTC+2`, `UTC−3:30`. */
export function formatZone(minutes: number): string {
  if (minutes === 0) return 'UTC'
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  const tail = rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`
  return `UTC${minutes < 0 ? '−' : '+'}${hours}${tail}`
}

/** `spindle-temperature` as a person writes it. */
export function formatName(name: string): string {
  const words = name.replace(/[-_]+/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
