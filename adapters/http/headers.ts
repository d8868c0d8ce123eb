import type { RestAccess } from '../../schema/rest-access.js'
import type { ReadSecret } from '../../schema/secret.js'

type Login = Pick<RestAccess, 'headers' | 'bearer' | 'user' | 'secretHeaders'>

/** The headers of a request for JSON, with what is secret read where it is kept. Throws what `readSecret` throws. */
export function headersOf(options: Login, readSecret: ReadSecret): Record<string, string> {
  const { headers, bearer, user, secretHeaders } = options
  const secrets = Object.entries(secretHeaders).map(([name, place]) => [name, readSecret(place)] as const)
  const basic = user && Buffer.from(`${user.name}:${readSecret(user.password)}`).toString('base64')
  return {
    accept: 'application/json',
    ...headers,
    ...Object.fromEntries(secrets),
    ...(bearer && { authorization: `Bearer ${readSecret(bearer)}` }),
    ...(basic && { authorization: `Basic ${basic}` }),
  }
}
