import { describe, expect, test } from 'bun:test'
import { type Answer, createAsk, type Question } from '../../../core/net/ask.ts'
import { fail } from '../../support/fail.ts'
import { type Arrival, type BackendOptions, type RawBackend, startRawBackend } from '../../support/raw-backend.ts'
import { valuesOf } from '../../support/raw-message.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** A service in bytes; whoever asks it keeps connections, which are cut in the end. */
function startService(answer?: BackendOptions['answer']): RawBackend {
  const service = startRawBackend(answer && { answer })
  return {
    ...service,
    async [Symbol.asyncDispose]() {
      for (const peer of service.connections) peer.reset()
      await service[Symbol.asyncDispose]()
    },
  }
}

const answeringWith =
  (bytes: string) =>
  ({ peer }: Arrival): void =>
    peer.send(bytes)

function asking(backend: Pick<RawBackend, 'port'>, changes: Partial<Question> = {}) {
  const clock = virtualClock()
  const heard: Answer[] = []
  const url = `http://127.0.0.1:${backend.port}/verify?q`
  const question = { url, fields: [], timeoutMs: 1000, maxBodyBytes: 10, ...changes }
  const cancel = createAsk(clock, fail)(question, (answer) => heard.push(answer))
  const answer = async (): Promise<Answer> => {
    await turnUntil(() => heard.length > 0, 'an answer')
    return heard[0] ?? fail('there is none')
  }
  return { clock, heard, cancel, answer }
}

