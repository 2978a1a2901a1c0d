import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../core/config/config.ts'
import { startEdge } from '../../core/edge.ts'
import { tcpListener, testConfig, testPool, unixListener } from '../support/edge.ts'
import { makeMember } from '../support/make-backend.ts'
import { freePorts } from '../support/ports.ts'
import { ok } from '../support/raw-backend.ts'
import { ask, connectTo, get, nextResponse } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { peerHandlers, RawPeer, turn, turnUntil } from '../support/raw-peer.ts'
import { startRig } from '../support/rig.ts'

const adminOn = (port: number): Config['admin'] => ({
  address: { kind: 'tcp', host: '127.0.0.1', port },
  token: undefined,
  open: true,
})
const health = async (port: number): Promise<number | string> => {
  const headers = { connection: 'close' }
  return await fetch(`http://127.0.0.1:${port}/health`, { headers }).then(
    ({ status }) => status,
    () => 'refused',
  )
}
const knock = (port: number): Promise<string> =>
  connectTo(port).then(
    (client) => (client.reset(), 'open'),
    () => 'refused',
  )

/** A port that somebody else listens on. */
function takenPort() {
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } })
  return { port: server.port, [Symbol.dispose]: () => server.stop(true) }
}

/** Somebody who says that he would share the port. */
function share(port: number) {
  const where = { hostname: '127.0.0.1', port, reusePort: true }
  const server = Bun.listen({ ...where, socket: { data: () => undefined } })
  return { [Symbol.dispose]: () => server.stop(true) }
}

function canShare(port: number): boolean {
  try {
    share(port)[Symbol.dispose]()
    return true
  } catch {
    return false
  }
}

/** Those of a process that was killed. */
async function leaveSockets(paths: readonly string[]): Promise<void> {
  const script = `for (const unix of ${JSON.stringify(paths)}) Bun.listen({ unix, socket: { data() {} } }); console.log(1)`
  const child = Bun.spawn([process.execPath, '-e', script])
  await child.stdout.getReader().read()
  child.kill('SIGKILL')
  await child.exited
}

describe('a refused config', () => {
  test('leaves none of its listeners open', async () => {
    const [first = 0, second = 0] = freePorts(2)
    using taken = takenPort()
    await using rig = await startRig({ answer: ok('hello') })
    const { listeners } = rig.edge.edge.control.config
    const next = [...listeners, tcpListener('x', first), tcpListener('y', taken.port), tcpListener('z', second)]
    expect(await rig.edge.apply({ listeners: next })).toMatchObject({
      kind: 'refused',
      problems: [
        {
          key: 'listeners.y.address',
          message: `127.0.0.1:${taken.port} is already in use; stop what listens there, or choose another address`,
        },
      ],
    })
    expect([await knock(first), await knock(second)]).toEqual(['refused', 'refused'])
    expect((await ask(rig.client, get())).body).toBe('hello')
    expect(rig.edge.events.filter(({ kind }) => kind === 'listening')).toHaveLength(1)
  })

  test('ends the checks of the pools that it would have brought', async () => {
    using taken = takenPort()
    await using rig = await startRig({ answer: ok('hello') })
    const { listeners, pools } = rig.edge.edge.control.config
    const checked = {
      ...testPool([]),
      name: 'checked',
      members: [makeMember(rig.backend.port)],
      health: {
        check: { kind: 'tcp' },
        intervalMs: 1000,
        jitterRatio: 0,
        timeoutMs: 500,
        rise: 1,
        fall: 1,
        initially: 'usable',
        maxConcurrent: 1,
      },
    } as const
    const both = { pools: [...pools, checked] }
    const refused = await rig.edge.apply({ ...both, listeners: [...listeners, tcpListener('y', taken.port)] })
    expect(refused.kind).toBe('refused')
    const timers = rig.edge.clock.pending()
    rig.edge.clock.advance(10_000)
    for (let turns = 0; turns < 50; turns += 1) await turn()
    expect(rig.backend.connections).toHaveLength(0)
    // The same pool where nothing is refused is checked, and costs a timer.
    await rig.edge.apply(both)
    expect(rig.edge.clock.pending()).toBe(timers + 1)
    rig.edge.clock.advance(1)
    await turnUntil(() => rig.backend.connections.length === 1, 'a check')
    await rig.edge.apply({ pools })
  })

  test('gives an address back that one of ours had left for another', async () => {
    const [port = 0] = freePorts(1)
    using taken = takenPort()
    await using rig = await startRig({ answer: ok('hello'), config: { listeners: [tcpListener('web', port)] } })
    const wide = [tcpListener('web', port, '0.0.0.0'), tcpListener('y', taken.port)]
    expect((await rig.edge.apply({ listeners: wide })).kind).toBe('refused')
    await using client = await rig.connect()
    expect((await ask(client, get())).body).toBe('hello')
    expect((await ask(rig.client, get())).body).toBe('hello')
  })
})

