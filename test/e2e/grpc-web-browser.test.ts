import { expect, test } from 'bun:test'
import { anyRequest, startTestEdge, tcpListener, testPool } from '../support/edge.ts'
import { startGrpcServer } from '../support/grpc-server.ts'
import { framesOf, message } from '../support/grpc-web.ts'
import { ownChromium } from '../support/page-tab.ts'

const browser = ownChromium()

/** A call by a script of the page; resolves to its body, one character a byte, and to what the script may read of its head. */
const script = (url: string, type: string, body: Buffer): string => `(async () => {
  const headers = { 'content-type': '${type}', 'x-grpc-web': '1' }
  const response = await fetch('${url}', { method: 'POST', headers, body: Uint8Array.from(${JSON.stringify([...body])}) })
  const bytes = new Uint8Array(await response.arrayBuffer())
  return { body: String.fromCharCode(...bytes), initial: response.headers.get('x-initial') }
})()`

interface Seen {
  readonly body: string
  readonly initial: string | null
}

test('a script in a browser calls a server of another origin, in bytes and in text', async () => {
  await using server = await startGrpcServer()
  const page = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('a page') })
  const origin = `http://127.0.0.1:${page.port}`
  const cors = {
    origins: [origin],
    methods: ['POST'],
    fields: ['content-type', 'x-grpc-web'],
    expose: ['x-initial'],
    credentials: false,
    maxAgeMs: 1000,
  }
  const config = {
    listeners: [tcpListener('web', 0)],
    pools: [testPool([server.port], { protocol: 'h2c' })],
    routes: [{ match: anyRequest, pool: 'web', priority: 5, grpcWeb: true, access: { cors } }],
  }
  await using edge = await startTestEdge([server.port], { config })
  const tab = await browser.open()
  try {
    await tab.goTo(origin)
    const call = async (method: string, type: string, body: Buffer): Promise<Seen> =>
      (await tab.evaluate(script(`http://127.0.0.1:${edge.port}/t.T/${method}`, type, body))) as Seen
    const binary = await call('Unary', 'application/grpc-web+proto', message('hello'))
    expect(binary.initial).toBe('1')
    expect(framesOf(Buffer.from(binary.body, 'latin1'))).toMatchObject({
      messages: [Buffer.from('hello')],
      trailers: { 'grpc-status': '0', 'x-trailing': '2' },
    })
    const text = await call('Fail', 'application/grpc-web-text', Buffer.from(message('').toString('base64')))
    expect(framesOf(Buffer.from(text.body, 'base64'))).toEqual({
      messages: [],
      trailers: { 'grpc-status': '5', 'grpc-message': 'not%20here:%20%C3%BC' },
    })
  } finally {
    await tab.close()
    await page.stop(true)
    // The browser keeps its connection for another tab.
    edge.clock.advance(80_000)
  }
})
