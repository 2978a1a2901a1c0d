import { describe, expect, onTestFinished, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { adopt } from '../../../core/net/adopt.ts'
import type { OwnedSocket } from '../../../core/net/wire-socket.ts'
import { fail } from '../../support/fail.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { transports } from '../../support/transports.ts'
import { ALWAYS_ROOM, PLAIN } from '../../../core/net/transport.ts'

const [, epoll] = transports.find(([name]) => name === 'epoll') ?? []

/** A certificate for localhost that nobody trusts, and its key. */
function selfSigned() {
  const folder = temporaryFolder()
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const options = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost'.split(' ')
  const { status } = spawnSync('openssl', ['req', ...options, '-keyout', key, '-out', cert])
  if (status !== 0) throw new Error('openssl makes no certificate')
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
}

/** Gives each that comes in to `take` as it is. */
function listenFor(take: (socket: OwnedSocket) => void): number {
  const bound = epoll?.bindHost({ kind: 'tcp', host: '127.0.0.1', port: 0 }, PLAIN, {
    ...ALWAYS_ROOM,
    onAccepted: take,
    onShortage: () => false,
    reportFault: fail,
  })
  onTestFinished(() => bound?.stop())
  return bound?.address.kind === 'tcp' ? bound.address.port : 0
}

const silent = { open() {}, close() {}, error() {} }

describe.skipIf(epoll === undefined)('a socket that is handed over', () => {
  test('goes on at Bun with what came before, and tells its owner nothing', async () => {
    const heard: string[] = []
    const owner = {
      received: () => void heard.push('received'),
      drained: () => void heard.push('drained'),
      peerEnded: () => void heard.push('ended'),
      closed: () => void heard.push('closed'),
    }
    const port = listenFor((socket) => {
      socket.data = owner
      const fd = socket.handOver?.() ?? -1
      void adopt(fd, { ...silent, data: (bun: Bun.Socket, bytes: Buffer) => void bun.end(`got ${bytes.toString()}`) })
    })
    const answer = Promise.withResolvers<string>()
    const data = (_socket: unknown, bytes: Buffer) => answer.resolve(bytes.toString())
    await Bun.connect({ hostname: '127.0.0.1', port, socket: { open: (socket) => void socket.write('it'), data } })
    expect(await answer.promise).toBe('got it')
    expect(heard).toEqual([])
  })

  test('speaks TLS there', async () => {
    const { key, cert } = selfSigned()
    const port = listenFor((socket) => {
      const fd = socket.handOver?.() ?? -1
      const open = (plain: Bun.Socket): void => {
        plain.upgradeTLS({
          isServer: true,
          tls: { key, cert },
          socket: { ...silent, data: (secure: Bun.Socket, bytes: Buffer) => void secure.end(bytes) },
        } as never)
      }
      void adopt(fd, { ...silent, open, data() {} })
    })
    const answer = Promise.withResolvers<string>()
    await Bun.connect({
      hostname: '127.0.0.1',
      port,
      tls: { ca: cert, serverName: 'localhost' },
      socket: {
        handshake: (socket) => void socket.write('secret'),
        data: (_socket, bytes) => answer.resolve(bytes.toString()),
        error: (_socket, error) => answer.reject(error),
      },
    })
    expect(await answer.promise).toBe('secret')
  })
})
