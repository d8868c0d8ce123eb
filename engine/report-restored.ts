import type { Logger } from 'pino'
import type { LiveFloor } from './floor/live-floor.js'

/** So many that are left unused are named at a start. */
const namedSnapshots = 5

/** Says at a start which twins go on, which start fresh, and why. */
export function reportRestored(floor: LiveFloor, logger: Logger): void {
  const { restored, migrated, fresh, ...others } = floor.restored
  if (restored + migrated > 0) {
    const text = `${restored + migrated} twins go on from their snapshots, ${fresh} start fresh`
    logger.info({ restored, migrated, fresh }, text)
  }
  for (const [why, twins] of Object.entries(others)) {
    if (twins === 0) continue
    const which = floor.twins.unused.filter(({ outcome }) => outcome === why)
    if (why.startsWith('unknown')) {
      const named = which.slice(0, namedSnapshots).map(({ address }) => address)
      const names = `${named.join(', ')}${twins > named.length ? ', …' : ''}`
      logger.warn({ twins }, `${twins} snapshots are of what this plant no longer has (${why}): ${names}`)
    } else logger.warn({ twins, which }, `${twins} twins start fresh, because their snapshot is ${why}`)
  }
}
