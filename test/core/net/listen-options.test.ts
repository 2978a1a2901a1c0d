import { afterEach, describe, expect, test } from 'bun:test'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { loadCalls } from '../../../core/net/epoll/calls.ts'
import { type Entrant, type Listener, listen, type ListenerOptions } from '../../../core/net/listener.ts'
import {
  IPPROTO_TCP,
  SO_KEEPALIVE,
  SO_SNDBUF,
  SOL_SOCKET,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_USER_TIMEOUT,
} from '../../../core/net/linux.ts'
import type { OwnedSocket } from '../../../core/net/wire-socket.ts'
import { fail } from '../../support/fail.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { transportOf, transports } from '../../support/transports.ts'

const calls = loadCalls()
const opened: Disposable[] = []
afterEach(() => {
  for (const one of opened.splice(0)) one[Symbol.dispose]()
})

/** What the system says of an option that is an int. */
function optionOf(fd: number, level: number, name: number): number {
  if (calls === undefined) throw new Error('there is no libc')
  const { call, scratch } = calls
  scratch.bytes.writeInt32LE(4, 4)
  expect(call.getsockopt(fd, level, name, scratch.address, scratch.address + 4)).toBe(0)
  return scratch.bytes.readInt32LE(0)
}

function start(name: string, options: Partial<ListenerOptions> = {}): { listener: Listener; accepted: OwnedSocket[] } {
  const accepted: OwnedSocket[] = []
  const entrant: Entrant = {
    take(socket) {
      socket.data = { received() {}, drained() {}, peerEnded() {}, closed() {} }
      accepted.push(socket)
    },
  }
  const listener = listen({
    transport: transportOf(name),
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    reusePort: false,
    deferAccept: false,
    permissions: undefined,
    accept: () => entrant,
    onShortage: fail,
    reportFault: fail,
    ...options,
  })
  opened.push({ [Symbol.dispose]: () => listener.stop() })
  return { listener, accepted }
}

/** The descriptor of one more that is accepted. */
async function nextAt({ listener, accepted }: ReturnType<typeof start>): Promise<number> {
  const { address } = listener
  if (address.kind !== 'tcp') throw new Error('it is none of TCP')
  const before = accepted.length
  const socket = await Bun.connect({ hostname: '127.0.0.1', port: address.port, socket: { data() {} } })
  opened.push({ [Symbol.dispose]: () => socket.terminate() })
  await turnUntil(() => accepted.length > before, 'a client')
  return accepted.at(-1)?.fd ?? -1
}

const all = {
  backlog: 77,
  keepAlive: { idleMs: 61_000, intervalMs: 12_500, count: 4 },
  userTimeoutMs: 31_000,
  sendBufferBytes: 64 * 1024,
}

const probesOf = (fd: number): number[] => [
  optionOf(fd, SOL_SOCKET, SO_KEEPALIVE),
  optionOf(fd, IPPROTO_TCP, TCP_KEEPIDLE),
  optionOf(fd, IPPROTO_TCP, TCP_KEEPINTVL),
  optionOf(fd, IPPROTO_TCP, TCP_KEEPCNT),
  optionOf(fd, IPPROTO_TCP, TCP_USER_TIMEOUT),
]

/** Whether there are probes at all, and the bound of what is unacknowledged. */
const switchesOf = (fd: number): (number | undefined)[] => [probesOf(fd)[0], probesOf(fd)[4]]

describe.if(process.platform === 'linux').each(transports.map(([name]) => name))('options of sockets by %s', (name) => {
  test('are those of whoever is accepted', async () => {
    const made = start(name, { options: all })
    const fd = await nextAt(made)
    expect(probesOf(fd)).toEqual([1, 61, 13, 4, 31_000])
    expect(optionOf(fd, SOL_SOCKET, SO_SNDBUF)).toBe(64 * 1024)
  })

  test('are those that a Unix socket has', () => {
    const path = join(temporaryFolder(), 'a')
    const { listener } = start(name, { address: { kind: 'unix', path }, options: all })
    listener.setOptions({})
    expect(listener.address).toEqual({ kind: 'unix', path })
  })

  test('change for whoever comes from then on, and go back', async () => {
    const made = start(name)
    expect(switchesOf(await nextAt(made))).toEqual([0, 0])
    made.listener.setOptions(all)
    const changed = await nextAt(made)
    expect(probesOf(changed)).toEqual([1, 61, 13, 4, 31_000])
    made.listener.setOptions({})
    expect(switchesOf(await nextAt(made))).toEqual([0, 0])
    expect(probesOf(changed)).toEqual([1, 61, 13, 4, 31_000])
  })
})

describe.each(transports.map(([name]) => name))('addresses by %s', (name) => {
  test('of both families share a port, where IPv6 is told to keep to itself', () => {
    const four = start(name, { address: { kind: 'tcp', host: '0.0.0.0', port: 0 } }).listener
    const { port } = four.address as { port: number }
    const six = start(name, { address: { kind: 'tcp', host: '::', port, isV6Only: true } }).listener
    expect(six.bound).toEqual([{ kind: 'tcp', host: '::', port, isV6Only: true }])
  })

  test('of an interface keep its name', () => {
    const found = Object.entries(networkInterfaces()).flatMap(([zone, all]) =>
      (all ?? []).flatMap(({ address }) =>
        /^fe[89ab]/.test(address) ? [`${address.replace(/%.*/, '')}%${zone}`] : [],
      ),
    )
    for (const host of found) {
      const { bound } = start(name, { address: { kind: 'tcp', host, port: 0 } }).listener
      expect(bound).toMatchObject([{ host }])
    }
    const address = { kind: 'tcp', host: 'fe80::1%smartedge-no', port: 0 } as const
    expect(() => start(name, { address })).toThrow('[fe80::1%smartedge-no]:0 ')
  })

  test('that systemd is to have given, and has not, are told', () => {
    expect(() => start(name, { address: { kind: 'systemd', name: 'web' } })).toThrow(
      /^systemd:web (is not there|needs)/,
    )
  })
})
