import { explainSocketError } from '../socket-error.js'

/** What went wrong between us and a broker, and what to do: the end of a sentence that begins with its address. */
export function explain(error: Error & { readonly code?: string | number }): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return `${explainSocketError(error)}. Check that the broker runs there and that the port is open`
    case 4:
    case 134:
      return 'does not accept this user and password. Check user and password'
    case 5:
    case 135:
      return 'does not let this user in. Check user, password and the rights the broker gives them'
    case 2:
    case 133:
      return 'does not accept this clientId. Choose another'
    case 1:
    case 132:
      return 'does not speak this version of MQTT. Set protocol to 3.1.1'
  }
  if (error.message === 'Keepalive timeout')
    return 'does not answer any more, though nobody has closed the connection'
  if (error.message === 'connack timeout') return 'does not greet us: it is no MQTT broker, or too busy'
  return explainSocketError(error)
}

/** What a broker says of subscriptions that it does not grant. */
export function explainRefusal(error: Error, topics: readonly string[]): string {
  // 3.1.1 has one code for all reasons, and a link that broke has none.
  const reason = error.message.replace(/^Subscribe error: /, '').replace(/^Unspecified error$/, '')
  const what = topics.length === 0 ? 'a subscription' : `the subscription to ${topics.join(', ')}`
  return `refused ${what}${reason && ` (${reason})`}. Check the topic, and the rights that the broker gives to this user`
}
