import { describe, expect, test } from 'bun:test'
import { connect as connectTls } from 'node:tls'
import { helloFor, helloMessage, inRecords } from '../support/client-hello.ts'
import { createCertificates } from '../support/certificates.ts'
import { testPool } from '../support/edge.ts'
import { startTcpRig, tcpRoute } from '../support/tcp-rig.ts'

const UNRECOGNIZED = '\x15\x03\x03\x00\x02\x02\x70'

/** Two pools with a backend each: `one.example` and what is below it is the first's, everything else the second's, if anybody's. */
async function startRig({ others = false } = {}) {
  const rig = await startTcpRig({ backends: 2, mode: 'passthrough', routes: [] })
  const [web, rest] = rig.backends.map(({ port }) => testPool([port]))
  const named = ['one.example', '*.one.example'].map((host) => tcpRoute({ host }))
  await rig.edge.apply({
    pools: [web!, { ...rest!, name: 'rest' }],
    tcpRoutes: [...named, ...(others ? [tcpRoute({ pool: 'rest' })] : [])],
  })
  return rig
}

describe('passthrough', () => {
  test.each(['one.example', 'a.b.One.example'])(
    'has %s where its route leads, and passes its bytes on as they came',
    async (name) => {
      await using rig = await startRig({ others: true })
      const client = await rig.connect()
      const hello = helloFor(name).toString('latin1')
      client.send(`${hello}behind it`)
      const peer = await rig.backends[0]!.connection(0)
      await peer.expectBytes(`${hello}behind it`)
      peer.send('hello to you')
      await client.expectBytes('hello to you')
    },
  )

  test('takes a hello byte by byte, in records of three', async () => {
    await using rig = await startRig({ others: true })
    const client = await rig.connect()
    const hello = inRecords(helloMessage(), 3).toString('latin1')
    await client.sendByteByByte(hello)
    await (await rig.backends[1]!.connection(0)).expectBytes(hello)
  })

  test.each([
    ['another name', helloFor('two.example')],
    ['no name', inRecords(helloMessage())],
  ])('tells %s that it is not known, where nothing leads on', async (_, hello) => {
    await using rig = await startRig()
    const client = await rig.connect({})
    client.send(hello)
    await client.expectBytes(UNRECOGNIZED)
    expect(await client.expectClosed()).toBe('ended')
    expect(rig.edge.counters).toMatchObject({ unrouted: 1, responses: { '4xx': 1 } })
  })

  test.each([
    ['plain HTTP', 'GET / HTTP/1.1\r\nHost: one.example\r\n\r\n', 'HTTP/1.1 400 Bad Request\r\n'],
    ['SSLv3', inRecords(helloMessage({ version: 0x0300 })).toString('latin1'), '\x15\x03\x03\x00\x02\x02\x46'],
    [
      'a hello of 64 KB',
      inRecords(helloMessage({ extensions: [[21, Buffer.alloc(64_000)]] })).toString('latin1'),
      '\x15\x03\x03\x00\x02\x02\x2f',
    ],
  ])('answers %s, and gives it to nobody', async (_, bytes, answer) => {
    await using rig = await startRig({ others: true })
    const client = await rig.connect({})
    client.send(bytes)
    await client.until(() => (client.text.startsWith(answer) ? true : undefined), 'an answer')
    await client.expectClosed()
    expect(rig.edge.counters).toMatchObject({ badRequests: 1, tunnels: 0 })
  })

  test('has a whole handshake end at the backend', async () => {
    await using certificates = createCertificates()
    const [cert, key] = [Bun.file(certificates.cert), Bun.file(certificates.key)]
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      tls: { cert, key },
      fetch: () => new Response('over TLS'),
    })
    try {
      await using rig = await startRig()
      await rig.edge.apply({ pools: [testPool([server.port!]), { ...testPool([]), name: 'rest' }] })
      const text = await new Promise<string>((resolve, reject) => {
        const socket = connectTls({
          port: rig.edge.port,
          host: '127.0.0.1',
          servername: 'one.example',
          rejectUnauthorized: false,
        })
        let heard = ''
        socket.on('secureConnect', () =>
          socket.write('GET / HTTP/1.1\r\nHost: one.example\r\nConnection: close\r\n\r\n'),
        )
        socket.on('data', (bytes) => (heard += bytes.toString()))
        socket.on('close', () => resolve(heard))
        socket.on('error', reject)
      })
      expect(text).toEndWith('over TLS')
    } finally {
      await server.stop(true)
    }
  })
})
