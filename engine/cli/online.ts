import { join, resolve } from 'node:path'
import { findAdapter } from '../../adapters/list.js'
import type { Plant } from '../../schema/plant.js'
import { probeSource, type SourceReport, tagOutcomes } from '../pipeline/probe.js'
import { secretReader } from '../pipeline/read-secret.js'
import type { CommandIo } from './command.js'

export interface OnlineOptions {
  /** The data folder, where adapters find the certificates that are trusted. */
  readonly data: string
  readonly patienceMs: number
}

/** Connects to all sources of a plant at once and tells of each tag; answers whether all were found. */
export async function checkOnline(
  plant: Plant,
  { data, patienceMs }: OnlineOptions,
  io: CommandIo,
): Promise<boolean> {
  const { signal, env } = io
  const asked = plant.sources.filter(({ enabled }) => enabled !== false)
  const reports = await Promise.all(
    asked.map(spec => {
      const definition = findAdapter(spec.adapter)!
      const folder = join(resolve(data), definition.kind)
      return probeSource(definition, spec, {
        plant,
        wall: Date,
        folder,
        readSecret: secretReader(env),
        patienceMs,
        signal,
      })
    }),
  )
  for (const report of reports) tell(report, io)
  return reports.every(
    ({ tags, trouble }) => trouble === undefined && tags.every(({ outcome }) => outcome === 'found'),
  )
}

function tell({ source, tags, trouble }: SourceReport, io: CommandIo): void {
  for (const { outcome, signal, tag, detail } of tags)
    io.out(`${outcome.padEnd(12)}${signal}  ${tag}  ${detail}`)
  const counts = tagOutcomes
    .map(name => ({ name, count: tags.filter(({ outcome }) => outcome === name).length }))
    .filter(({ name, count }) => count > 0 || name !== 'bad value')
    .map(({ name, count }) => `${count} ${name}`)
  io.out(`${source}: ${tags.length > 0 ? counts.join(', ') : 'no tag asked for'}`)
  if (trouble !== undefined) io.err(`${source}: ${trouble}`)
}
