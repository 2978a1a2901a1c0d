import { describe, expect, test } from 'bun:test'
import { connect as connectHttp2 } from 'node:http2'
import type { Http2Choice } from '../../core/config/config.ts'
import { createAuthority } from '../support/authority.ts'
import { startTestEdge, tcpListener } from '../support/edge.ts'
import { contentOf, data, END_STREAM, get, goAway, headers, post, reset, windowUpdate } from '../support/http2.ts'
import { http2Peer } from '../support/http2-peer.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get as get1 } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { startRig, type RigOptions } from '../support/rig.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { save, tlsListener, tlsPolicy } from '../support/tls.ts'

const listening = (http2: Http2Choice) => ({ listeners: [{ ...tcpListener('web', 0), http2 }] })
const rigWith = (options: RigOptions = {}, http2: Http2Choice = true) =>
  startRig({ ...options, config: { ...listening(http2), ...options.config } })

describe('a plain listener', () => {
  test('that speaks both answers each client in its own version', async () => {
    await using rig = await rigWith({ answer: ok('hello') })
    expect((await ask(rig.client, get1())).body).toBe('hello')
    const two = http2Peer(await rig.connect())
    two.send(get(1))
    expect(await two.line('HEADERS 1')).toContain(':status=200 content-length=5')
    expect(await two.line('DATA 1')).toBe('DATA 1 end hello')
    expect(valuesOf(rig.backend.requests[1]!, 'host')).toEqual(['a'])
    expect(valuesOf(rig.backend.requests[1]!, 'via')).toEqual(['2 smartedge'])
    expect(valuesOf(rig.backend.requests[1]!, 'x-forwarded-proto')).toEqual(['http'])
  })

  test('finds out which, however the first bytes come', async () => {
    await using rig = await rigWith({ answer: ok('hello') })
    await rig.client.sendByteByByte(get1())
    await rig.client.until(() => (rig.client.text.includes('hello') ? true : undefined), 'an answer')
    const raw = await rig.connect()
    const two = http2Peer(raw, '')
    await raw.sendByteByByte(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0${get(1)}`)
    expect(await two.line('DATA 1')).toBe('DATA 1 end hello')
  })

  test('that speaks none of it takes the preface for what it is in HTTP/1', async () => {
    await using rig = await rigWith({ answer: ok() }, false)
    rig.client.send('PRI * HTTP/2.0\r\n\r\n')
    await rig.client.expectEnd()
    expect(rig.client.text).toStartWith('HTTP/1.1 505')
  })

  test('that speaks nothing else ends what is another', async () => {
    await using rig = await rigWith({ answer: ok() }, 'only')
    rig.client.send(get1())
    await rig.client.expectEnd()
    expect(rig.client.text).toStartWith('HTTP/1.1 505')
    const two = http2Peer(await rig.connect())
    two.send(get(1))
    expect(await two.line('DATA 1')).toBe('DATA 1 end ok')
  })

  test('is told another choice for those who come from then on', async () => {
    await using rig = await rigWith({ answer: ok() }, false)
    await rig.edge.apply(listening(true))
    const two = http2Peer(await rig.connect())
    two.send(get(1))
    expect(await two.line('DATA 1')).toBe('DATA 1 end ok')
  })
})

describe('requests over one connection', () => {
  test('go to backends side by side, and come back as they are answered', async () => {
    await using rig = await rigWith()
    const two = http2Peer(rig.client)
    two.send(get(1) + get(3))
    const [first, second] = [await rig.backend.next(), await rig.backend.next()]
    second.peer.send(ok('second'))
    await two.line('DATA 3 end second')
    first.peer.send(ok('first'))
    await two.line('DATA 1 end first')
  })

  test('are tried elsewhere when a backend refuses', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    const gone = startRawBackend()
    await gone[Symbol.asyncDispose]()
    await using edge = await startTestEdge([gone.port, backend.port], { config: listening(true) })
    await using client = await connectTo(edge.port)
    const two = http2Peer(client)
    two.send(get(1))
    expect(await two.line('DATA 1')).toBe('DATA 1 end ok')
    expect(edge.counters.retries).toBe(1)
  })

  test('bring their bodies, and get theirs, larger than all windows', async () => {
    await using rig = await rigWith({
      answer: ({ request, peer }) => peer.send(ok('x'.repeat(300_000), `X-Length: ${request.body.length}\r\n`)),
    })
    const two = http2Peer(rig.client)
    two.send(post(1, [['content-length', '200000']]))
    for (let sent = 0; sent < 200_000; sent += 10_000) {
      if (sent >= 50_000 && sent % 50_000 === 0)
        await turnUntil(
          () => two.lines.filter((line) => line.startsWith('WINDOW_UPDATE 1')).length >= sent / 50_000,
          'a window update',
        )
      two.send(data(1, 'a'.repeat(10_000), sent === 190_000 ? END_STREAM : 0))
    }
    expect(await two.line('HEADERS 1')).toContain('x-length=200000')
    two.send(windowUpdate(0, 1_000_000) + windowUpdate(1, 1_000_000))
    await two.line('DATA 1 end')
    expect(contentOf(two.lines)).toBe(300_000)
  })

  test('that one client takes back end with their backend, and harm no others', async () => {
    await using rig = await rigWith()
    const two = http2Peer(rig.client)
    two.send(get(1) + get(3))
    const [first, second] = [await rig.backend.next(), await rig.backend.next()]
    two.send(reset(1))
    await turnUntil(() => first.peer.closing === 'reset', 'the end of the first')
    second.peer.send(ok())
    await two.line('DATA 3 end ok')
    expect(rig.edge.counters.abandoned).toBe(1)
  })

  test('whose backend breaks off are seen as cut', async () => {
    await using rig = await rigWith()
    const two = http2Peer(rig.client)
    two.send(get(1))
    const { peer } = await rig.backend.next()
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')
    await two.line('DATA 1 abc')
    peer.reset()
    await two.line('RST_STREAM 1 INTERNAL_ERROR')
    expect(rig.edge.counters.truncated).toBe(1)
  })

  test('bring and get trailers, and hints', async () => {
    await using rig = await rigWith()
    const two = http2Peer(rig.client)
    two.send(post(1, [['te', 'trailers']]) + data(1, 'a') + headers(1, [['x-sum', '1']]))
    const { request, peer } = await rig.backend.next()
    expect([request.body, request.trailers]).toEqual(['a', [['x-sum', '1']]])
    peer.send(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\nX-End: 2\r\n\r\n',
    )
    expect(await two.line('HEADERS 1 :status=103')).toContain('link=</a>')
    expect(await two.line('DATA 1')).toBe('DATA 1 b')
    expect(await two.line('HEADERS 1 end')).toBe('HEADERS 1 end x-end=2')
  })
})

describe('an edge that is told to go', () => {
  test('says so twice, and answers what has come', async () => {
    await using rig = await rigWith()
    const two = http2Peer(rig.client)
    two.send(get(1))
    const { peer } = await rig.backend.next()
    const stopped = rig.edge.edge.drain()
    expect(await two.line('GOAWAY')).toBe('GOAWAY 2147483647 NO_ERROR')
    await two.line('PING drain-go')
    two.send('\0\0\x08\x06\x01\0\0\0\0drain-go')
    await two.line('GOAWAY 1 NO_ERROR')
    peer.send(ok())
    await two.line('DATA 1 end ok')
    await stopped
  })

  test('loses no stream over twenty reloads', async () => {
    await using rig = await rigWith({ answer: ok() })
    const two = http2Peer(rig.client)
    for (let round = 0; round < 20; round += 1) {
      const ids = [0, 1, 2, 3].map((index) => 8 * round + 2 * index + 1)
      two.send(ids.map((id) => get(id)).join(''))
      await rig.edge.apply({ drainTimeoutMs: 5000 + round })
      for (const id of ids) await two.line(`DATA ${id} end ok`)
    }
    two.send(goAway(0))
  })
})

test('a client that asks for too much is let go, and counted', async () => {
  await using rig = await rigWith({ answer: ok() })
  const two = http2Peer(rig.client)
  two.send('\0\0\x08\x06\0\0\0\0\0aaaaaaaa'.repeat(201))
  expect(await two.line('GOAWAY')).toBe('GOAWAY 0 ENHANCE_YOUR_CALM')
  expect(rig.edge.counters.http2Violations).toMatchObject({ ping: 1, settings: 0 })
})

test('over TLS it is agreed on by ALPN, and a listener may leave it out', async () => {
  await using backend = startRawBackend({ answer: answering(ok('hello')) })
  const root = createAuthority()
  const files = save(temporaryFolder(), 'a', root.issue({ names: ['a.test'] }))
  const listener = tlsListener(tlsPolicy([files]))
  await using edge = await startTestEdge([backend.port], { config: { listeners: [listener] } })
  const asked = async (protocols: readonly string[]): Promise<string | undefined> => {
    const session = connectHttp2(`https://127.0.0.1:${edge.port}`, {
      ca: root.cert,
      servername: 'a.test',
      ALPNProtocols: [...protocols],
    })
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    session.once('error', () => resolve(undefined))
    const stream = session.request({ ':path': '/over-tls', ':authority': 'a.test' })
    let text = ''
    stream.setEncoding('utf8')
    stream.on('error', () => resolve(undefined))
    stream.on('data', (piece: string) => void (text += piece))
    stream.on('end', () => resolve(text))
    const answer = await promise
    session.destroy()
    return answer
  }
  expect(await asked(['h2'])).toBe('hello')
  expect(valuesOf(backend.requests[0]!, 'x-forwarded-proto')).toEqual(['https'])
  await edge.apply({ listeners: [{ ...listener, http2: false }] })
  expect(await asked(['h2'])).toBeUndefined()
})

