export type Opcua = typeof import('node-opcua')

let loaded: Promise<Opcua> | undefined

/**
 * node-opcua, loaded when it is first needed: it takes a second and 90 MB, which a plant without OPC UA need not pay.
 * Its own log is silenced: what an operator should know comes as errors and events.
 */
export function loadOpcua(): Promise<Opcua> {
  loaded ??= import('node-opcua').then(opcua => {
    const silent = (): void => {}
    opcua.setDebugLogger(silent)
    opcua.setWarningLogger(silent)
    opcua.setErrorLogger(silent)
    return opcua
  })
  return loaded
}
