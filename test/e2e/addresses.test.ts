import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestEdge, tcpListener, unixListener } from '../support/edge.ts'
import { makeMember } from '../support/make-backend.ts'
import { parseRequest, type RawRequest, valuesOf } from '../support/raw-message.ts'
import { ok } from '../support/raw-backend.ts'
import { ask, connectTo, get, nextResponse } from '../support/raw-client.ts'
import { peerHandlers, RawPeer } from '../support/raw-peer.ts'

/** Answers each request and remembers it; on an address of any kind. */
function answerer() {
  const requests: RawRequest[] = []
  async function serve(peer: RawPeer): Promise<void> {
    requests.push(await peer.take(parseRequest, 'a request'))
    peer.send(ok('hello', 'Connection: close\r\n'))
  }
  const socket = {
    ...peerHandlers,
    open(opened: Parameters<typeof peerHandlers.open>[0]) {
      opened.data = new RawPeer()
      opened.data.opened(opened)
      void serve(opened.data)
    },
  }
  return { requests, socket }
}

async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'smartedge-'))
  try {
    await use(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

describe('a backend', () => {
  test('may be a Unix socket', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'backend.sock')
      const { requests, socket } = answerer()
      const server = Bun.listen<RawPeer>({ unix: path, allowHalfOpen: true, socket })
      const member = makeMember(1, { id: `unix:${path}`, address: { kind: 'unix', path } })
      await using edge = await startTestEdge([], { pool: { members: [member] } })
      await using client = await connectTo(edge.port)
      for (const request of [get(), 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n']) {
        expect((await ask(client, request)).body).toBe('hello')
      }
      expect(requests.map((request) => valuesOf(request, 'host'))).toEqual([['a'], ['localhost']])
      server.stop(true)
    }))

  test.each([
    ['an IPv6 address', '::1', '::1'],
    ['a name', 'localhost', '127.0.0.1'],
  ])('may be told by %s', async (_, host, hostname) => {
    const { requests, socket } = answerer()
    const server = Bun.listen<RawPeer>({ hostname, port: 0, allowHalfOpen: true, socket })
    const member = makeMember(1, { id: 'it', address: { kind: 'tcp', host, port: server.port } })
    await using edge = await startTestEdge([], { pool: { members: [member] } })
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).body).toBe('hello')
    expect(requests).toHaveLength(1)
    server.stop(true)
  })
})

describe('a listener', () => {
  test.each([
    ['unknown', ['0.0.0.0/0', '::/0']],
    ['9.9.9.9', ['unix:']],
  ])('may be a Unix socket, whose peers are told as %j when %j are trusted', (told, trustedProxies) =>
    inDirectory(async (directory) => {
      const path = join(directory, 'edge.sock')
      const { requests, socket } = answerer()
      const server = Bun.listen<RawPeer>({ hostname: '127.0.0.1', port: 0, allowHalfOpen: true, socket })
      const listeners = [tcpListener('web', 0), unixListener('local', path)]
      await using edge = await startTestEdge([server.port], {
        config: { listeners, trustedProxies },
      })
      const client = new RawPeer()
      await Bun.connect<RawPeer>({ unix: path, data: client, allowHalfOpen: true, socket: peerHandlers })
      client.send(get('/', 'X-Forwarded-For: 9.9.9.9\r\n'))
      expect((await nextResponse(client)).body).toBe('hello')
      expect(valuesOf(requests[0]!, 'x-forwarded-for')).toEqual([told])
      client.reset()
      expect(edge.counters.connectionsAccepted).toBe(1)
      server.stop(true)
    }),
  )
})
