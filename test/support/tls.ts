/** TLS in tests: listeners without it, listeners with it, and clients. */
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { ListenerConfig } from '../../core/config/config.ts'
import { createHandshakes } from '../../core/net/tls.ts'
import { Secret } from '../../core/secrets.ts'
import type { CertificateFiles, TlsPolicy } from '../../core/tls/policy.ts'
import type { Issued } from './authority.ts'
import { tcpListener } from './edge.ts'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** For a listener whose clients speak plain HTTP. */
export const withoutTls = {
  tls: { front: () => undefined, asksClients: false },
  beginHandshake: createHandshakes({ clock: { soon: setImmediate, wallTime: Date.now }, reportFault: () => undefined }),
}

/** As a config has it that says nothing besides. */
export const tlsPolicy = (
  certificates: readonly CertificateFiles[],
  overrides: Partial<TlsPolicy> = {},
): TlsPolicy => ({
  certificates,
  minVersion: '1.2',
  preset: 'intermediate',
  strict: false,
  handshakeTimeoutMs: 10_000,
  maxHandshakes: 1000,
  ...overrides,
})

/** Port 0: any. */
export const tlsListener = (tls: TlsPolicy): ListenerConfig => ({ ...tcpListener('web', 0), tls })

/** Writes `NAME.pem` and `NAME.key`. */
export function save(folder: string, name: string, { chain, key }: Issued, passphrase?: string): CertificateFiles {
  const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
  writeFileSync(files.cert, chain)
  writeFileSync(files.key, key)
  return { ...files, passphrase: passphrase === undefined ? undefined : new Secret(passphrase) }
}

export interface Answer {
  /** Status line, fields and body, as they came. */
  readonly text: string
  readonly socket: TLSSocket
  /** SHA-256 of the certificate that was shown. */
  readonly fingerprint: string
  readonly isResumed: boolean
}

export interface ClientOptions extends ConnectionOptions {
  readonly ca: string
}

const LAST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

const connectTls = (port: number, options: ClientOptions): TLSSocket =>
  connect({ host: '127.0.0.1', port, servername: 'a.test', ...options })

/** Asks for `/` and to be let go, on a connection of its own. Rejects when the handshake fails. */
export function askSecurely(port: number, options: ClientOptions, request = LAST): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let text = ''
    let known = { fingerprint: '', isResumed: false }
    const socket = connectTls(port, options)
    socket.once('secureConnect', () => {
      known = { fingerprint: socket.getPeerCertificate().fingerprint256, isResumed: socket.isSessionReused() }
      socket.write(request)
    })
    socket.on('data', (piece: Buffer) => void (text += piece.toString('latin1')))
    socket.once('error', reject)
    socket.once('close', () => resolve({ text, socket, ...known }))
  })
}

/** The session that a whole exchange leaves. */
export function sessionOf(port: number, options: ClientOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let session: Buffer | undefined
    const socket = connectTls(port, options)
    socket.on('session', (ticket: Buffer) => void (session = ticket))
    socket.once('secureConnect', () => void socket.write(LAST))
    socket.once('error', reject)
    socket.resume()
    socket.once('close', () => {
      session ??= socket.getSession()
      if (session === undefined) reject(new Error('there was no session'))
      else resolve(session)
    })
  })
}

/** A connection that stays: `ask` asks for `/`, and for no more unless told otherwise, and resolves to all that comes until the end. */
export async function connectSecurely(port: number, options: ClientOptions) {
  const socket = connectTls(port, options)
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  return {
    socket,
    ask: (request = LAST) =>
      new Promise<string>((resolve) => {
        let text = ''
        socket.on('data', (piece: Buffer) => void (text += piece.toString('latin1')))
        socket.once('close', () => resolve(text))
        socket.write(request)
      }),
  }
}
