/** HTTP/3 of a listener whose clients Bun.serve speaks with, as others have written it. */
import { describe, expect, test } from 'bun:test'
import type { ListenerConfig } from '../../core/config/config.ts'
import { createAuthority } from '../support/authority.ts'
import { startTestEdge, tcpListener } from '../support/edge.ts'
import { askHttp3, browseHttp3 } from '../support/http3-client.ts'
import { freePorts } from '../support/ports.ts'
import { ok, startRawBackend } from '../support/raw-backend.ts'
import { valuesOf } from '../support/raw-message.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { askSecurely, save, tlsListener, tlsPolicy } from '../support/tls.ts'

const authority = createAuthority()

async function startHttp3() {
  const stack = new AsyncDisposableStack()
  const folder = temporaryFolder()
  let issued = authority.issue({ names: ['a.test'] })
  const issue = () => save(folder, 'a', (issued = authority.issue({ names: ['a.test'] })))
  const { address } = tcpListener('web', freePorts(1)[0] ?? 0)
  const tls = tlsListener(tlsPolicy([issue()]))
  const listener: ListenerConfig = { ...tls, address, engine: 'serve', http3: true }
  const backend = stack.use(
    startRawBackend({
      answer: ({ request: { body, target }, peer }) => {
        const content = target === '/large' ? 'x'.repeat(10 << 20) : `${body.length}`
        if (target !== '/never') peer.send(ok(content, 'Content-Type: text/html\r\n'))
      },
    }),
  )
  const edge = stack.use(await startTestEdge([backend.port], { config: { listeners: [listener] } }))
  return {
    backend,
    edge,
    issue,
    chain: () => issued.chain,
    listener,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const askTcp = (port: number, lines = '') =>
  askSecurely(port, { ca: authority.cert }, `GET / HTTP/1.1\r\nHost: a.test\r\n${lines}Connection: close\r\n\r\n`)

describe('a client of HTTP/3', () => {
  test('is told of it over TCP, and gets what others get', async () => {
    await using rig = await startHttp3()
    const { port } = rig.edge
    expect((await askTcp(port)).text.toLowerCase()).toContain(`\r\nalt-svc: h3=":${port}"; ma=86400\r\n`)
    const answer = await askHttp3(port, '/name')
    expect([answer.status, answer.body.toString(), answer.fields.get('content-type')]).toEqual([200, '0', 'text/html'])
    expect(answer.fields.has('alt-svc')).toBe(false)
    expect(rig.edge.events).toContainEqual({
      kind: 'listening',
      listener: 'web',
      address: `127.0.0.1:${port}`,
      http3: true,
    })
    const request = rig.backend.requests[1]!
    expect([request.target, valuesOf(request, 'host'), valuesOf(request, 'via')]).toEqual([
      '/name',
      [`a.test:${port}`],
      ['3 smartedge'],
    ])
    expect([valuesOf(request, 'x-forwarded-proto'), valuesOf(request, 'x-forwarded-for')]).toEqual([
      ['https'],
      ['127.0.0.1'],
    ])
  })

  test('brings megabytes, and gets ten', async () => {
    await using rig = await startHttp3()
    const sent = await askHttp3(rig.edge.port, '/name', { method: 'POST', body: Buffer.alloc(2 << 20, 'a') })
    expect(sent.body.toString()).toBe(String(2 << 20))
    expect((await askHttp3(rig.edge.port, '/large')).body.length).toBe(10 << 20)
  })

  test('has each of a hundred requests of one connection answered', async () => {
    await using rig = await startHttp3()
    expect((await askHttp3(rig.edge.port, '/name', { times: 100 })).responses).toBe(100)
    expect(rig.backend.requests.length).toBe(100)
  })

  test('may be a browser', async () => {
    await using rig = await startHttp3()
    expect(await browseHttp3(rig.edge.port, rig.chain())).toContain('0')
    expect(valuesOf(rig.backend.requests[0]!, 'via')).toEqual(['3 smartedge'])
  }, 30_000)

  test('is refused as others are', async () => {
    await using rig = await startHttp3()
    await rig.edge.apply({ routes: [] })
    const answer = await askHttp3(rig.edge.port, '/name')
    expect([answer.status, answer.body.toString()]).toEqual([404, '404 Not Found: no route matches this request\n'])
  })
})

describe('a reload', () => {
  test('shows another certificate over both, and loses nobody', async () => {
    await using rig = await startHttp3()
    const { port } = rig.edge
    const before = (await askTcp(port)).fingerprint
    rig.issue()
    expect((await rig.edge.apply({})).kind).toBe('applied')
    await turnUntil(() => rig.edge.counters.connectionsOpen === 0, 'the end of what was there')
    rig.edge.clock.advance(2000)
    expect((await askTcp(port)).fingerprint).not.toBe(before)
    expect((await askHttp3(port, '/name')).status).toBe(200)
  })

  test('waits for what is under way over HTTP/3 no longer than a drain may take', async () => {
    await using rig = await startHttp3()
    const { port } = rig.edge
    const waiting = askHttp3(port, '/never').catch(() => 'lost')
    await turnUntil(() => rig.backend.requests.length === 1, 'the request')
    rig.issue()
    await rig.edge.apply({})
    rig.edge.clock.advance(6000)
    await turnUntil(() => rig.edge.counters.connectionsOpen === 0, 'its end')
    expect((await askHttp3(port, '/name')).status).toBe(200)
    expect(await waiting).toBe('lost')
  })

  test('ends HTTP/3 and begins it again', async () => {
    await using rig = await startHttp3()
    const { port } = rig.edge
    const { http3: _, ...without } = rig.listener
    await rig.edge.apply({ listeners: [without] })
    expect((await askTcp(port)).text.toLowerCase()).not.toContain('alt-svc')
    await turnUntil(() => rig.edge.counters.connectionsOpen === 0, 'its end')
    expect((await rig.edge.apply({ listeners: [rig.listener] })).kind).toBe('applied')
    expect((await askHttp3(port, '/name')).status).toBe(200)
  })

  test('ends HTTP/3 and wants it back at once, while a response is under way', async () => {
    await using rig = await startHttp3()
    const { port } = rig.edge
    const waiting = askHttp3(port, '/never').catch(() => 'lost')
    await turnUntil(() => rig.backend.requests.length === 1, 'the request')
    const { http3: _, ...without } = rig.listener
    await rig.edge.apply({ listeners: [without] })
    expect((await rig.edge.apply({ listeners: [rig.listener] })).kind).toBe('applied')
    rig.edge.clock.advance(6000)
    await turnUntil(() => rig.edge.counters.connectionsOpen === 0, 'its end')
    expect((await askHttp3(port, '/name')).status).toBe(200)
    expect(await waiting).toBe('lost')
  })

  test('shows another certificate and then gives the port to our own engine, both at once', async () => {
    await using rig = await startHttp3()
    rig.issue()
    await rig.edge.apply({})
    const { engine: _, http3: __, ...own } = rig.listener
    expect((await rig.edge.apply({ listeners: [own] })).kind).toBe('applied')
    const answer = await askTcp(rig.edge.port)
    expect([answer.text.includes('200 OK'), answer.text.toLowerCase().includes('alt-svc')]).toEqual([true, false])
    rig.edge.clock.advance(6000)
  })

  test('is refused where its UDP port is taken', async () => {
    await using rig = await startHttp3()
    const { port } = rig.edge
    const { http3: _, ...without } = rig.listener
    await rig.edge.apply({ listeners: [without] })
    await turnUntil(() => rig.edge.counters.connectionsOpen === 0, 'its end')
    const taken = await Bun.udpSocket({ hostname: '127.0.0.1', port })
    const applied = await rig.edge.apply({ listeners: [rig.listener] })
    expect(applied).toMatchObject({
      kind: 'refused',
      problems: [{ message: expect.stringContaining(`UDP port ${port} of 127.0.0.1 can't be had`) }],
    })
    expect((await askTcp(port)).text).toContain('200 OK')
    taken.close()
    // And one that comes to nothing for another reason leaves the port free.
    using held = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
    const other = { ...tcpListener('other', held.port ?? 0) }
    expect((await rig.edge.apply({ listeners: [rig.listener, other] })).kind).toBe('refused')
    ;(await Bun.udpSocket({ hostname: '127.0.0.1', port })).close()
  })
})
