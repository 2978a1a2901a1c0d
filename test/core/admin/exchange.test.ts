import { heapStats } from 'bun:jsc'
import { describe, expect, test } from 'bun:test'
import type { AdminSource } from '../../../core/admin/source.ts'
import type { Controller, Plan } from '../../../core/control/contract.ts'
import { asStatus, fakeAdminSource } from '../../support/admin-source.ts'
import { adminServer, portOf } from '../../support/admin-server.ts'
import { connectTo, nextResponse } from '../../support/raw-client.ts'
import { valuesOf } from '../../support/raw-message.ts'
import { type RawPeer, turnUntil } from '../../support/raw-peer.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const mebibyte = 1024 ** 2

const head = (line: string, fields = ''): string => `${line} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`
const plan = (length: number, fields = ''): string =>
  head('POST /api/config/plan', `Content-Type: application/json\r\nContent-Length: ${length}\r\n${fields}`)

/** Plans every text, once it is told to; keeps their lengths. */
function planner() {
  const planned: number[] = []
  let answer = Promise.resolve()
  const done: Plan = { kind: 'plan', changes: [], summary: 'none', kept: [], problems: [], omitted: 0 }
  const control = {
    async plan(text = '') {
      planned.push(text.length)
      await answer
      return done
    },
    etag: () => undefined,
  } as unknown as Controller
  return { planned, source: { control }, holdBack: (until: Promise<void>) => void (answer = until) }
}

