import type { PlantPath } from './problem.js'
import type { Report } from './report.js'

/** Says so where there is no such IANA time zone. */
export function checkTimeZone(name: string, path: PlantPath, report: Report): void {
  if (isTimeZone(name)) return
  const fix = report.suggest(
    name,
    Intl.supportedValuesOf('timeZone'),
    'write an IANA name such as Europe/Berlin',
  )
  report.add(path, name, `there is no time zone "${name}"`, fix)
}

function isTimeZone(name: string): boolean {
  // A fixed offset such as +01:00 is no zone: it knows no summer time.
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
