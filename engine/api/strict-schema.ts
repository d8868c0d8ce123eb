import { z } from '@hono/zod-openapi'

/**
 * The same schema, which refuses what it does not name, at any depth: a misspelt parameter or field would be left out
 * without a word, and what is asked or told be something else.
 */
export function strictSchema<T extends z.core.$ZodType>(schema: T): T {
  if (schema instanceof z.ZodObject) {
    // What is said to be open stays so.
    if (schema.def.catchall !== undefined) return withParts(schema, { shape: strictShape(schema.shape) })
    return withParts(schema, { shape: strictShape(schema.shape), catchall: z.never() })
  }
  if (schema instanceof z.ZodArray) return withParts(schema, { element: strictSchema(schema.def.element) })
  if (schema instanceof z.ZodUnion)
    return withParts(schema, { options: schema.def.options.map(strictSchema) })
  if (schema instanceof z.ZodPipe) return withParts(schema, { in: strictSchema(schema.def.in) })
  if (schema instanceof z.ZodRecord)
    return withParts(schema, { valueType: strictSchema(schema.def.valueType) })
  const { innerType } = schema._zod.def as { readonly innerType?: z.core.$ZodType }
  return innerType === undefined ? schema : withParts(schema, { innerType: strictSchema(innerType) })
}

const strictShape = (shape: z.core.$ZodShape): z.core.$ZodShape =>
  Object.fromEntries(Object.entries(shape).map(([name, part]) => [name, strictSchema(part)]))

/** With its checks, its name and its description in the OpenAPI document. */
function withParts<T extends z.core.$ZodType>(schema: T, parts: object): T {
  return z.core.clone(schema, { ...schema._zod.def, ...parts }, { parent: true })
}