/** An admin API on a clock that stands still, and clients of it. */
async function start(source: Partial<AdminSource> = {}, maxConnections = 64) {
  const clock = virtualClock()
  const server = await adminServer({ source: fakeAdminSource(source), surroundings: { clock, maxConnections } })
  const stack = new AsyncDisposableStack()
  const connect = async (): Promise<RawPeer> => stack.use(await connectTo(portOf(server)))
  const ask = async (client: RawPeer, text: string, method = 'GET') => {
    client.send(text)
    return await nextResponse(client, method)
  }
  return { clock, server, connect, ask, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describe('an answer', () => {
  test('has a date and its length, to HEAD the same ones without the body', async () => {
    await using api = await start({ status: () => asStatus('métrique') })
    const client = await api.connect()
    const got = await api.ask(client, head('GET /api/status'))
    expect([got.status, valuesOf(got, 'content-length'), got.body.length]).toEqual([200, ['12'], 12])
    expect(valuesOf(got, 'date')).toEqual(['Thu, 01 Jan 2026 00:00:00 GMT'])
    const bare = await api.ask(client, head('HEAD /api/status'), 'HEAD')
    expect(bare.head).toBe(got.head)
    expect((await api.ask(client, head('GET /health'))).status).toBe(200)
  })

  test('comes in the order of pipelined requests, on one connection', async () => {
    await using api = await start()
    const client = await api.connect()
    client.send(`${head('GET /nope')}${head('HEAD /api/status')}${head('GET /health')}`)
    const statuses = [await nextResponse(client), await nextResponse(client, 'HEAD'), await nextResponse(client)]
    expect(statuses.map(({ status }) => status)).toEqual([404, 200, 200])
  })

  test('goes to a client that has ended its side and waits, and to one of HTTP/1.0', async () => {
    const { planned, source, holdBack } = planner()
    const { promise, resolve } = Promise.withResolvers<void>()
    holdBack(promise)
    await using api = await start(source)
    const client = await api.connect()
    client.send(`${plan(2)}{}`)
    client.end()
    await turnUntil(() => planned.length === 1, 'the plan')
    expect((await api.ask(await api.connect(), head('GET /health'))).status).toBe(200)
    resolve()
    expect((await nextResponse(client)).status).toBe(200)
    const old = await api.ask(await api.connect(), 'GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n')
    expect([old.status, valuesOf(old, 'connection')]).toEqual([200, ['close']])
  })

  test('that the client is slow to take keeps nobody else waiting, and comes whole', async () => {
    const text = 'x'.repeat(8 * mebibyte)
    await using api = await start({ status: () => asStatus(text) })
    const slow = await api.connect()
    slow.pause()
    slow.send(head('GET /api/status'))
    slow.send(head('GET /health'))
    expect((await api.ask(await api.connect(), head('GET /health'))).status).toBe(200)
    slow.resume()
    expect((await nextResponse(slow)).body.length).toBe(text.length + '""\n'.length)
    expect((await nextResponse(slow)).status).toBe(200)
  })

  test('is refused while too many bytes wait for others to take them', async () => {
    const text = 'x'.repeat(16 * mebibyte)
    await using api = await start({ status: () => asStatus(text) })
    const slow = [await api.connect(), await api.connect()]
    for (const client of slow) {
      client.pause()
      client.send(head('GET /api/status'))
      await turnUntil(() => client.sentBytes > 0, 'the request on its way')
      expect((await api.ask(await api.connect(), head('GET /health'))).status).toBe(200)
    }
    const refused = await api.ask(await api.connect(), head('GET /api/status'))
    expect([refused.status, valuesOf(refused, 'retry-after')]).toEqual([503, ['1']])
    // What is small goes out all the same.
    expect((await api.ask(await api.connect(), head('GET /health'))).status).toBe(200)
    for (const client of slow) client.reset()
    const again = await api.connect()
    let status = 503
    for (let tries = 0; status === 503 && tries < 50; tries += 1)
      status = (await api.ask(again, head('GET /api/status'))).status
    expect(status).toBe(200)
  })
})

describe('a body', () => {
  test('is read by its length, in chunks, and byte by byte', async () => {
    const { planned, source } = planner()
    await using api = await start(source)
    const client = await api.connect()
    expect((await api.ask(client, `${plan(5)}hello`)).status).toBe(200)
    const chunked = head('POST /api/config/plan', 'Transfer-Encoding: chunked\r\n')
    expect((await api.ask(client, `${chunked}3\r\nhel\r\n4;x=y\r\nlo w\r\n0\r\nX: trailer\r\n\r\n`)).status).toBe(200)
    await client.sendByteByByte(`${plan(3)}abc`)
    expect((await nextResponse(client)).status).toBe(200)
    expect(planned).toEqual([5, 7, 3])
  })

  test('is waited for by who expects to be asked for it', async () => {
    const { planned, source } = planner()
    await using api = await start(source)
    const client = await api.connect()
    const interim = await api.ask(client, plan(2, 'Expect: 100-continue\r\n'))
    expect([interim.status, planned]).toEqual([100, []])
    expect((await api.ask(client, '{}')).status).toBe(200)
    const tooLarge = await api.ask(client, plan(5 * mebibyte, 'Expect: 100-continue\r\n'))
    expect(tooLarge.status).toBe(413)
  })

  test('of very many pieces is held as so many bytes', async () => {
    const { planned, source } = planner()
    await using api = await start(source)
    const client = await api.connect()
    client.send(head('POST /api/config/plan', 'Transfer-Encoding: chunked\r\n'))
    const pieces = 60_000
    client.send('1\r\nx\r\n'.repeat(pieces))
    await turnUntil(() => client.sentBytes > pieces * 6, 'the pieces on their way')
    expect((await api.ask(await api.connect(), head('GET /health'))).status).toBe(200)
    Bun.gc(true)
    expect(heapStats().objectTypeCounts['Uint8Array'] ?? 0).toBeLessThan(pieces / 10)
    expect((await api.ask(client, '0\r\n\r\n')).status).toBe(200)
    expect(planned).toEqual([pieces])
  })

  test('of a request that takes none is not read beyond what a person would send', async () => {
    const { source } = planner()
    await using api = await start(source)
    const reload = head('POST /api/reload', 'Content-Length: 100000\r\n')
    expect((await api.ask(await api.connect(), reload)).status).toBe(413)
  })

  test('that is too large is refused unread, as soon as that is known', async () => {
    const { planned, source } = planner()
    await using api = await start(source)
    const known = await api.ask(await api.connect(), plan(4 * mebibyte + 1))
    expect([known.status, valuesOf(known, 'connection')]).toEqual([413, ['close']])
    const client = await api.connect()
    client.send(head('POST /api/config/plan', 'Transfer-Encoding: chunked\r\n'))
    client.send(`${(5 * mebibyte).toString(16)}\r\n`)
    client.send(Buffer.alloc(5 * mebibyte, 'x'))
    expect((await nextResponse(client)).status).toBe(413)
    expect(planned).toEqual([])
  })

  test('that breaks its framing is refused', async () => {
    const { planned, source } = planner()
    await using api = await start(source)
    const client = await api.connect()
    client.send(`${head('POST /api/config/plan', 'Transfer-Encoding: chunked\r\n')}zz\r\n`)
    expect((await nextResponse(client)).status).toBe(400)
    expect([await client.expectClosed(), planned]).toEqual(['ended', []])
  })

  test('that stops coming ends with its time', async () => {
    const { planned, source } = planner()
    await using api = await start(source)
    const client = await api.connect()
    client.send(`${plan(10)}half`)
    await turnUntil(() => client.sentBytes > 0, 'the half')
    expect((await api.ask(await api.connect(), head('GET /health'))).status).toBe(200)
    api.clock.advance(31_000)
    expect((await nextResponse(client)).status).toBe(408)
    expect(planned).toEqual([])
  })

  test('has no room while many are held, and has it again when they are done with', async () => {
    const { planned, source, holdBack } = planner()
    const { promise, resolve } = Promise.withResolvers<void>()
    holdBack(promise)
    await using api = await start(source)
    const text = 'x'.repeat(4 * mebibyte)
    const holders = await Promise.all(Array.from({ length: 8 }, () => api.connect()))
    for (const holder of holders.slice(0, 2)) holder.send(plan(text.length) + text)
    // What is announced is held: it may come at any time.
    for (const holder of holders.slice(2)) holder.send(plan(text.length))
    await turnUntil(() => planned.length === 2, 'two plans')
    const client = await api.connect()
    const refused = await api.ask(client, `${plan(2)}{}`)
    expect([refused.status, valuesOf(refused, 'retry-after')]).toEqual([503, ['1']])
    const chunked = head('POST /api/config/plan', 'Transfer-Encoding: chunked\r\n')
    expect((await api.ask(await api.connect(), `${chunked}2\r\n{}\r\n0\r\n\r\n`)).status).toBe(503)
    // Nothing else is held up.
    expect((await api.ask(await api.connect(), head('GET /health'))).status).toBe(200)
    for (const holder of holders.slice(2)) holder.reset()
    expect((await api.ask(await api.connect(), head('GET /health'))).status).toBe(200)
    const other = await api.connect()
    other.send(`${plan(2)}{}`)
    resolve()
    expect((await nextResponse(other)).status).toBe(200)
    for (const holder of holders.slice(0, 2)) expect((await nextResponse(holder)).status).toBe(200)
  })

  test('whose client leaves in the middle is nobody’s', async () => {
    const { planned, source } = planner()
    await using api = await start(source)
    const client = await api.connect()
    client.send(`${plan(10)}half`)
    await turnUntil(() => client.sentBytes > 0, 'the half')
    client.reset()
    expect((await api.ask(await api.connect(), `${plan(2)}{}`)).status).toBe(200)
    expect(planned).toEqual([2])
  })

  test('that nobody reads ends the connection behind the answer', async () => {
    await using api = await start()
    const client = await api.connect()
    client.send(head('DELETE /health', 'Content-Length: 3\r\n'))
    const refused = await nextResponse(client)
    expect([refused.status, valuesOf(refused, 'connection')]).toEqual([405, ['close']])
  })
})

describe('a head', () => {
  test.each([
    [400, 'GET /health HTTP/1.1\r\n\r\n'],
    [400, 'GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n'],
    [400, 'GET /health HTTP/1.1\nHost: localhost\n\n'],
    [400, head('POST /api/reload', 'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n')],
    [431, head('GET /health', `X: ${'x'.repeat(70_000)}\r\n`)],
    [414, head(`GET /${'x'.repeat(20_000)}`)],
    [501, head('CONNECT localhost:80').replace('Host: localhost', 'Host: localhost:80')],
    [505, 'GET /health HTTP/2.0\r\nHost: localhost\r\n\r\n'],
  ])('that is refused gets %d, and the connection ends', async (status, text) => {
    await using api = await start()
    const client = await api.connect()
    client.send(text)
    expect((await nextResponse(client)).status).toBe(status)
    expect(await client.expectClosed()).toBe('ended')
  })

  test('may name several hosts only as one that is not loopback', async () => {
    await using api = await start()
    const client = await api.connect()
    client.send('GET /api/status HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n')
    expect((await nextResponse(client)).status).toBe(400)
  })
})

describe('a stream', () => {
  /** Events that a test sends, and whether the watcher has left. */
  function channel() {
    let controller: ReadableStreamDefaultController<Uint8Array>
    const left = Promise.withResolvers<void>()
    const events = (): Response => {
      const body = new ReadableStream<Uint8Array>({
        start: (given) => void (controller = given),
        cancel: () => left.resolve(),
      })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    }
    return {
      events,
      left: left.promise,
      send: (bytes: Uint8Array) => controller.enqueue(bytes),
      controller: () => controller,
    }
  }

  test('passes on what comes as it comes, until it ends', async () => {
    const { events, send, controller } = channel()
    await using api = await start({ events })
    const client = await api.connect()
    client.send(head('GET /api/events'))
    await client.until(() => (client.rest.includes('\r\n\r\n') ? true : undefined), 'the head')
    expect(client.rest).toContain('Transfer-Encoding: chunked')
    send(new TextEncoder().encode('event: a\n\n'))
    await client.until(() => (client.rest.includes('a\r\nevent: a\n\n\r\n') ? true : undefined), 'the event')
    controller().close()
    expect((await nextResponse(client)).body).toBe('event: a\n\n')
    expect((await api.ask(client, head('GET /health'))).status).toBe(200)
  })

  test('leaves the bytes that it sends to others', async () => {
    const { events, send } = channel()
    await using api = await start({ events })
    const client = await api.connect()
    client.send(head('GET /api/events'))
    await client.until(() => (client.rest.includes('\r\n\r\n') ? true : undefined), 'the head')
    const bytes = new Uint8Array(100_000).fill(120)
    send(bytes)
    await client.expectCount(100_000)
    expect([bytes.length, bytes[99_999]]).toEqual([100_000, 120])
  })

  test('ends with its watcher', async () => {
    const { events, left } = channel()
    await using api = await start({ events })
    const client = await api.connect()
    client.send(head('GET /api/events'))
    await client.until(() => (client.rest.includes('\r\n\r\n') ? true : undefined), 'the head')
    client.reset()
    await left
  })

  test('cuts a watcher that its source has given up', async () => {
    const { events, controller } = channel()
    await using api = await start({ events })
    const client = await api.connect()
    client.send(head('GET /api/events'))
    await client.until(() => (client.rest.includes('\r\n\r\n') ? true : undefined), 'the head')
    controller().error(new Error('it reads too slowly'))
    expect(await client.expectClosed()).toBe('reset')
  })

  test('stays with its source while the watcher takes nothing', async () => {
    const { events, send, controller } = channel()
    await using api = await start({ events })
    const client = await api.connect()
    client.send(head('GET /api/events'))
    await client.until(() => (client.rest.includes('\r\n\r\n') ? true : undefined), 'the head')
    client.pause()
    for (let sent = 0; sent < 40; sent += 1) send(new Uint8Array(mebibyte))
    await turnUntil(() => (controller().desiredSize ?? 0) < 0, 'pieces that wait')
    expect((await api.ask(await api.connect(), head('GET /health'))).status).toBe(200)
    expect(controller().desiredSize).toBeLessThan(-10)
  })
})
