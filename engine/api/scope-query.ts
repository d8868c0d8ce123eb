import { z } from '@hono/zod-openapi'
import type { Plant } from '../../schema/plant.js'
import { findScope, type Scope } from '../kpi/scope.js'
import { ApiError } from './api-error.js'

/** The part of a query that says which part of the plant it is about. */
export const scopeQuery = z
  .string()
  .max(200)
  .default('enterprise')
  .describe('enterprise, site:{id}, area:{id}, line:{id} or machine:{id}')

/** Throws ApiError 422 where there is no such part. */
export function scopeOf(plant: Plant, name: string): Scope {
  const scope = findScope(plant, name)
  if (scope !== undefined) return scope
  throw new ApiError(422, `There is no '${name}' in the plant; see /api/v1/plant.`, {
    errors: [
      { path: 'query.scope', message: 'write enterprise, site:{id}, area:{id}, line:{id} or machine:{id}' },
    ],
  })
}