/** What is heard of a service that answers in these bytes. */
async function answerTo(bytes: string, changes: Partial<Question> = {}): Promise<Answer> {
  await using service = startService(answeringWith(bytes))
  const { answer, cancel } = asking(service, changes)
  const heard = await answer()
  cancel()
  return heard
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

describe('a question', () => {
  test('with a body is a POST of it, in UTF-8', async () => {
    await using service = startService(answeringWith(ok))
    const fields = [['content-type', 'application/json']] as const
    const { answer } = asking(service, { fields, body: '{"é":1}' })
    expect(await answer()).toMatchObject({ kind: 'answered', status: 200 })
    const [request] = service.requests
    expect(request?.head).toStartWith('POST /verify?q HTTP/1.1\r\n')
    expect([request?.body, valuesOf(request!, 'content-type'), valuesOf(request!, 'content-length')]).toEqual([
      '{"\xc3\xa9":1}',
      ['application/json'],
      ['8'],
    ])
  })

  test('is a GET with the fields it has, byte for byte', async () => {
    await using service = startService(answeringWith(ok))
    const fields = [
      ['Cookie', 'a=\xc3\xa9'],
      ['x-forwarded-uri', '/a//../b?\xe9'],
      ['accept-encoding', 'identity'],
      ['x-tab', 'a\tb'],
    ] as const
    const { answer } = asking(service, { fields })
    expect(await answer()).toMatchObject({ kind: 'answered', status: 200, body: Buffer.from('ok') })
    const [request] = service.requests
    expect([request?.method, request?.target, request?.body]).toEqual(['GET', '/verify?q', ''])
    const sent = new Map(request?.fields.map(([name, value]) => [name.toLowerCase(), value]))
    expect(fields.map(([name]) => sent.get(name.toLowerCase()))).toEqual(fields.map(([, value]) => value))
  })

  test('goes over a connection that is there already', async () => {
    await using service = startService(answeringWith(ok))
    for (let count = 0; count < 3; count += 1) {
      const { answer, clock } = asking(service)
      await answer()
      expect(clock.pending()).toBe(0)
    }
    expect([service.requests.length, service.connections.length]).toEqual([3, 1])
  })

  test('has no more fields than are sent', async () => {
    await using service = startService(answeringWith(ok))
    const many = (count: number) => Array.from({ length: count }, (_, index) => [`x-${index}`, '1'] as const)
    expect((await asking(service, { fields: many(200) }).answer()).kind).toBe('answered')
    expect(service.requests[0]?.fields.filter(([name]) => name.startsWith('x-'))).toHaveLength(200)
    expect((await asking(service, { fields: many(201) }).answer()).kind).toBe('failed')
  })

  test('that nobody waits for any more is taken back', async () => {
    await using service = startService()
    const { heard, cancel, clock } = asking(service)
    const { peer } = await service.next()
    cancel()
    await peer.expectClosed()
    expect([heard, clock.pending()]).toEqual([[], 0])
  })
})

describe('an answer', () => {
  test('is told whole, whatever its status, and no redirect is followed', async () => {
    const answer = await answerTo(
      'HTTP/1.1 302 Found\r\nLocation: /b\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-A: \xc3\xa9\r\nX-A: 2\r\nContent-Length: 3\r\n\r\n\x80\xff!',
    )
    if (answer.kind !== 'answered') throw new Error(answer.detail)
    expect([answer.status, answer.body]).toEqual([302, Buffer.from('\x80\xff!', 'latin1')])
    expect(['location', 'x-a'].map((name) => answer.fields.get(name))).toEqual(['/b', '\xc3\xa9, 2'])
    expect(answer.fields.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  test.each([
    ['HTTP/1.1 204 No Content\r\n\r\n', ''],
    ['HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na', 'a'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n', 'abc'],
    ['HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc', 'abc'],
    [`HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n${'a'.repeat(10)}`, 'a'.repeat(10)],
  ])('may be %j', async (bytes, body) => {
    const answer = await answerTo(bytes)
    expect(answer.kind === 'answered' && answer.body?.toString()).toBe(body)
  })

  test.each([
    `HTTP/1.1 403 No\r\nContent-Length: 11\r\n\r\n${'a'.repeat(11)}`,
    `HTTP/1.1 403 No\r\nContent-Length: 1000000\r\n\r\n${'a'.repeat(100)}`,
    `HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n${'5\r\naaaaa\r\n'.repeat(3)}`,
  ])('that is too long is told without its body: %j', async (bytes) => {
    expect(await answerTo(bytes)).toMatchObject({ kind: 'answered', status: 403, body: undefined })
  })

  const invalid = [
    'HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX-A: a\rb\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX A: a\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX-A: a\r\n folded\r\nContent-Length: 0\r\n\r\n',
    `HTTP/1.1 200 OK\r\n${Array.from({ length: 300 }, (_, index) => `X-${index}: 1\r\n`).join('')}Content-Length: 0\r\n\r\n`,
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
  ]

  test.each(invalid.map((bytes) => [bytes.slice(0, 50), bytes]))('that is no HTTP is none: %j', async (_, bytes) => {
    expect((await answerTo(bytes)).kind).toBe('failed')
  })

  test.each(['', 'HTTP/1.1 200 OK\r\nX-A: 1', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc'])(
    'that breaks off is none: %j',
    async (bytes) => {
      await using service = startService(({ peer }) => {
        peer.send(bytes)
        peer.end()
      })
      expect((await asking(service).answer()).kind).toBe('failed')
    },
  )

  test.each([
    '',
    'garbage\r\n\r\n',
    'HTTP/1.1 103 Early Hints\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX-A: 1',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n',
  ])('that does not end in time is none: %j', async (bytes) => {
    await using service = startService()
    const { clock, answer, heard } = asking(service)
    const { peer } = await service.next()
    peer.send(bytes)
    clock.advance(999)
    await new Promise((resolve) => setImmediate(resolve))
    expect(heard).toEqual([])
    clock.advance(1)
    expect(await answer()).toEqual({ kind: 'failed', detail: 'no whole answer within 1000 ms' })
    await peer.expectClosed()
    expect([heard.length, clock.pending()]).toEqual([1, 0])
  })

  test('of nobody is none, and says why', async () => {
    await using service = startService()
    service.stopListening()
    expect(await asking(service).answer()).toEqual({ kind: 'failed', detail: 'ECONNREFUSED' })
  })
})