/** Runs a program of this system against the edge; its output. */
async function run(...command: readonly string[]): Promise<string> {
  if (Bun.which(command[0]!) === null)
    throw new Error(`${command[0]} is not installed: apt-get install curl nghttp2-client`)
  const child = Bun.spawn([...command], { stdout: 'pipe', stderr: 'pipe' })
  const [out] = await Promise.all([child.stdout.text(), child.exited])
  return out
}

describe('clients that others wrote', () => {
  test('curl gets what it asks for', async () => {
    await using rig = await rigWith({ answer: ({ request, peer }) => peer.send(ok(`${request.body.length} bytes`)) })
    const url = `http://127.0.0.1:${rig.edge.port}/`
    const curl = (...more: readonly string[]): Promise<string> =>
      run('curl', '--silent', '--http2-prior-knowledge', '--write-out', ' %{http_version} %{http_code}', ...more, url)
    expect(await curl()).toBe('0 bytes 2 200')
    expect(await curl('--data-binary', 'x'.repeat(100_000))).toBe('100000 bytes 2 200')
    expect(await curl('--head')).toMatch(/^HTTP\/2 200/)
  })

  test('h2load has every request of many streams answered', async () => {
    await using rig = await rigWith({ answer: ok() })
    const out = await run(
      'h2load',
      '--requests=2000',
      '--clients=4',
      '--max-concurrent-streams=20',
      `http://127.0.0.1:${rig.edge.port}/`,
    )
    expect(out).toContain('2000 succeeded, 0 failed, 0 errored, 0 timeout')
    expect(out).toContain('2000 2xx')
  })
})
