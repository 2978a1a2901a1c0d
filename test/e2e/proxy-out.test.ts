/** PROXY headers to backends: what they tell, that each connection is for one client's alone, and what that means for all else. */
import { describe, expect, onTestFinished, test } from 'bun:test'
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { PoolConfig } from '../../core/config/config.ts'
import type { HealthPolicy } from '../../core/health/policy.ts'
import type { ProxyOutPolicy } from '../../core/outbound/policy.ts'
import type { ProxyHeader } from '../../core/proxy-protocol/header.ts'
import { readHeader } from '../../core/proxy-protocol/read.ts'
import { writeV2 } from '../../core/proxy-protocol/write.ts'
import { startTestEdge, tcpListener } from '../support/edge.ts'
import { makeMember } from '../support/make-backend.ts'
import { peerTls } from '../support/peer-tls.ts'
import { ask, connectTo, get, nextResponse } from '../support/raw-client.ts'
import { turnUntil } from '../support/raw-peer.ts'

const V1: ProxyOutPolicy = { version: 1, tells: [], hasChecksum: false }
const V2: ProxyOutPolicy = { version: 2, tells: [], hasChecksum: false }

interface Heard {
  readonly header: ProxyHeader
  /** Its requests. */
  requests: number
  isOpen: boolean
}

/** A backend that reads a header from each connection, then TLS where there is some, and answers every request with its count. */
async function serve(isSecure = false): Promise<{ readonly port: number; readonly heard: readonly Heard[] }> {
  const heard: Heard[] = []
  const answer = (socket: Socket, one: Heard): void => {
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        text = text.slice(end + 4)
        one.requests += 1
        const body = `${heard.indexOf(one)}.${one.requests}`
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      }
    })
  }
  const tls = createTlsServer(peerTls().server, (socket) => {
    const one = heard.find(({ requests, isOpen }) => requests === 0 && isOpen)
    if (one !== undefined) answer(socket, one)
  })
  const server = createServer((socket) => {
    let held = Buffer.alloc(0)
    const read = (bytes: Buffer): void => {
      held = Buffer.concat([held, bytes])
      const found = readHeader(held)
      if (found === undefined) return
      socket.off('data', read)
      const one: Heard = { header: found.header, requests: 0, isOpen: true }
      heard.push(one)
      socket.on('close', () => (one.isOpen = false))
      const rest = held.subarray(found.end)
      if (isSecure) {
        socket.pause()
        if (rest.length > 0) socket.unshift(rest)
        tls.emit('connection', socket)
      } else {
        answer(socket, one)
        if (rest.length > 0) socket.emit('data', rest)
      }
    }
    socket.on('error', () => undefined)
    socket.on('data', read)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, heard }
}

const edgeOf = (ports: readonly number[], proxyProtocol: ProxyOutPolicy, pool: Partial<PoolConfig> = {}) =>
  startTestEdge([], { pool: { members: ports.map((port) => makeMember(port)), proxyProtocol, ...pool } })

