/** The replaying backend and the byte pipe as the processes they are: sockets on loopback, bytes in and out. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNursery, type Nursery } from '../../bench/children.ts'
import {
  type Arena,
  type Backends,
  countAnswered,
  setDelay,
  setFailing,
  setUp,
  startBackends,
  startContestant,
} from '../../bench/contest.ts'
import { pipe } from '../../bench/peers/pipe.ts'
import { ANY_PROFILE, profiles, renderRequest, renderResponse } from '../../bench/profile.ts'

let directory = ''
let nursery: Nursery
let arena: Arena
let backends: Backends
let pipePort = 0

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'smartedge-test-'))
  nursery = createNursery(directory)
  const cores = { contestant: undefined, backends: undefined, load: undefined, loadProcesses: 1 }
  arena = { directory, nursery, cores }
  backends = await startBackends(arena, { profile: 'upload-1m', delaysMs: [0, 0] })
  pipePort = (await startContestant(arena, pipe, { backendPorts: backends.ports.slice(0, 1) })).port
})
afterAll(async () => {
  await nursery.stopAll()
  rmSync(directory, { recursive: true })
})

const profileOf = (name: string) => {
  const profile = profiles[name]
  if (profile === undefined) throw new Error(`no profile ${name}`)
  return profile
}
const response = renderResponse(profileOf('upload-1m')).toString('latin1')
const options = { close: false, path: '/', id: 0 }
const get = renderRequest(profileOf('headers-2'), 'h', options)
const upload = renderRequest(profileOf('upload-1m'), 'h', options)

/** Sends the pieces one after the other and resolves to what came, once it is `length` long or the connection ends. */
async function exchange(port: number, pieces: readonly Buffer[], length: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let received = ''
  let unsent = Buffer.concat(pieces.slice(0, 1))
  let next = 1
  const push = (socket: { write: (bytes: Buffer) => number }): void => {
    while (unsent.length > 0) {
      const sent = socket.write(unsent)
      unsent = unsent.subarray(Math.max(0, sent))
      if (unsent.length > 0) return
      unsent = Buffer.concat(pieces.slice(next, ++next))
    }
  }
  const opening = Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open: push,
      drain: push,
      data(socket, bytes) {
        received += bytes.toString('latin1')
        if (received.length >= length) resolve(received)
      },
      close: () => resolve(received),
    },
  })
  // A reset may come before Bun has told that the connection is open.
  opening.catch((error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve('') : reject(error)))
  const result = await promise
  await opening.then((socket) => socket.terminate()).catch(() => {})
  return result
}

describe('the replaying backend', () => {
  const port = () => backends.ports[1] ?? 0

  test('answers a request in pieces once', async () => {
    const pieces = Array.from({ length: get.length }, (_, index) => get.subarray(index, index + 1))
    expect(await exchange(port(), pieces, response.length)).toBe(response)
  })

  test('answers requests that come together, in number', async () => {
    expect(await exchange(port(), [Buffer.concat([get, get, get])], 3 * response.length)).toBe(response.repeat(3))
  })

  test('answers an upload at its end, and what follows it', async () => {
    expect(await exchange(port(), [upload, get], 2 * response.length)).toBe(response.repeat(2))
  })

  test('cuts off a chunked request, which it does not speak', async () => {
    const chunked = Buffer.from('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')
    expect(await exchange(port(), [chunked], 1)).toBe('')
  })

  test('counts answers by port', async () => {
    const before = await countAnswered(backends)
    await exchange(port(), [get, get], 2 * response.length)
    const after = await countAnswered(backends)
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([0, 2])
  })

  test('refuses connections while it is down, and takes them again', async () => {
    await setUp(backends, port(), false)
    expect(exchange(port(), [get], 1)).rejects.toThrow()
    await setUp(backends, port(), true)
    expect(await exchange(port(), [get], response.length)).toBe(response)
  })

  test('fails as many as it is told, the others well', async () => {
    const failure = renderResponse(profileOf('upload-1m'), '503 Service Unavailable').toString('latin1')
    await setFailing(backends, port(), 1)
    expect(await exchange(port(), [get], failure.length)).toBe(failure)
    await setFailing(backends, port(), 0.5)
    const statuses: string[] = []
    for (let sent = 0; sent < 60; sent++) statuses.push((await exchange(port(), [get], 12)).slice(9, 12))
    const failed = statuses.filter((status) => status === '503').length
    expect(statuses.filter((status) => status === '200')).toHaveLength(60 - failed)
    expect(failed).toBeGreaterThan(10)
    expect(failed).toBeLessThan(50)
    await setFailing(backends, port(), 0)
    expect(await exchange(port(), [get], response.length)).toBe(response)
  })

  test('answers as late as it is told', async () => {
    await setDelay(backends, port(), 30)
    const beganMs = performance.now()
    expect(await exchange(port(), [get], response.length)).toBe(response)
    expect(performance.now() - beganMs).toBeGreaterThan(25)
    await setDelay(backends, port(), 0)
  })
})

describe('the byte pipe', () => {
  test('loses nothing of an upload that begins before its backend is connected', async () => {
    expect(await exchange(pipePort, [upload], response.length)).toBe(response)
  })

  test('closes a client whose backend is away, and serves the next', async () => {
    const port = backends.ports[0] ?? 0
    await setUp(backends, port, false)
    expect(await exchange(pipePort, [get], 1)).toBe('')
    await setUp(backends, port, true)
    expect(await exchange(pipePort, [get], response.length)).toBe(response)
  })
})

describe('the replaying backend of any profile', () => {
  test('answers each request by the profile that its path names, and others small', async () => {
    const { ports, child } = await startBackends(arena, { profile: ANY_PROFILE, delaysMs: [0] })
    const [port = 0] = ports
    for (const [path, name] of [
      ['/body-10k/x', 'body-10k'],
      ['/headers-40/', 'headers-40'],
      ['/nobody/', 'headers-2'],
    ] as const) {
      const expected = renderResponse(profileOf(name)).toString('latin1')
      const request = renderRequest(profileOf('headers-2'), 'h', { ...options, path })
      expect(await exchange(port, [request], expected.length)).toBe(expected)
    }
    await child.stop()
  })
})
