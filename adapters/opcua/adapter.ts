import { Observable } from 'rxjs'
import type { AdapterDefinition } from '../contract.js'
import { type OpcuaOptions, opcuaOptions } from './config.js'
import { Link } from './link.js'
import { faultOfTag } from './node-address.js'

/** Reads values from an OPC UA server (OPC 10000-4) by subscriptions. It calls no service that changes the server's. */
export const opcua: AdapterDefinition<OpcuaOptions> = {
  kind: 'opcua',
  summary: 'OPC UA servers: PLCs, machines, KEPServerEX and other gateways',
  options: opcuaOptions,
  examples: [
    {
      title: 'A server that asks for nothing',
      options: { endpoint: 'opc.tcp://192.0.2.20:4840' },
    },
    {
      title: 'Signed and encrypted, with a user; trust the server once with `gemba browse … --trust`',
      options: {
        endpoint: 'opc.tcp://192.0.2.21:49320',
        security: 'Basic256Sha256',
        user: { name: 'gemba', password: { env: 'PLC_PASSWORD' } },
      },
    },
    {
      title: 'Vibration every 10 ms, sent every 100 ms; the rest twice a second, small changes left out',
      options: {
        endpoint: 'opc.tcp://192.0.2.22:4840',
        publishingMs: 500,
        deadband: { absolute: 0.1 },
        groups: [{ signals: ['*.vibration'], samplingMs: 10, publishingMs: 100, queueSize: 200 }],
      },
    },
  ],
  probe: options => options,
  checkTags: (_, signals) =>
    signals.flatMap(signal => {
      const message = faultOfTag(signal.tag)
      const fix = '`gemba browse opc.tcp://…` shows the ids of a server; write ns=2;s=Name, or nsu=uri;s=Name'
      return message === undefined ? [] : [{ signal, message: `${signal.id}: ${message}`, fix }]
    }),
  create: (options, context) =>
    new Observable(subscriber => {
      const link = new Link(options, context, subscriber)
      void link.open()
      return () => link.close()
    }),
}