describe('a connection to a backend', () => {
  test.each([V1, V2])('begins with who its client is, by %j', async (policy) => {
    const { port, heard } = await serve()
    await using edge = await edgeOf([port], policy)
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).body).toBe('0.1')
    const route = heard[0]?.header.route
    expect(route).toMatchObject({
      source: { address: '127.0.0.1' },
      destination: { address: '127.0.0.1', port: edge.port },
    })
    expect(route?.source.port).toBeGreaterThan(0)
    expect(route?.source.port).not.toBe(edge.port)
  })

  test('serves one client alone, one request after the other, and ends with it', async () => {
    const { port, heard } = await serve()
    await using edge = await edgeOf([port], V2)
    await using one = await connectTo(edge.port)
    await using other = await connectTo(edge.port)
    const bodies: string[] = []
    for (const client of [one, other, one, other, one]) bodies.push((await ask(client, get())).body)
    expect(bodies).toEqual(['0.1', '1.1', '0.2', '1.2', '0.3'])
    const [first, second] = heard.map(({ header }) => header.route?.source.port)
    expect(first).not.toBe(second)
    one.reset()
    await turnUntil(() => heard[0]?.isOpen === false, 'the end of the first')
    expect(heard[1]?.isOpen).toBe(true)
    await turnUntil(() => edge.backend().connections === 1, 'one left')
    expect((await ask(other, get())).body).toBe('1.3')
  })

  test('gives way to another client’s at the cap, when it is idle', async () => {
    const { port, heard } = await serve()
    await using edge = await edgeOf([port], V2, { maxConnections: 1 })
    await using one = await connectTo(edge.port)
    await using other = await connectTo(edge.port)
    const bodies: string[] = []
    for (const client of [one, other, one]) bodies.push((await ask(client, get())).body)
    expect(bodies).toEqual(['0.1', '1.1', '2.1'])
    expect(heard[0]?.header.route?.source.port).toBe(heard[2]?.header.route?.source.port ?? 0)
  })

  test('is closed when headers are told otherwise, and pooled again when there are none', async () => {
    const { port, heard } = await serve()
    await using edge = await edgeOf([port], V1)
    await using client = await connectTo(edge.port)
    await ask(client, get())
    const [pool] = edge.edge.control.config.pools
    await edge.apply({ pools: [{ ...pool!, proxyProtocol: { ...V2, tells: ['uniqueId'], hasChecksum: true } }] })
    expect((await ask(client, get())).body).toBe('1.1')
    expect(heard.map(({ header }) => header.version)).toEqual([1, 2])
    expect(heard[1]?.header.told.uniqueId).toHaveLength(16)
  })

  test('tells the same unique id for as long as its client is connected', async () => {
    const [one, other] = [await serve(), await serve()]
    await using edge = await edgeOf(
      [one.port, other.port],
      { ...V2, tells: ['uniqueId'] },
      {
        strategy: { use: 'round-robin', options: undefined },
      },
    )
    await using client = await connectTo(edge.port)
    for (let count = 0; count < 4; count += 1) await ask(client, get())
    const ids = [...one.heard, ...other.heard].map(({ header }) => header.told.uniqueId?.toString('hex'))
    expect(ids).toHaveLength(2)
    expect(ids[0]).toBe(ids[1] ?? '')
  })

  test('passes on what a header in front has told', async () => {
    const { port, heard } = await serve()
    const listener = {
      ...tcpListener('web', 0),
      proxyProtocol: { from: undefined, others: 'refuse', timeoutMs: 5000 },
    } as const
    await using edge = await startTestEdge([], {
      config: { listeners: [listener] },
      pool: {
        members: [makeMember(port)],
        proxyProtocol: { ...V2, tells: ['authority', 'uniqueId', 'ssl'], hasChecksum: true },
      },
    })
    const route = {
      source: { address: '2001:db8::7', port: 4711 },
      destination: { address: '2001:db8::1', port: 443 },
    }
    const told = { authority: 'a.example', uniqueId: Buffer.from('from the front'), isSecure: true } as const
    await using client = await connectTo(edge.port)
    client.send(Buffer.concat([writeV2(route, { told }), Buffer.from(get())]))
    await nextResponse(client)
    expect(heard[0]?.header).toEqual({ version: 2, route, told })
  })

  test('begins so before TLS, too', async () => {
    const { port, heard } = await serve(true)
    const member = makeMember(port, { scheme: 'https', id: `https://127.0.0.1:${port}` })
    await using edge = await edgeOf([port], V2, { members: [member], tls: peerTls().policy })
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).body).toBe('0.1')
    expect((await ask(client, get())).body).toBe('0.2')
    expect(heard[0]?.header.route?.destination.port).toBe(edge.port)
  })

  test.each([V1, V2])('of a check is for nobody, by %j', async (policy) => {
    const { port, heard } = await serve()
    const health: HealthPolicy = {
      check: { kind: 'http', path: '/', host: undefined, expect: [{ from: 200, to: 399 }] },
      intervalMs: 1000,
      jitterRatio: 0,
      timeoutMs: 1000,
      rise: 1,
      fall: 1,
      initially: 'usable',
      maxConcurrent: 10,
    }
    await using edge = await edgeOf([port], policy, { health })
    edge.clock.advance(100)
    await turnUntil(() => edge.backend().lastCheck !== null, 'a check')
    expect(edge.backend().lastCheck).toMatchObject({ passed: true })
    expect(heard.map(({ header }) => header)).toEqual([{ version: policy.version, route: undefined, told: {} }])
  })
})
