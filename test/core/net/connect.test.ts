import { afterAll, describe, expect, onTestFinished, test } from 'bun:test'
import { dlopen, ptr } from 'bun:ffi'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../core/clock.ts'
import type { Connect, Endpoint } from '../../../core/net/connect.ts'
import { connectByBun } from '../../../core/net/bun/connect-bun.ts'
import { connectByLibc } from '../../../core/net/bun/connect-libc.ts'
import { type Libc, loadLibc } from '../../../core/net/bun/libc.ts'
import type { OwnedSocket, SocketOwner } from '../../../core/net/wire-socket.ts'
import { fail } from '../../support/fail.ts'
import { closedPort } from '../../support/ports.ts'
import { silentPeer } from '../../support/silent-peer.ts'
import { transports } from '../../support/transports.ts'

const libc = loadLibc() ?? fail(new Error('no libc'))
const folder = mkdtempSync(join(tmpdir(), 'smartedge-connect-'))
const path = join(folder, 'app.sock')
/** Greets, then echoes. */
const greeting = {
  open: (socket: Bun.Socket) => void socket.write('hello'),
  data: (socket: Bun.Socket, bytes: Buffer) => void socket.write(bytes),
}
const servers = [
  Bun.listen({ hostname: '127.0.0.1', port: 0, socket: greeting }),
  Bun.listen({ hostname: '::1', port: 0, socket: greeting }),
]
const unixServer = Bun.listen({ unix: path, socket: greeting })
const silent = silentPeer()
afterAll(() => {
  for (const server of [...servers, unixServer]) server.stop(true)
  silent.stop()
  rmSync(folder, { recursive: true })
})
const port = servers[0]?.port ?? 0
const there: Endpoint = { kind: 'ip', address: '127.0.0.1', port }
const nowhere: Endpoint = { kind: 'ip', address: '127.0.0.1', port: silent.port }

/** What came of a connect: the system's code, or what the peer said, `byes` times over before it ended. */
function outcomeOf(connect: Connect, endpoint: Endpoint): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    connect(endpoint, {
      onFailed: resolve,
      onConnected(socket) {
        socket.data = {
          drained() {},
          received(bytes) {
            text += bytes.toString()
            if (text === 'hello') say(socket, ', again')
            else if (text === 'hello, again') socket.end()
          },
          peerEnded() {},
          closed: () => resolve(text),
        } satisfies SocketOwner
      },
    })
  })
}

const say = (socket: OwnedSocket, text: string) => void socket.write(Buffer.from(text), 0, text.length)

const means = { reportFault: fail, clock: systemClock }

const openDescriptors = (): number => readdirSync('/proc/self/fd').length

describe.each([
  ...transports
    .filter(([name]) => name === 'epoll')
    .map(([name, transport]) => [name, transport.connects(fail)] as const),
  ['libc', connectByLibc(libc, means)],
  ['Bun', connectByBun(means)],
])('a connect by %s', (_name, connect) => {
  test('reaches peers by IPv4, IPv6 and Unix sockets, both ways', async () => {
    expect(await outcomeOf(connect, there)).toBe('hello, again')
    const v6 = servers[1]?.port ?? 0
    expect(await outcomeOf(connect, { kind: 'ip', address: '::1', port: v6 })).toBe('hello, again')
    expect(await outcomeOf(connect, { kind: 'ip', address: '::ffff:127.0.0.1', port })).toBe('hello, again')
    expect(await outcomeOf(connect, { kind: 'unix', path })).toBe('hello, again')
  })

  test('tells a refusal, a missing socket and what is no address', async () => {
    const refused = { kind: 'ip', address: '127.0.0.1', port: closedPort() } as const
    expect(await outcomeOf(connect, refused)).toBe('ECONNREFUSED')
    expect(await outcomeOf(connect, { kind: 'unix', path: join(folder, 'nobody.sock') })).toBe('ENOENT')
    for (const endpoint of [
      { kind: 'ip', address: '127.0.0.1', port: 70_000 },
      { kind: 'unix', path: `/${'x'.repeat(300)}` },
      { kind: 'unix', path: '' },
    ] as const) {
      expect(await outcomeOf(connect, endpoint)).toMatch(/^E[A-Z_]+$/)
    }
  })

  test('never tells before it has returned', async () => {
    const refused = { kind: 'unix', path: join(folder, 'nobody.sock') } as const
    for (const endpoint of [there, refused, { kind: 'unix', path } as const]) {
      const told = Promise.withResolvers<boolean>()
      let hasReturned = false
      connect(endpoint, {
        onConnected(socket) {
          told.resolve(hasReturned)
          socket.terminate()
        },
        onFailed: () => told.resolve(hasReturned),
      })
      hasReturned = true
      expect(await told.promise).toBe(true)
    }
  })

  test('tells nothing once it is cancelled', async () => {
    let told = 0
    const events = { onConnected: () => (told += 1), onFailed: () => (told += 1) }
    const refused = { kind: 'ip', address: '127.0.0.1', port: closedPort() } as const
    for (const endpoint of [there, refused, { kind: 'unix', path } as const, { kind: 'unix', path: '' } as const]) {
      const cancel = connect(endpoint, events)
      cancel()
      cancel()
    }
    // By the time that others are served, those would have been told.
    await outcomeOf(connect, there)
    await outcomeOf(connect, { kind: 'unix', path })
    expect(told).toBe(0)
  })
})

