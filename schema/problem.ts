import { z } from 'zod'

/** What is wrong with one part of a request. */
const problemErrorSchema = z.object({
  /** Where, as a dotted path: `query.from`. */
  path: z.string(),
  message: z.string(),
})

/** A problem document (RFC 9457): how every error of the REST interface looks. */
export const problemSchema = z.object({
  type: z.string().describe('A URI that names the kind of problem; about:blank where the status says it all'),
  title: z.string().describe('The kind of problem, the same words each time'),
  status: z.number().int().describe('The HTTP status'),
  detail: z.string().optional().describe('What happened this time and what to do next'),
  instance: z.string().optional().describe('The path that was asked for'),
  errors: z.array(problemErrorSchema).optional().describe('What is wrong with which part of the request'),
})
export type Problem = z.infer<typeof problemSchema>

export const problemContentType = 'application/problem+json'
