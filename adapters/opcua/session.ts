import { once } from 'node:events'
import { connect } from 'node:net'
import type { ClientSession, OPCUAClient, UserIdentityInfo } from 'node-opcua'
import type { ReadSecret } from '../../schema/secret.js'
import type { OpcuaOptions } from './config.js'
import { loadOpcua, type Opcua } from './library.js'
import { openCertificates } from './pki.js'
import { describeUser, readUserCertificate } from './user-certificate.js'

export type SessionOptions = Pick<
  OpcuaOptions,
  'endpoint' | 'security' | 'mode' | 'user' | 'userCertificate' | 'timeoutMs'
>

export interface SessionSurroundings {
  /** Where keys and trusted certificates are kept; see pki.ts. */
  readonly folder: string
  readonly readSecret: ReadSecret
}

/** A session that stands, and the client that carries it. */
export interface OpenSession {
  readonly opcua: Opcua
  readonly client: OPCUAClient
  readonly session: ClientSession
  /** The URIs of the server's namespaces by index. */
  readonly namespaces: readonly string[]
}

/** A link is probed after this time without a word, ms. */
const probeMs = 1_000
/** How long the server keeps a session that says nothing, ms. */
const sessionTimeoutMs = 120_000
/** First and longest wait between attempts to bring a cut link back, ms. */
const resumeDelays = { initialDelay: 300, maxDelay: 2_000, randomisationFactor: 0.1 }

/** Connects and opens a session. Throws what node-opcua throws; see explain.ts. Aborting `signal` takes all of it back. */
export async function openSession(
  options: SessionOptions,
  surroundings: SessionSurroundings,
  signal: AbortSignal,
): Promise<OpenSession> {
  const opcua = await loadOpcua()
  const identity = readIdentity(opcua, options, surroundings.readSecret)
  signal.throwIfAborted()
  const certificates = await openCertificates(opcua, surroundings.folder)
  signal.throwIfAborted()
  const client = opcua.OPCUAClient.create({
    applicationName: 'Gemba',
    clientName: 'Gemba',
    clientCertificateManager: certificates,
    securityPolicy: opcua.SecurityPolicy[options.security],
    securityMode: opcua.MessageSecurityMode[modeOf(options)],
    endpointMustExist: false,
    // One attempt: trying again is the engine's.
    connectionStrategy: { ...resumeDelays, maxRetry: 0 },
    transportTimeout: options.timeoutMs,
    defaultTransactionTimeout: options.timeoutMs,
    requestedSessionTimeout: sessionTimeoutMs,
    keepSessionAlive: true,
    keepAliveInterval: probeMs,
  })
  const disconnect = (): void => void client.disconnect().catch(() => {})
  signal.addEventListener('abort', disconnect, { once: true })
  try {
    await client.connect(options.endpoint)
    if (options.user?.clearText === false && options.security === 'None') await refuseClearText(opcua, client)
    const session = await client.createSession(identity).catch(error => {
      if (identity.type !== opcua.UserTokenType.Certificate) throw error
      const said = error instanceof Error ? error.message : String(error)
      throw new Error(`user certificate ${describeUser(identity.certificateData)}: ${said}`, { cause: error })
    })
    const namespaces = await session.readNamespaceArray()
    signal.throwIfAborted()
    // From here on a cut link is brought back by the library, within the same session.
    client.connectionStrategy.maxRetry = -1
    return { opcua, client, session, namespaces }
  } catch (error) {
    disconnect()
    throw error
  } finally {
    signal.removeEventListener('abort', disconnect)
  }
}

/** Whether anything takes TCP connections at the endpoint: a host that is down must not be waited for longer. */
export async function listens(endpoint: string, timeoutMs: number): Promise<boolean> {
  const [, bracketed, plain, port] = /^opc\.tcp:\/\/(?:\[(.+?)\]|([^/:]+))(?::(\d+))?/i.exec(endpoint) ?? []
  const socket = connect({ host: bracketed ?? plain, port: Number(port ?? 4840) })
  socket.setTimeout(timeoutMs)
  try {
    return await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'timeout').then(() => false),
    ])
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Without a security policy the server says how a password is encrypted: by its certificate, or not at all. */
async function refuseClearText(opcua: Opcua, client: OPCUAClient): Promise<void> {
  const endpoints = await client.getEndpoints()
  const plain = endpoints.find(({ securityMode }) => securityMode === opcua.MessageSecurityMode.None)
  const policies = plain?.userIdentityTokens?.filter(
    ({ tokenType }) => tokenType === opcua.UserTokenType.UserName,
  )
  const isClear = policies?.some(({ securityPolicyUri }) => /^$|#None$/.test(securityPolicyUri ?? ''))
  if (isClear === true) throw new Error('the password would go over the network in clear text')
}

function modeOf({ security, mode }: SessionOptions): 'None' | 'Sign' | 'SignAndEncrypt' {
  return security === 'None' ? 'None' : (mode ?? 'SignAndEncrypt')
}

function readIdentity(
  opcua: Opcua,
  { user, userCertificate }: SessionOptions,
  readSecret: ReadSecret,
): UserIdentityInfo {
  if (user !== undefined) {
    return {
      type: opcua.UserTokenType.UserName,
      userName: user.name,
      password: readSecret(user.password),
    }
  }
  if (userCertificate !== undefined) {
    return { type: opcua.UserTokenType.Certificate, ...readUserCertificate(userCertificate, readSecret) }
  }
  return { type: opcua.UserTokenType.Anonymous }
}
