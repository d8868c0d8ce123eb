import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Manifest } from '../../schema/manifest.js'
import type { Plant } from '../../schema/plant.js'
import type { Floor } from '../floor/floor.js'
import { ApiError } from './api-error.js'
import { jsonAnswer, problemAnswer } from './router.js'

/** The manifest as it is sent, made once. */
export interface ManifestDocument {
  /** Content hash; the manifest's name for ever. */
  readonly hash: string
  readonly json: Uint8Array<ArrayBuffer>
  readonly gzip: Uint8Array<ArrayBuffer>
}

function makeManifest({ plant, registry }: Pick<Floor, 'plant' | 'registry'>): Manifest {
  const areas = plant.sites.flatMap(site => site.areas.map(area => ({ site, area })))
  const lines = areas.flatMap(({ area }) => area.lines.map(line => ({ area, line })))
  const orders = new Map(
    lines.flatMap(({ line }) => line.machines.map((machine, order) => [machine.id, order])),
  )
  const types = new Map(plant.machineTypes.map(type => [type.id, type]))
  return {
    plant: plant.name,
    enterprise: plant.enterprise,
    sites: plant.sites.map(({ id, name }) => ({ id, name })),
    areas: areas.map(({ site, area }) => ({ id: area.id, name: area.name, site: site.id })),
    lines: lines.map(({ area, line }) => ({ id: line.id, name: line.name, kind: line.kind, area: area.id })),
    machines: registry.machines.map(({ index, machine, line }) => ({
      index,
      id: machine.id,
      name: machine.name,
      type: machine.type,
      typeName: types.get(machine.type)?.name ?? machine.type,
      archetype: types.get(machine.type)?.archetype ?? 'station',
      line,
      order: orders.get(machine.id) ?? 0,
      feeds: machine.feeds,
      position: machine.position,
    })),
    signals: registry.signals.map(({ index, machine, signal }) => ({
      index,
      id: signal.id,
      name: signal.name,
      machine,
      role: signal.role,
      quantity: signal.quantity,
      unit: signal.unit,
      type: signal.type,
      period: signal.period,
      range: signal.range,
      resolution: signal.resolution,
      limits: signal.limits,
    })),
  }
}

/** So many manifests are kept; a replay of an earlier plant has one of its own. */
const mostManifests = 16

/** The manifests that hellos have named. */
export class ManifestBook {
  readonly #present: ManifestDocument
  readonly #others = new Map<string, ManifestDocument>()
  readonly #known = new WeakMap<Plant, string>()

  /** `plant`: the one that the present manifest is of. */
  constructor(present: ManifestDocument, plant?: Plant) {
    this.#present = present
    if (plant !== undefined) this.#known.set(plant, present.hash)
  }

  /** Makes the manifest of a floor known, and answers its hash. */
  add(floor: Pick<Floor, 'plant' | 'registry'>): string {
    const known = this.#known.get(floor.plant)
    if (known !== undefined && this.find(known) !== undefined) return known
    const document = manifestDocument(floor)
    this.#known.set(floor.plant, document.hash)
    this.#others.delete(document.hash)
    this.#others.set(document.hash, document)
    for (const hash of this.#others.keys()) {
      if (this.#others.size > mostManifests) this.#others.delete(hash)
    }
    return document.hash
  }

  find(hash: string): ManifestDocument | undefined {
    return hash === this.#present.hash ? this.#present : this.#others.get(hash)
  }
}

export function manifestDocument(floor: Pick<Floor, 'plant' | 'registry'>): ManifestDocument {
  const text = JSON.stringify(makeManifest(floor))
  return {
    hash: createHash('sha256').update(text).digest('hex').slice(0, 32),
    json: new Uint8Array(Buffer.from(text)),
    gzip: new Uint8Array(gzipSync(text)),
  }
}

/** `/api/v1/manifest/{hash}`: what the stream's indexes mean; never changes under its hash. */
export function addManifestRoute(
  router: OpenAPIHono,
  present: ManifestDocument,
  manifests = new ManifestBook(present),
): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/manifest/{hash}',
      summary: 'What the indexes of the stream mean',
      request: { params: z.object({ hash: z.string() }) },
      responses: {
        200: jsonAnswer(z.record(z.string(), z.unknown()), 'The manifest'),
        304: { description: 'You have it' },
        404: problemAnswer('The plant has changed; the stream’s hello names the present manifest'),
      },
    }),
    c => {
      const { hash } = c.req.valid('param')
      const manifest = manifests.find(hash)
      if (manifest === undefined) {
        throw new ApiError(404, `The present manifest is ${present.hash}; the stream's hello names it.`)
      }
      const etag = `"${hash}"`
      const headers = {
        'content-type': 'application/json',
        'cache-control': 'public, max-age=31536000, immutable',
        vary: 'accept-encoding',
        etag,
      }
      if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers)
      if (/\bgzip\b/.test(c.req.header('accept-encoding') ?? '')) {
        return c.body(manifest.gzip, 200, { ...headers, 'content-encoding': 'gzip' })
      }
      return c.body(manifest.json, 200, headers)
    },
  )
}
