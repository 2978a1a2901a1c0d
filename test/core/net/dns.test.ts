import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../../core/clock.ts'
import { createAskDns, type DnsAnswer } from '../../../core/net/dns.ts'
import { a, answerBytes, type WrittenAnswer } from '../../support/dns-bytes.ts'
import { fail } from '../../support/fail.ts'
import { closedPort } from '../../support/ports.ts'

const ask = createAskDns(systemClock, fail)

interface Server extends Disposable {
  readonly port: number
  readonly asked: string[]
}

/** Says what `udp` makes of a question, in packets, and what `tcp` does, in bytes; undefined: it closes at once. */
async function startServer(
  udp: (question: Buffer) => readonly Buffer[],
  tcp: (question: Buffer) => readonly Buffer[] | undefined = () => undefined,
): Promise<Server> {
  const asked: string[] = []
  const stream = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket, bytes) {
        asked.push('tcp')
        const pieces = tcp(bytes.subarray(2))
        for (const piece of pieces ?? []) socket.write(piece)
        if (pieces === undefined) socket.end()
      },
    },
  })
  const packets = await Bun.udpSocket({
    hostname: '127.0.0.1',
    port: stream.port,
    socket: {
      data(socket, bytes, port, address) {
        asked.push('udp')
        for (const packet of udp(bytes)) socket.send(packet, port, address)
      },
    },
  })
  return {
    port: stream.port,
    asked,
    [Symbol.dispose]() {
      stream.stop(true)
      packets.close()
    },
  }
}

const answerOf = async (
  port: number,
  { address = '127.0.0.1', name = 'a.test', timeoutMs = 10_000 } = {},
): Promise<DnsAnswer> => {
  const { promise, resolve } = Promise.withResolvers<DnsAnswer>()
  ask({ server: { address, port }, name, type: 'A', timeoutMs }, resolve)
  return await promise
}

const found = (...addresses: string[]) => ({
  kind: 'message',
  message: { answers: addresses.map((address) => ({ address })) },
})
const ten: WrittenAnswer = { answers: [a('10.0.0.1')] }
const cutOff = (question: Buffer) => [answerBytes(question, { flags: 0x8380 })]
const framed = (bytes: Buffer): Buffer => Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes])

describe('a name server', () => {
  test('is asked over UDP', async () => {
    using server = await startServer((question) => [answerBytes(question, ten)])
    expect(await answerOf(server.port)).toMatchObject(found('10.0.0.1'))
    expect(server.asked).toEqual(['udp'])
  })

  test('is heard though others answer before it', async () => {
    using server = await startServer((question) => [
      Buffer.from('nonsense'),
      answerBytes(question, { ...ten, id: question.readUInt16BE(0) ^ 1 }),
      answerBytes(question, ten).subarray(0, 20),
      answerBytes(question, { answers: [a('10.0.0.7')] }),
      answerBytes(question, ten),
    ])
    expect(await answerOf(server.port)).toMatchObject(found('10.0.0.7'))
  })

  test('is asked over TCP when its answer does not fit, and may answer byte by byte', async () => {
    const many = Array.from({ length: 3000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`)
    using server = await startServer(cutOff, (question) =>
      Array.from(framed(answerBytes(question, { answers: many.map((one) => a(one)) })), (byte) => Buffer.of(byte)),
    )
    expect(await answerOf(server.port)).toMatchObject(found(...many))
    expect(server.asked).toEqual(['udp', 'tcp'])
  })

  test.each([
    ['breaks off over TCP', () => undefined, 'breaks off'],
    ['cuts off over TCP, too', (question: Buffer) => cutOff(question).map(framed), 'cuts its answers off'],
    ['says nonsense over TCP', () => [Buffer.from([0, 3, 1, 2, 3])], 'says what is no answer: it is too short'],
  ])('that %s fails', async (_what, tcp, reason) => {
    using server = await startServer(cutOff, tcp)
    expect(await answerOf(server.port)).toEqual({ kind: 'failure', reason: `127.0.0.1:${server.port} ${reason}` })
  })

  test('that is silent fails when its time is over', async () => {
    using server = await startServer(() => [])
    const reason = `127.0.0.1:${server.port} does not answer within 50 ms`
    expect(await answerOf(server.port, { timeoutMs: 50 })).toEqual({ kind: 'failure', reason })
  })

  test('that nobody has fails at once', async () => {
    const port = closedPort()
    const reason = `127.0.0.1:${port} cannot be asked: ECONNREFUSED`
    expect(await answerOf(port)).toEqual({ kind: 'failure', reason })
  })

  test('to whom no socket can be had fails at once', async () => {
    const address = 'fe80::1%gone0'
    const reason = `[${address}]:53 cannot be asked: ENOTFOUND`
    expect(await answerOf(53, { address })).toEqual({ kind: 'failure', reason })
  })

  test('is not asked about what is no name', async () => {
    expect(await answerOf(1, { name: 'a..test' })).toEqual({ kind: 'failure', reason: 'a..test is no name' })
  })

  test('is heard no more once that is cancelled', async () => {
    using server = await startServer((question) => [answerBytes(question, ten)])
    const cancel = ask(
      { server: { address: '127.0.0.1', port: server.port }, name: 'a.test', type: 'A', timeoutMs: 10_000 },
      fail,
    )
    cancel()
    expect(await answerOf(server.port)).toMatchObject(found('10.0.0.1'))
  })
})