describe('an address of ours', () => {
  test('may widen from one to all, and who is connected stays', async () => {
    const [port = 0] = freePorts(1)
    await using rig = await startRig({ answer: ok('hello'), config: { listeners: [tcpListener('web', port)] } })
    await ask(rig.client, get())
    rig.client.send(get().slice(0, 10))
    await turnUntil(() => rig.edge.counters.bytesFromClients > get().length, 'the begin of a request')
    for (const host of ['0.0.0.0', '127.0.0.1']) {
      expect(await rig.edge.apply({ listeners: [tcpListener('web', port, host)] })).toEqual({ kind: 'applied' })
      await using client = await rig.connect()
      expect((await ask(client, get())).body).toBe('hello')
    }
    rig.client.send(get().slice(10))
    expect((await nextResponse(rig.client)).body).toBe('hello')
  })

  test('changes places with the admin API', async () => {
    const [one = 0, two = 0] = freePorts(2)
    await using rig = await startRig({
      answer: ok('hello'),
      config: { listeners: [tcpListener('web', one)], admin: adminOn(two) },
    })
    for (const [web, admin] of [
      [two, one],
      [one, two],
    ] as const) {
      const changes = { listeners: [tcpListener('web', web)], admin: adminOn(admin) }
      expect(await rig.edge.apply(changes)).toEqual({ kind: 'applied' })
      expect(await health(admin)).toBe(200)
      await using client = await connectTo(web)
      expect((await ask(client, get())).body).toBe('hello')
    }
  })

  test('stays where it is when the other half of the exchange is refused', async () => {
    const [one = 0, two = 0] = freePorts(2)
    using taken = takenPort()
    await using rig = await startRig({
      answer: ok('hello'),
      config: { listeners: [tcpListener('web', one)], admin: adminOn(two) },
    })
    const changes = { listeners: [tcpListener('web', two), tcpListener('y', taken.port)], admin: adminOn(one) }
    expect((await rig.edge.apply(changes)).kind).toBe('refused')
    expect(await health(two)).toBe(200)
    await using client = await connectTo(one)
    expect((await ask(client, get())).body).toBe('hello')
  })
})

describe('a listener whose address stays', () => {
  test('takes other permissions, and its clients stay', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'smartedge-mode-'))
    const path = join(folder, 'edge.sock')
    const mode = () => statSync(path).mode & 0o777
    try {
      const local = unixListener('local', path)
      await using rig = await startRig({ answer: ok('hello'), config: { listeners: [tcpListener('web', 0), local] } })
      await using client = new RawPeer()
      await Bun.connect<RawPeer>({ unix: path, data: client, allowHalfOpen: true, socket: peerHandlers })
      const { listeners } = rig.edge.edge.control.config
      const change = (permissions: number) => [listeners[0]!, { ...local, permissions }]
      await rig.edge.apply({ listeners: change(0o660) })
      expect(mode()).toBe(0o660)
      const move = await rig.edge.edge.control.prepare({
        ...rig.edge.edge.control.config,
        listeners: change(0o600),
      })
      move.abandon()
      expect(mode()).toBe(0o660)
      expect((await ask(client, get())).body).toBe('hello')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('is bound anew for what only binding takes, and its clients stay', async () => {
    const [port = 0] = freePorts(1)
    const web = tcpListener('web', port)
    await using rig = await startRig({ answer: ok('hello'), config: { listeners: [web] } })
    await ask(rig.client, get())
    expect(canShare(port)).toBe(false)
    expect(await rig.edge.apply({ listeners: [{ ...web, reusePort: true }] })).toEqual({ kind: 'applied' })
    expect(canShare(port)).toBe(true)
    await using client = await rig.connect()
    for (const one of [rig.client, client]) expect((await ask(one, get())).body).toBe('hello')
  })

  test('loses nobody for a change of what a socket that listens takes', async () => {
    const web = { ...tcpListener('web', 0), deferAccept: true }
    await using rig = await startRig({ answer: ok('hello'), config: { listeners: [web] } })
    // Nothing of theirs is there yet, so that they are not let in.
    const silent = await Promise.all([rig.connect(), rig.connect()])
    const applied = rig.edge.apply({ listeners: [{ ...web, deferAccept: false }] })
    expect(await applied).toEqual({ kind: 'applied' })
    for (const client of [rig.client, ...silent]) expect((await ask(client, get())).body).toBe('hello')
  })

  test('is as before when it cannot be bound anew, or need not be', async () => {
    const [port = 0] = freePorts(1)
    using taken = takenPort()
    const web = { ...tcpListener('web', port), reusePort: true }
    await using rig = await startRig({ answer: ok('hello'), config: { listeners: [web] } })
    using sharing = share(port)
    const alone = { ...web, reusePort: false }
    expect((await rig.edge.apply({ listeners: [alone] })).kind).toBe('refused')
    sharing[Symbol.dispose]()
    expect((await rig.edge.apply({ listeners: [alone, tcpListener('y', taken.port)] })).kind).toBe('refused')
    expect(canShare(port)).toBe(true)
    await using client = await rig.connect()
    expect((await ask(client, get())).body).toBe('hello')
  })
})

