import { afterEach, describe, expect, test } from 'bun:test'
import { type BackendOptions, plainProfile, startBackend, type TestBackend } from '../../bench/backend.ts'
import { seededRandom } from '../../core/random.ts'
import { virtualClock } from '../support/virtual-clock.ts'

const started: TestBackend[] = []

function start(overrides: Partial<BackendOptions> = {}) {
  const fixed = { name: 'one', host: '127.0.0.1', port: 0, profile: plainProfile }
  const backend = startBackend({ ...fixed, clock: virtualClock(), random: seededRandom(1), ...overrides })
  started.push(backend)
  return `http://127.0.0.1:${backend.port}`
}

afterEach(async () => {
  for (const backend of started.splice(0)) await backend.stop()
})

describe('test backend', () => {
  test('says who answered, on every path', async () => {
    const url = start({ name: 'a"b' })
    for (const path of ['/', '/x/y', '/wsx', '/%00'])
      expect(await (await fetch(url + path)).json()).toEqual({ backend: 'a"b', path })
  })

  test('echoes method, path, query, headers and body', async () => {
    const init = { method: 'PUT', headers: { 'X-One': '1' }, body: 'payload' }
    const { request } = (await (await fetch(`${start()}/echo?q=1`, init)).json()) as { request: object }
    expect(request).toMatchObject({ method: 'PUT', path: '/echo', query: '?q=1', body: 'payload' })
    expect(request).toMatchObject({ headers: { 'x-one': '1' } })
  })

  test('gives as many bytes as asked for', async () => {
    const url = start()
    for (const count of [0, 1, 1024 * 1024, 1024 * 1024 + 1, 3 * 1024 * 1024])
      expect((await (await fetch(`${url}/bytes/${count}`)).bytes()).length).toBe(count)
  })

  test('refuses to give what is no number of bytes', async () => {
    const url = start()
    for (const text of ['', '-1', '1e9', '0x10', '9999999999', '99999999999999', '1.5', 'NaN'])
      expect([text, (await fetch(`${url}/bytes/${text}`)).status]).toEqual([text, 400])
  })

  test('streams chunk by chunk, a tenth of a second apart', async () => {
    const clock = virtualClock()
    const reader = (await fetch(`${start({ clock })}/stream`)).body!.getReader()
    const decoder = new TextDecoder()
    const seen: string[] = []
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      seen.push(decoder.decode(chunk.value))
      clock.advance(100)
    }
    expect(seen).toEqual(['10\n', '9\n', '8\n', '7\n', '6\n', '5\n', '4\n', '3\n', '2\n', '1\n'])
  })

  test('echoes WebSocket messages, text and binary', async () => {
    const socket = new WebSocket(`${start()}/ws`.replace('http', 'ws'))
    socket.binaryType = 'arraybuffer'
    const next = (kind: 'open' | 'message') =>
      new Promise<Event>((resolve) => socket.addEventListener(kind, resolve, { once: true }))
    const message = async () => ((await next('message')) as MessageEvent<unknown>).data
    await next('open')
    socket.send('hé')
    expect(await message()).toBe('hé')
    socket.send(new Uint8Array([0, 255]))
    expect(new Uint8Array((await message()) as ArrayBuffer)).toEqual(new Uint8Array([0, 255]))
    socket.close()
  })

  test('fails at its error rate, health excepted', async () => {
    const url = start({ profile: { ...plainProfile, errorRatio: 0.25 } })
    let failed = 0
    for (let index = 0; index < 200; index++) failed += Number((await fetch(url)).status === 500)
    // Seeded: 200 draws at 0.25.
    expect(failed).toBeGreaterThan(35)
    expect(failed).toBeLessThan(65)
    const always = start({ profile: { ...plainProfile, errorRatio: 1 } })
    expect((await fetch(`${always}/health`)).status).toBe(200)
  })

  test('answers after its latency and not before', async () => {
    const clock = virtualClock()
    const url = start({ clock, profile: { ...plainProfile, latencyMs: { min: 20, max: 20 } } })
    let answered = false
    const response = fetch(url).then((response) => {
      answered = true
      return response.status
    })
    // The timer is set when the request arrives; health requests on the way prove that it has.
    while (clock.pending() === 0) await fetch(`${url}/health`)
    clock.advance(19)
    await fetch(`${url}/health`)
    expect(answered).toBe(false)
    clock.advance(1)
    expect(await response).toBe(200)
  })

  test('hangs at its hang rate until the other side gives up', async () => {
    const url = start({ profile: { ...plainProfile, hangRatio: 1 } })
    const abort = new AbortController()
    const hung = fetch(url, { signal: abort.signal }).catch((error: Error) => error.name)
    await fetch(`${url}/health`)
    abort.abort()
    expect(await hung).toBe('AbortError')
  })

  test('refuses a port that is taken', () => {
    const port = Number(new URL(start()).port)
    expect(() => start({ port })).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }))
  })
})
