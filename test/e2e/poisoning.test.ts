import { describe, expect, test } from 'bun:test'
import { ok } from '../support/raw-backend.ts'
import { ask, chunked, get, nextResponse } from '../support/raw-client.ts'
import { startRig } from '../support/rig.ts'

/** What no client may take for the answer to its own request. */
const EVIL = ok('evil')

describe('the rest of a response', () => {
  test.each([
    ['of a length', ok(EVIL)],
    ['in chunks', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked([EVIL])}`],
  ])('%s is never read as the answer to a pipelined request', async (_, response) => {
    await using rig = await startRig({
      answer: ({ request, peer }) => peer.send(request.target === '/1' ? response : ok('good')),
    })
    rig.client.send(get('/1') + get('/2') + get('/3'))
    const bodies = []
    for (let count = 0; count < 3; count += 1) bodies.push((await nextResponse(rig.client)).body)
    expect(bodies).toEqual([EVIL, 'good', 'good'])
    expect(rig.backend.connections).toHaveLength(1)
    expect(rig.edge.backend().failures.total).toBe(0)
  })

  test.each([
    ['behind a length', ok('good') + EVIL],
    ['behind the last chunk', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(['good'])}${EVIL}`],
    ['behind a 204', `HTTP/1.1 204 No Content\r\n\r\n${EVIL}`],
    ['behind a 304', `HTTP/1.1 304 Not Modified\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}`],
    ['of one byte', `${ok('good')}\n`],
  ])('%s is dropped with its connection', async (_, response) => {
    await using rig = await startRig({
      answer: ({ peer }) => peer.send(peer === rig.backend.connections[0] ? response : ok('next')),
    })
    expect(['good', '']).toContain((await ask(rig.client, get('/1'))).body)
    expect((await ask(rig.client, get('/2'))).body).toBe('next')
    expect(rig.backend.connections).toHaveLength(2)
    expect(await rig.backend.connections[0]!.expectClosed()).toBeDefined()
  })

  test('is dropped when a HEAD is answered with a body', async () => {
    await using rig = await startRig({
      answer: ({ request, peer }) =>
        peer.send(
          request.method === 'HEAD' ? `HTTP/1.1 200 OK\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}` : ok('next'),
        ),
    })
    expect((await ask(rig.client, 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n')).status).toBe(200)
    expect((await ask(rig.client, get())).body).toBe('next')
    expect(rig.backend.connections).toHaveLength(2)
  })

  test('that arrives while the connection lies idle is dropped with it', async () => {
    await using rig = await startRig()
    rig.client.send(get('/1'))
    const first = await rig.backend.next()
    first.peer.send(ok('good'))
    expect((await nextResponse(rig.client)).body).toBe('good')
    first.peer.send(EVIL)
    await first.peer.expectClosed()
    rig.client.send(get('/2'))
    const second = await rig.backend.next()
    expect(second.peer).not.toBe(first.peer)
    second.peer.send(ok('next'))
    expect((await nextResponse(rig.client)).body).toBe('next')
  })

  test('of a request never becomes the next request', async () => {
    const smuggled = get('/evil')
    await using rig = await startRig({ answer: ({ request, peer }) => peer.send(ok(request.target)) })
    rig.client.send(`POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}${get('/2')}`)
    expect((await nextResponse(rig.client)).body).toBe('/1')
    expect((await nextResponse(rig.client)).body).toBe('/2')
    expect(rig.backend.requests.map(({ target }) => target)).toEqual(['/1', '/2'])
  })

  test('cut in the middle is not continued by another client', async () => {
    await using rig = await startRig()
    rig.client.send(get('/1'))
    const first = await rig.backend.next()
    first.peer.send(ok('half of it').slice(0, -5))
    await rig.client.until(() => (rig.client.text.endsWith('half ') ? true : undefined), 'half of the body')
    rig.client.reset()
    expect(await first.peer.expectClosed()).toBe('reset')
    const other = await rig.connect()
    other.send(get('/2'))
    const second = await rig.backend.next()
    expect(second.peer).not.toBe(first.peer)
    second.peer.send(ok('whole'))
    expect((await nextResponse(other)).body).toBe('whole')
  })
})