describe('a listener', () => {
  test('takes the place of a Unix socket that a killed process has left', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'smartedge-stale-'))
    const [path, adminPath] = [join(folder, 'edge.sock'), join(folder, 'admin.sock')]
    try {
      await leaveSockets([path, adminPath])
      const config = {
        listeners: [tcpListener('web', 0), unixListener('local', path)],
        admin: { address: { kind: 'unix', path: adminPath }, token: undefined, open: true },
      } as const
      await using rig = await startRig({ answer: ok('hello'), config })
      await using client = new RawPeer()
      await Bun.connect<RawPeer>({ unix: path, data: client, allowHalfOpen: true, socket: peerHandlers })
      expect((await ask(client, get())).body).toBe('hello')
      expect((await fetch('http://localhost/health', { unix: adminPath })).status).toBe(200)
      // A second process takes neither away.
      expect(await startEdge({ config: testConfig(config), emit: () => undefined }).catch(String)).toContain('in use')
      expect((await ask(client, get())).body).toBe('hello')
      rig.client.reset()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('that is removed and named again at once takes its address back', async () => {
    const [port = 0, other = 0] = freePorts(2)
    await using rig = await startRig({ answer: ok('hello'), config: { listeners: [tcpListener('web', port)] } })
    for (const now of [other, port]) {
      expect(await rig.edge.apply({ listeners: [tcpListener('web', now)] })).toEqual({ kind: 'applied' })
    }
    rig.edge.clock.advance(400)
    await using client = await connectTo(port)
    const response = await ask(client, get())
    expect([response.body, valuesOf(response, 'connection')]).toEqual(['hello', []])
  })

  test('that is only called otherwise keeps its clients', async () => {
    await using rig = await startRig({ answer: ok('hello') })
    const [port = 0] = freePorts(1)
    await rig.edge.apply({ listeners: [tcpListener('old', port)] })
    await using client = await connectTo(port)
    await ask(client, get())
    await rig.edge.apply({ listeners: [tcpListener('new', port)] })
    expect(rig.edge.edge.status().listeners).toEqual([
      { name: 'new', address: `127.0.0.1:${port}`, engine: 'own', http3: false, certificates: null, missing: [] },
    ])
    expect(rig.edge.edge.control.load().listeners.get(`127.0.0.1:${port}`)).toEqual({ connections: 1, tunnels: 0 })
    expect((await ask(client, get())).body).toBe('hello')
  })

  test('that is removed lets its clients finish, and cuts them after the drain timeout', async () => {
    const [port = 0] = freePorts(1)
    await using rig = await startRig()
    rig.client.send(get('/slow'))
    const quick = await rig.connect()
    quick.send(get('/quick'))
    const requests = [await rig.backend.next(), await rig.backend.next()]
    const { control } = rig.edge.edge
    const move = await control.prepare({ ...control.config, listeners: [tcpListener('other', port)] })
    // In the queue, and not accepted before the move: the edge lives in the same thread.
    const queued = connectTo(rig.edge.port)
    move.commit()
    await using late = await queued
    late.send(get('/late'))
    const { peer } = await rig.backend.next()
    peer.send(ok('too'))
    expect(valuesOf(await nextResponse(late), 'connection')).toEqual(['close'])
    rig.edge.clock.advance(100)
    expect(await knock(rig.edge.port)).toBe('refused')
    requests.find(({ request }) => request.target === '/quick')?.peer.send(ok('done'))
    expect((await nextResponse(quick)).body).toBe('done')
    await quick.expectEnd()
    rig.edge.clock.advance(4800)
    await turn()
    expect(rig.client.closing).toBeUndefined()
    rig.edge.clock.advance(400)
    expect(await rig.client.expectClosed()).toBe('reset')
  })
})
