/**
 * `Bun.serve` at the addresses of one listener: for HTTP/1.1 and HTTP/2 over TCP, or for HTTP/3 over UDP. What an instance was
 * begun with it keeps; another certificate is another instance.
 */
import type { SocketAddress } from '../address.ts'
import { bindHosts, type HostAddress } from '../bind-hosts.ts'
import { StartError } from '../errors.ts'
import type { Http2 } from '../inbound/protocols.ts'
import { explain } from '../net/listener.ts'
import { CIPHERS } from '../net/tls-context.ts'
import type { Certificate } from '../tls/certificate.ts'

/** Tells who has sent a request, and how long its connection may be silent. */
export type Served = Pick<Bun.Server<undefined>, 'requestIP' | 'timeout'>

export interface ServeTerms {
  /** 'tcp': HTTP/1.1, and HTTP/2 as `http2` says. 'udp': HTTP/3. */
  readonly over: 'tcp' | 'udp'
  readonly http2: Http2
  /** The first one is for who names nobody that one is for; undefined: without TLS. */
  readonly certificates: readonly Certificate[] | undefined
  readonly minVersion: '1.2' | '1.3'
}

export interface PortsOptions extends ServeTerms {
  /** Takes an address for us alone, for a moment, and tells its port; throws an error with the system's `code`. Absent: others may be there. */
  readonly claim?: ((address: HostAddress) => number) | undefined
  readonly fetch: (request: Request, server: Served) => Promise<Response>
}

export interface ServePorts {
  readonly over: ServeTerms['over']
  /** As asked for, with the real port where 0 was asked for. */
  readonly address: HostAddress
  readonly bound: readonly SocketAddress[]
  /** What it was begun with, to be compared. */
  readonly mark: string
  /** Nobody comes in any more, idle connections end; resolves when all that is under way has gone out. Never rejects. */
  stop(): Promise<void>
  /** Ends everything now. */
  cut(): void
}

/** As Bun has a time of silence: up to 255 s; 0: for ever. */
export const idleSeconds = (ms: number): number => Math.min(255, Math.ceil(ms / 1000))

/** Two of the same mark would serve the same. */
export const markOf = ({ over, http2, certificates, minVersion }: ServeTerms): string =>
  [over, http2, minVersion, ...(certificates?.map(({ fingerprint }) => fingerprint) ?? ['plain'])].join(' ')

/** Throws StartError when an address can't be had. */
export function openPorts(address: HostAddress, options: PortsOptions): ServePorts {
  try {
    const ports = bindHosts(address, (host) => open(host, options))
    const [first] = ports
    return {
      address: { ...address, port: first?.address.port ?? address.port },
      bound: ports.map((port) => port.address),
      over: options.over,
      mark: markOf(options),
      stop: async () => void (await Promise.allSettled(ports.map(({ server }) => server.stop()))),
      cut: () => ports.forEach(({ stop }) => stop()),
    }
  } catch (error) {
    if (options.over === 'tcp') throw new StartError(explain(address, error), { cause: error })
    const where = `UDP port ${address.port} of ${address.host}`
    throw new StartError(`${where} can't be had for HTTP/3; is something else there?`, { cause: error })
  }
}

function open(address: HostAddress, { over, http2, claim, fetch, ...terms }: PortsOptions) {
  const isSecure = terms.certificates !== undefined
  const server = Bun.serve({
    hostname: address.host,
    port: claim?.(address) ?? address.port,
    // So that the next instance may listen beside this one. Datagrams of one client would go to either.
    reusePort: over === 'tcp',
    development: false,
    ipv6Only: address.isV6Only === true,
    ...(over === 'udp'
      ? { http1: false, http2: false, http3: true }
      : { http1: http2 !== 'only', http2: http2 === undefined ? isSecure : http2 !== false }),
    // Routes say how large a body may be.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    ...(terms.certificates && { tls: tlsOf(terms.certificates, terms.minVersion) }),
    fetch,
    // Of a response that was cut before Bun has begun with it; else it would write that to standard error.
    error: () => new Response(null, { status: 502 }),
  })
  return { server, address: { ...address, port: server.port ?? 0 }, stop: () => void server.stop(true) }
}

const MIN_VERSIONS = { '1.2': 0x0303, '1.3': 0x0304 } as const

/** One entry for each name behind the first, which Bun shows to who names nobody that one is for. */
function tlsOf(certificates: readonly Certificate[], minVersion: '1.2' | '1.3'): Bun.TLSOptions[] {
  const names = new Map<string, Certificate>()
  for (const certificate of certificates)
    for (const name of certificate.names) if (!names.has(name)) names.set(name, certificate)
  const entryOf = ({ chain, key, passphrase }: Certificate, serverName?: string): Bun.TLSOptions =>
    ({
      ...(serverName !== undefined && { serverName }),
      cert: chain,
      key: key.reveal(),
      ...(passphrase && { passphrase: passphrase.reveal() }),
      minVersion: MIN_VERSIONS[minVersion],
      ciphers: CIPHERS,
    }) as Bun.TLSOptions
  const fallback = certificates.slice(0, 1).map((certificate) => entryOf(certificate))
  return [...fallback, ...[...names].map(([name, certificate]) => entryOf(certificate, name))]
}
