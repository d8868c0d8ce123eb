import { z } from 'zod'
import { jsonPathText } from './json-path.js'
import { oneLogin, oneLoginRule, restAccess } from './rest-access.js'
import { workOrderFields } from './work-order.js'

const names = (what: string) =>
  z.partialRecord(z.enum(workOrderFields), z.string({ error: what }).min(1, { error: what }))
const pathsByField = z.partialRecord(z.enum(workOrderFields), jsonPathText)

/** As the Encoding Standard of the WHATWG names those that planning systems write. */
export const orderFileEncodings = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'windows-1253',
  'windows-1254',
  'windows-1257',
  'iso-8859-1',
  'iso-8859-2',
  'iso-8859-5',
  'iso-8859-15',
  'shift_jis',
  'euc-jp',
  'euc-kr',
  'gb18030',
  'big5',
] as const

/** A folder that files with work orders are dropped into. */
const orderFolder = z.strictObject({
  path: z.string().min(1, { error: 'write the path of a folder' }),
  /** Name of a field's column (CSV) or key (JSON), where it is not the field's own. */
  columns: names('write the name of a column').default({}),
  /** What files are written in; UTF-16 is known by its mark. */
  encoding: z.enum(orderFileEncodings).default('utf-8'),
  /** The mark before decimals; the other one is for thousands then. By what divides a CSV unless said. */
  decimal: z.enum(['.', ',']).optional(),
})
/** How what is dropped into the folder is written. */
export type OrderFileFormat = Omit<z.infer<typeof orderFolder>, 'path'>
/** Where nobody says how. */
export const plainOrderFiles: OrderFileFormat = { columns: {}, encoding: 'utf-8' }

/** A REST service that is asked for work orders. All it ever hears is GET. */
const orderService = z
  .strictObject({
    ...restAccess,
    everyMs: z.int().min(1_000).max(86_400_000).default(900_000),
    /** Where in the answer the list of orders is. */
    list: jsonPathText.default('$'),
    /** Where in an entry of the list a field is, where it is not under its own name. */
    fields: pathsByField.default({}),
    /** Where the answer names its next page, if it has pages. */
    next: jsonPathText.optional(),
  })
  .refine(oneLogin, oneLoginRule)

/** Where work orders come from: `workOrders` of the plant file. */
export const workOrderSources = z.strictObject({
  folder: orderFolder.optional(),
  rest: orderService.optional(),
})
export type WorkOrderSources = z.infer<typeof workOrderSources>
export type OrderService = z.infer<typeof orderService>
