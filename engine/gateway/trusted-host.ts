const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]', '::1'])

/** `host[:port]` without its port, lower case. */
function hostName(host: string): string {
  const end = host.startsWith('[') ? host.indexOf(']') + 1 : host.indexOf(':')
  return (end > 0 ? host.slice(0, end) : host).toLowerCase()
}

export function isLoopback(host: string): boolean {
  const name = hostName(host)
  return loopbackNames.has(name) || /^127(\.\d{1,3}){3}$/.test(name) || name.endsWith('.localhost')
}

/**
 * Whether a request's Host header may be answered. A gateway bound to loopback answers to loopback names only: a page
 * of a foreign site whose name was pointed at 127.0.0.1 (DNS rebinding) would otherwise read the plant.
 */
export function isTrustedHost(host: string, boundTo: string): boolean {
  return host === '' || !isLoopback(boundTo === '::1' ? '[::1]' : boundTo) || isLoopback(host)
}

/** Whether a page of this origin may open the stream: none (not a browser), a loopback one, or the gateway's own. */
export function isTrustedOrigin(origin: string, host: string): boolean {
  if (origin === '') return true
  if (!URL.canParse(origin)) return false
  const { host: from } = new URL(origin)
  return isLoopback(from) || (from !== '' && from === host.toLowerCase())
}
