import { describe, expect, test } from 'bun:test'
import { clientSide } from '../../support/http1-ends.ts'
import { accept, inEvent, receive } from '../../support/memory-socket.ts'
import { turn } from '../../support/raw-peer.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** A client's connection whose requests are answered when told. */
function makeConnection() {
  const clock = virtualClock()
  const { connection, requests, log, idle } = clientSide(clock, () => undefined)
  const socket = accept(connection.wire)
  const send = (text: string): void => receive(connection.wire, text)
  const answer = (): void => inEvent(() => requests.shift()?.refuse({ status: 404, detail: 'nothing here' }))
  return { clock, connection, socket, idle, log, send, answer }
}

describe('a client’s connection waits with the idle ones', () => {
  test('before its first request and between two', () => {
    const { idle, send, answer } = makeConnection()
    expect(idle.size).toBe(1)
    send(GET)
    expect(idle.size).toBe(0)
    answer()
    expect(idle.size).toBe(1)
  })

  test('in the middle of a head, from a second after its first byte on', () => {
    const { clock, idle, send, answer } = makeConnection()
    send('GET / HTTP/1.1\r\n')
    clock.advance(900)
    send('Host: a\r\n')
    expect(idle.first?.owner.mayGo).toBe(false)
    clock.advance(200)
    expect(idle.first?.owner.mayGo).toBe(true)
    send('\r\n')
    expect(idle.size).toBe(0)
    answer()
    expect(idle.size).toBe(1)
  })

  test('not while a body is being read', () => {
    const { idle, send } = makeConnection()
    send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab')
    expect(idle.size).toBe(0)
  })

  test('not while a further request of it is to be answered', () => {
    const { idle, send, answer } = makeConnection()
    send(GET + GET)
    answer()
    expect(idle.size).toBe(0)
    answer()
    expect(idle.size).toBe(1)
  })

  test('not while further requests of it wait for their turn', async () => {
    const clock = virtualClock()
    const { connection, idle } = clientSide(clock, (stream) => stream.refuse({ status: 404, detail: 'nothing here' }))
    accept(connection.wire)
    receive(connection.wire, GET.repeat(40))
    expect(idle.size).toBe(0)
    await turn()
    expect(idle.size).toBe(1)
  })

  test('not before its client has taken the last response', () => {
    const { connection, socket, idle, send, answer } = makeConnection()
    socket.room = 10
    send(GET)
    answer()
    expect(idle.size).toBe(0)
    socket.room = Infinity
    inEvent(() => connection.wire.drained())
    expect(idle.size).toBe(1)
  })

  test('not once it is closed', () => {
    const { connection, idle, log } = makeConnection()
    inEvent(() => connection.wire.closed(undefined))
    expect(idle.size).toBe(0)
    expect(log).toEqual(['closed'])
  })

  test('and is closed when it has to give way', () => {
    const { socket, idle, log } = makeConnection()
    inEvent(() => idle.first?.owner.discard())
    expect(socket.closing).toBe('ended')
    expect(log).toEqual(['closed'])
    expect(idle.size).toBe(0)
  })

  test('and hears that it may ask again where it has to give way in the middle of a head', () => {
    const { socket, idle, log, send } = makeConnection()
    send('GET / HTTP/1.1\r\n')
    inEvent(() => idle.first?.owner.discard())
    expect(socket.sent).toStartWith('HTTP/1.1 408 Request Timeout\r\n')
    expect([socket.closing, log, idle.size]).toEqual(['ended', ['refused 408', 'closed'], 0])
  })
})