describe('a connect that is given up', () => {
  test('frees its descriptor at once', () => {
    const connect = connectByLibc(libc, means)
    const before = openDescriptors()
    const cancels = Array.from({ length: 100 }, () =>
      connect(nowhere, { onConnected: () => fail('connected'), onFailed: fail }),
    )
    expect(openDescriptors() - before).toBe(100)
    for (const cancel of cancels) cancel()
    expect(openDescriptors() - before).toBe(0)
  })

  test('makes room for others where it cannot be freed, once it has come to its end', async () => {
    const connect = connectByBun(means)
    for (let time = 0; time < 40; time += 1) {
      connect(there, { onConnected() {}, onFailed() {} })()
      expect(await outcomeOf(connect, there)).toBe('hello, again')
    }
  })

  test('is one of 32 to a peer where it cannot be freed, and is no refusal', async () => {
    const connect = connectByBun(means)
    const before = openDescriptors()
    for (let time = 0; time < 40; time += 1) connect(nowhere, { onConnected() {}, onFailed() {} })()
    expect(openDescriptors() - before).toBe(32)
    expect(await outcomeOf(connect, nowhere)).toBe('ENOBUFS')
    expect(await outcomeOf(connect, there)).toBe('hello, again')
  })
})

/** Two ends of a connection: a descriptor of ours, and whoever accepted it. */
async function connected() {
  const come = Promise.withResolvers<Bun.Socket>()
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { open: (socket) => come.resolve(socket), data() {}, close() {} },
  })
  const begun = libc.connect({ kind: 'ip', address: '127.0.0.1', port: server.port })
  if (begun.kind === 'failed') return fail(begun.code)
  const { descriptor } = begun
  onTestFinished(() => {
    libc.close(descriptor)
    server.stop(true)
  })
  return { descriptor, peer: await come.promise }
}

describe('a look at a socket', () => {
  test('sees what has come although nothing was read yet', async () => {
    const { descriptor, peer } = await connected()
    expect(libc.hasNews(descriptor)).toBe(false)
    peer.write('x')
    expect(libc.hasNews(descriptor)).toBe(true)
    expect(libc.hasNews(descriptor)).toBe(true)
  })

  test.each(['end', 'terminate'] as const)('sees that the peer has gone by %s', async (way) => {
    const { descriptor, peer } = await connected()
    peer[way]()
    expect(libc.hasNews(descriptor)).toBe(true)
  })
})

describe('libc', () => {
  test('sends at once what is written', () => {
    const { symbols } = dlopen('libc.so.6', {
      getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
    })
    const memory = Buffer.from(new ArrayBuffer(2048))
    memory.writeInt32LE(4, 8)
    const begun = libc.connect(there)
    if (begun.kind === 'failed') return fail(begun.code)
    // IPPROTO_TCP, TCP_NODELAY
    expect(symbols.getsockopt(begun.descriptor, 6, 1, ptr(memory), ptr(memory, 8))).toBe(0)
    expect(memory.readInt32LE(0)).toBe(1)
    libc.close(begun.descriptor)
  })

  test('keeps no descriptor of a connect that cannot begin', () => {
    const before = openDescriptors()
    for (let time = 0; time < 10; time += 1) libc.connect({ kind: 'unix', path: join(folder, 'nobody.sock') })
    expect(openDescriptors()).toBe(before)
  })

  test('is told to be missing where no library has that name', () => {
    expect(loadLibc(['libnone.so.1'])).toBeUndefined()
    expect(loadLibc(['libnone.so.1', 'libc.so.6'])).toBeDefined()
  })

  test('names the reasons of the system', () => {
    const codeOf = (endpoint: Endpoint): string => {
      const begun: ReturnType<Libc['connect']> = libc.connect(endpoint)
      return begun.kind === 'failed' ? begun.code : (libc.close(begun.descriptor), 'begun')
    }
    expect(codeOf({ kind: 'unix', path: '/nowhere/app.sock' })).toBe('ENOENT')
    expect(codeOf({ kind: 'unix', path: '/dev/null' })).toBe('ECONNREFUSED')
    expect(codeOf({ kind: 'ip', address: 'localhost', port: 80 })).toBe('EINVAL')
    expect(codeOf({ kind: 'ip', address: '127.0.0.1', port: -1 })).toBe('EINVAL')
  })
})
