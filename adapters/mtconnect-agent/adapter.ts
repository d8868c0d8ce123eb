import { Observable } from 'rxjs'
import type { AdapterDefinition } from '../contract.js'
import { AgentReader } from './agent-reader.js'
import { type AgentOptions, agentOptions } from './config.js'

/** Reads an MTConnect agent over HTTP: what is now, then every observation by its sequence number. It only asks. */
export const mtconnectAgent: AdapterDefinition<AgentOptions> = {
  kind: 'mtconnect-agent',
  summary: 'MTConnect agents (HTTP): every observation in its order, going on where a cut link stopped',
  options: agentOptions,
  examples: [
    { title: 'An agent with one device', options: { url: 'http://192.0.2.30:5000' } },
    {
      title: 'One device of an agent that has several',
      options: { url: 'http://192.0.2.30:5000/Mazak01', device: 'Mazak01' },
    },
    {
      title: 'Over TLS, with a certificate authority of the plant’s own',
      options: { url: 'https://agent.example:5443', tls: { ca: '/etc/gemba/plant-ca.pem' } },
    },
  ],
  probe: options => options,
  create: (options, context) =>
    new Observable(subscriber => {
      const reader = new AgentReader(options, context, subscriber)
      void reader.run()
      return () => reader.close()
    }),
}
