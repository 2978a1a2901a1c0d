import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SocketAddress } from '../../../core/address.ts'
import { listen, type Listener, type ListenerOptions } from '../../../core/net/listener.ts'
import { connectTo } from '../../support/raw-client.ts'
import { turn, turnUntil } from '../../support/raw-peer.ts'
import { transports } from '../../support/transports.ts'

let folder = ''
let open: Listener[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smartedge-listener-'))
})
afterEach(() => {
  for (const listener of open) listener.stop()
  open = []
  rmSync(folder, { recursive: true })
})

describe.each(transports)('by %s', (_name, transport) => {
  /** Turns everybody away, and remembers who came. */
  function start(address: SocketAddress, facts: Partial<ListenerOptions> = {}) {
    const peers: string[] = []
    const accept = (peer: string) => {
      peers.push(peer)
      return undefined
    }
    const reportFault = (error: unknown) => {
      throw error
    }
    const listener = listen({
      transport,
      address,
      reusePort: false,
      deferAccept: false,
      permissions: undefined,
      accept,
      onShortage: () => false,
      reportFault,
      ...facts,
    })
    open.push(listener)
    return { listener, peers }
  }

  const tcp = (host: string, port = 0): SocketAddress => ({ kind: 'tcp', host, port })
  const unix = (name: string): SocketAddress & { kind: 'unix' } => ({ kind: 'unix', path: join(folder, name) })
  const portOf = ({ address }: Listener): number => (address.kind === 'tcp' ? address.port : 0)
  const failure = (start: () => unknown): string => {
    try {
      start()
      return 'none'
    } catch (error) {
      return String(error)
    }
  }

  describe('a listener', () => {
    test('tells the port that the system chose, and where it really listens', () => {
      const { listener } = start(tcp('127.0.0.1'))
      expect(portOf(listener)).toBeGreaterThan(0)
      expect(listener.bound).toEqual([listener.address])
    })

    test('turns away whom it is full for with a word, and whom nobody wants without one', async () => {
      for (const [answer, heard] of [
        [undefined, 'HTTP/1.1 503 Service Unavailable'],
        ['unwanted', ''],
      ] as const) {
        const { listener } = start(tcp('127.0.0.1'), { accept: () => answer })
        // Who is cut at once may hear of it before it knows that it was connected.
        const client = await connectTo(portOf(listener)).catch(() => undefined)
        if (client !== undefined) await turnUntil(() => client.closing !== undefined, 'the end')
        expect((client?.text ?? '').split('\r\n')[0]).toBe(heard)
      }
    })

    test('on localhost listens in both families, on one port', async () => {
      const { listener, peers } = start(tcp('localhost'))
      const port = portOf(listener)
      expect(listener.address).toEqual(tcp('localhost', port))
      expect(listener.bound).toEqual([tcp('127.0.0.1', port), tcp('::1', port)])
      for (const hostname of ['127.0.0.1', '::1']) {
        await Bun.connect({ hostname, port, socket: { data: () => undefined } })
        await turnUntil(() => peers.at(-1) === hostname, hostname)
      }
      listener.stop()
      for (const hostname of ['127.0.0.1', '::1']) {
        const refused = Bun.connect({ hostname, port, socket: { data: () => undefined } }).catch(String)
        expect(await refused).toContain('Failed to connect')
      }
    })

    test('tells the peers of a dual-stack address by their IPv4 address', async () => {
      const { listener, peers } = start(tcp('::'))
      await Bun.connect({ hostname: '127.0.0.1', port: portOf(listener), socket: { data: () => undefined } })
      await turnUntil(() => peers.length === 1, 'a peer')
      expect(peers).toEqual(['127.0.0.1'])
    })

    test('counts who stands in its queue', async () => {
      const { listener, peers } = start(tcp('localhost'))
      expect(listener.countQueued()).toBe(0)
      const [one, other] = ['127.0.0.1', '::1'].map((hostname) =>
        Bun.connect({ hostname, port: portOf(listener), socket: { data: () => undefined } }),
      )
      if (process.platform === 'linux') expect(listener.countQueued()).toBe(2)
      await Promise.all([one, other])
      await turnUntil(() => peers.length === 2, 'two peers')
      expect(listener.countQueued()).toBe(0)
    })

    test.skipIf(process.platform !== 'linux')('keeps new ones out in both families, when told to', async () => {
      const { listener, peers } = start(tcp('localhost'))
      listener.keepOut()
      for (const hostname of ['127.0.0.1', '::1'])
        void Bun.connect({ hostname, port: portOf(listener), socket: { data: () => undefined } }).catch(() => undefined)
      for (let turns = 0; turns < 50; turns += 1) await turn()
      expect([peers, listener.countQueued()]).toEqual([[], 0])
    })

    test('lets who says nothing wait behind who speaks, when told to and able to', async () => {
      const { listener, peers } = start(tcp('127.0.0.1'), { deferAccept: true })
      const where = { hostname: '127.0.0.1', port: portOf(listener) }
      const silent = await Bun.connect({ ...where, socket: { data: () => undefined } })
      await Bun.connect({ ...where, socket: { open: (socket) => void socket.write('x'), data: () => undefined } })
      const inFirst = transport.name === 'epoll' ? 1 : 2
      await turnUntil(() => peers.length >= inFirst, 'who speaks')
      for (let turns = 0; turns < 50; turns += 1) await turn()
      expect(peers).toHaveLength(inFirst)
      silent.write('x')
      await turnUntil(() => peers.length === 2, 'who spoke later')
    })

    test.each([true, false])(
      'lets who says nothing stand in line, or not, from when it is told to: from %p on',
      async (before) => {
        const { listener, peers } = start(tcp('127.0.0.1'), { deferAccept: before })
        listener.setDeferAccept(!before)
        const where = { hostname: '127.0.0.1', port: portOf(listener) }
        const silent = Bun.connect({ ...where, socket: { data: () => undefined } })
        const isDeferred = !before && transport.name === 'epoll'
        if (process.platform === 'linux') expect(listener.countQueued()).toBe(isDeferred ? 0 : 1)
        if (isDeferred) (await silent).write('x')
        await turnUntil(() => peers.length === 1, 'a client')
      },
    )

    test('shares its port when all say so, and else with nobody', () => {
      const { listener } = start(tcp('127.0.0.1'), { reusePort: true })
      const address = tcp('127.0.0.1', portOf(listener))
      expect(start(address, { reusePort: true }).listener.address).toEqual(address)
      expect(failure(() => start(address))).toContain('is already in use')
      const alone = start(tcp('127.0.0.1')).listener
      expect(failure(() => start(alone.address, { reusePort: true }))).toContain('is already in use')
    })
  })

  describe('a Unix socket', () => {
    const modeOf = ({ path }: { path: string }): number => statSync(path).mode & 0o777

    test.each([0o600, 0o660, 0o666])('has the permissions %o from its first moment', (permissions) => {
      const umask = process.umask()
      start(unix('a'), { permissions })
      expect(modeOf(unix('a'))).toBe(permissions)
      expect(process.umask()).toBe(umask)
    })

    test('has those of the umask without any, and may get others', () => {
      const { listener } = start(unix('a'))
      const byUmask = 0o777 & ~process.umask()
      expect(modeOf(unix('a'))).toBe(byUmask)
      listener.setPermissions(0o660)
      expect(modeOf(unix('a'))).toBe(0o660)
      listener.setPermissions(undefined)
      expect(modeOf(unix('a'))).toBe(byUmask)
    })

    test('is nothing to a listener on TCP', () => {
      const { listener } = start(tcp('127.0.0.1'))
      listener.setPermissions(0o600)
      expect(listener.countQueued()).toBe(0)
    })
  })

  describe('an address that cannot be had', () => {
    test('in use is told with the way out', () => {
      const { listener } = start(tcp('127.0.0.1'))
      expect(failure(() => start(listener.address))).toBe(
        `StartError: 127.0.0.1:${portOf(listener)} is already in use; stop what listens there, or choose another address`,
      )
    })

    test('that is taken in one family leaves the other one free', () => {
      const other = start(tcp('::1')).listener
      expect(failure(() => start(tcp('localhost', portOf(other))))).toContain(
        `localhost:${portOf(other)} is already in use`,
      )
      expect(start(tcp('127.0.0.1', portOf(other))).listener.bound).toHaveLength(1)
    })

    test.each([
      ['of another machine', tcp('192.0.2.1'), '192.0.2.1:0 is no address of this machine'],
      ['with a name of nobody', tcp('nobody.invalid'), "nobody.invalid:0 can't be opened: Failed to listen at"],
      [
        'in a folder that is missing',
        { kind: 'unix', path: '/nowhere/a.sock' },
        'lies in a directory that does not exist',
      ],
    ] as const)('%s is told', (_, address, message) => {
      expect(failure(() => start(address))).toContain(message)
    })

    test('where a file lies is told, and the file stays', () => {
      const address = unix('file')
      writeFileSync(address.path, 'precious')
      expect(failure(() => start(address))).toContain('is already in use')
      expect(statSync(address.path).isFile()).toBe(true)
    })
  })
})
