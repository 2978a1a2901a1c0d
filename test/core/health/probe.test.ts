import { afterEach, describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Backend, CheckResult } from '../../../core/backend/backend.ts'
import type { HealthCheck, HealthPolicy } from '../../../core/health/policy.ts'
import { createProbe, type Probe } from '../../../core/health/probe.ts'
import { createNameTable } from '../../../core/names/resolver.ts'
import { DescriptorBudget } from '../../../core/net/budget.ts'
import { createDial } from '../../../core/net/dial.ts'
import { createSecure } from '../../../core/net/secure.ts'
import { systemClock } from '../../../core/clock.ts'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import { openBudget } from '../../support/budget.ts'
import { fail } from '../../support/fail.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { closedPort } from '../../support/ports.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { systemTransport } from '../../support/transports.ts'

const limits = { maxHeadBytes: 4096, maxTargetBytes: 256, maxFields: 16 }
const http: HealthCheck = { kind: 'http', path: '/health', host: undefined, expect: [{ from: 200, to: 399 }] }

function policyOf(check: HealthCheck): HealthPolicy {
  return {
    check,
    intervalMs: 5000,
    jitterRatio: 0,
    timeoutMs: 1000,
    rise: 1,
    fall: 1,
    initially: 'usable',
    maxConcurrent: 1,
  }
}

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A server that hands over each connection; `left` settles when the first of them is closed. */
async function serve(onConnection: (socket: Socket) => void, path?: string) {
  let leave: () => void = () => undefined
  const left = new Promise<void>((resolve) => (leave = resolve))
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('close', leave)
    socket.resume()
    onConnection(socket)
  })
  servers.push(server)
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, '127.0.0.1', resolve)
    else server.listen(path, resolve)
  })
  const backend = path === undefined ? makeBackend((server.address() as AddressInfo).port) : atPath(path)
  return { backend, left }
}

const atPath = (path: string): Backend => makeBackend(0, { id: `unix:${path}`, address: { kind: 'unix', path } })

/** The whole of what the first write of a connection brought; answers `text`. */
const answering = (text: string, asked: string[] = []) =>
  serve((socket) => {
    socket.once('data', (bytes: Buffer) => {
      asked.push(bytes.toString('latin1'))
      socket.end(text, 'latin1')
    })
  })

/** A probe with real sockets, on a clock that stands still. */
function makeProbe(
  clock = virtualClock(),
  budget = openBudget(clock),
  connect = systemTransport.connects(fail),
  code = 'ENOTFOUND',
): Probe {
  const wheel = new TimerWheel(clock, fail)
  const names = createNameTable(clock, (_host, done) => done({ kind: 'failure', code }))
  const dial = createDial({
    secure: createSecure({ reportFault: fail, clock: systemClock }),
    connect,
    names,
    clock,
    wheel,
    reportFault: fail,
    relieve: () => false,
    onShortage() {},
    onUnreachable() {},
  })
  return createProbe({ clock, wheel, dial, budget, limits: () => limits })
}

function check(backend: Backend, kind: HealthCheck = http): Promise<CheckResult> {
  return new Promise((resolve) => void makeProbe()(backend, policyOf(kind), resolve))
}

describe('an HTTP check', () => {
  test('asks for the path and passes on an expected status', async () => {
    const asked: string[] = []
    const { backend, left } = await answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', asked)
    expect(await check(backend)).toMatchObject({ passed: true, detail: '200 OK', at: Date.UTC(2026, 0, 1) })
    expect(asked).toEqual([
      `GET /health HTTP/1.1\r\nHost: ${backend.id}\r\nUser-Agent: smartedge-health\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
    ])
    await left
  })

  test('sends the configured host', async () => {
    const asked: string[] = []
    const { backend } = await answering('HTTP/1.1 200 OK\r\n\r\n', asked)
    await check(backend, { ...http, host: 'app.example.com' })
    expect(asked[0]).toContain('\r\nHost: app.example.com\r\n')
  })

  test('fails on another status and says what was expected', async () => {
    const { backend } = await answering('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n')
    expect(await check(backend)).toMatchObject({ passed: false, detail: '503, expected 200-399' })
    const narrow = [
      { from: 200, to: 200 },
      { from: 300, to: 302 },
    ]
    expect(await check(backend, { ...http, expect: narrow })).toMatchObject({ detail: '503, expected 200 or 300-302' })
  })

  test('follows no redirect', async () => {
    const asked: string[] = []
    const { backend } = await answering('HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n', asked)
    expect(await check(backend)).toMatchObject({ passed: true, detail: '302 Found' })
    expect(asked).toHaveLength(1)
  })

  test('fails on something that is not HTTP', async () => {
    const { backend, left } = await serve((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'))
    const { passed, detail } = await check(backend)
    expect(passed).toBe(false)
    expect(detail).toStartWith('not HTTP: ')
    await left
  })

  test('says what to write instead where the server speaks HTTP/2 alone', async () => {
    const settings = Buffer.of(0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100)
    const { backend } = await serve((socket) => socket.write(settings))
    expect(await check(backend)).toMatchObject({
      passed: false,
      detail: 'speaks HTTP/2, and was asked in HTTP/1.1: "protocol" of its pool may be "h2c"',
    })
  })

  test.each([
    ['cut short', Buffer.of(0, 0, 6, 4, 0, 0, 0, 0)],
    ['of a stream', Buffer.of(0, 0, 6, 4, 0, 0, 0, 0, 1)],
    ['not SETTINGS', Buffer.of(0, 0, 6, 6, 0, 0, 0, 0, 0)],
    ['too long', Buffer.of(1, 0, 6, 4, 0, 0, 0, 0, 0)],
  ])('takes a frame for HTTP/2 only when it is whole and fits: %s', async (_, bytes) => {
    const { backend } = await serve((socket) => socket.write(bytes))
    expect(await check(backend)).toMatchObject({ passed: false, detail: expect.stringMatching(/^not HTTP: /) })
  })

  test('fails on a connection closed before or within the answer', async () => {
    const closing = await serve((socket) => socket.end())
    expect(await check(closing.backend)).toMatchObject({ passed: false, detail: 'connection closed without an answer' })
    const truncating = await answering('HTTP/1.1 200 OK\r\nConten')
    expect(await check(truncating.backend)).toMatchObject({
      passed: false,
      detail: 'connection closed without an answer',
    })
  })

  test('takes the rest of a short answer, and closes when the member has', async () => {
    const log: string[] = []
    const { backend, left } = await serve((socket) => {
      for (const event of ['end', 'error', 'close']) socket.on(event, () => log.push(event))
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n')
      void verdict
        // Whoever had left at the verdict would be seen to have by the end of another check.
        .then(async () => check((await answering('HTTP/1.1 200 OK\r\n\r\n')).backend))
        .then(() => log.push('answered'))
        .then(() => socket.end('late'))
    })
    const verdict = check(backend)
    expect(await verdict).toMatchObject({ passed: true })
    await left
    expect(log).toEqual(['answered', 'end', 'close'])
  })

  test('closes when its time is over though the member does not', async () => {
    const clock = virtualClock()
    const { backend, left } = await serve((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    const passed = Promise.withResolvers<CheckResult>()
    makeProbe(clock)(backend, policyOf(http), passed.resolve)
    expect(await passed.promise).toMatchObject({ passed: true, elapsedMs: 0 })
    clock.advance(1000)
    await left
  })

  test('decides on the head and hangs up on an endless body', async () => {
    const { backend, left } = await serve((socket) => {
      const pour = () => void (socket.write('x'.repeat(65536)) ? setImmediate(pour) : socket.once('drain', pour))
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      pour()
      socket.on('close', () => socket.removeAllListeners('drain'))
    })
    expect(await check(backend)).toMatchObject({ passed: true })
    await left
  })
})

describe('a TCP check', () => {
  test('passes when the connection opens and closes it', async () => {
    const { backend, left } = await serve(() => undefined)
    expect(await check(backend, { kind: 'tcp' })).toMatchObject({ passed: true, detail: 'connected' })
    await left
  })
})

describe('any check', () => {
  for (const kind of [http, { kind: 'tcp' } as const]) {
    test(`fails where nobody listens (${kind.kind})`, async () => {
      const backend = makeBackend(closedPort())
      expect(await check(backend, kind)).toMatchObject({ passed: false, detail: 'connection refused' })
      expect(await check(atPath(join(tmpdir(), 'nobody.sock')), kind)).toMatchObject({ detail: 'no such socket' })
    })

    test(`reports an impossible address in place of throwing (${kind.kind})`, async () => {
      expect(await check(makeBackend(70_000), kind)).toMatchObject({ passed: false })
      expect(await check(atPath(`/${'x'.repeat(300)}`), kind)).toMatchObject({ passed: false })
      expect(await check(atPath(''), kind)).toMatchObject({ passed: false })
    })
  }

  test.each([
    ['ENOTFOUND', 'the name app.test has no address'],
    ['ECONNREFUSED', 'no name server has told the address of app.test: ECONNREFUSED'],
  ])('looks names up as traffic does, and tells what came of it: %s', async (code, detail) => {
    const backend = makeBackend(80, { address: { kind: 'tcp', host: 'app.test', port: 80 } })
    const probe = makeProbe(undefined, undefined, undefined, code)
    const result = await new Promise<CheckResult>((resolve) => void probe(backend, policyOf(http), resolve))
    expect(result).toMatchObject({ passed: false, detail })
  })

  test('says nothing of the member when no descriptor is left, and gives each back', async () => {
    const clock = virtualClock()
    const budget = new DescriptorBudget({ limit: 64, free: () => undefined, clock, onShortage() {} })
    const probe = makeProbe(clock, budget)
    const ask = (backend: Backend, kind: HealthCheck) =>
      new Promise<CheckResult>((resolve) => void probe(backend, policyOf(kind), resolve))
    const { backend } = await answering('HTTP/1.1 200 OK\r\n\r\n')
    const { backend: rude } = await serve((socket) => void socket.resetAndDestroy())
    for (let time = 0; time < 40; time += 1) {
      expect(await ask(backend, http)).toMatchObject({ passed: true })
      expect(await ask(backend, { kind: 'tcp' })).toMatchObject({ passed: true })
      expect(await ask(rude, http)).toMatchObject({ passed: false })
      expect(await ask(makeBackend(closedPort()), http)).toMatchObject({ passed: false })
      probe(backend, policyOf(http), () => undefined)()
    }
    while (budget.take());
    const timers = clock.pending()
    expect(await ask(backend, http)).toMatchObject({ isLocal: true, detail: 'no descriptor is free' })
    expect(clock.pending()).toBe(timers)
  })

  test('says nothing of the member when no port is left', async () => {
    const clock = virtualClock()
    const probe = makeProbe(clock, openBudget(clock), (_endpoint, events) => {
      queueMicrotask(() => events.onFailed('EADDRNOTAVAIL'))
      return () => undefined
    })
    const result = await new Promise<CheckResult>((resolve) => void probe(makeBackend(80), policyOf(http), resolve))
    expect(result).toMatchObject({ isLocal: true, detail: 'no local port is free (EADDRNOTAVAIL)' })
  })

  test('reaches a member behind a Unix socket', async () => {
    const path = join(tmpdir(), `smartedge-probe-${process.pid}.sock`)
    const { backend } = await serve((socket) => socket.end('HTTP/1.0 204 No Content\r\n\r\n'), path)
    expect(await check(backend)).toMatchObject({ passed: true, detail: '204 No Content' })
    expect(await check(backend, { kind: 'tcp' })).toMatchObject({ passed: true })
  })

  test('gives up a silent member when its time is over and hangs up', async () => {
    const clock = virtualClock()
    const connected = Promise.withResolvers<void>()
    const { backend, left } = await serve(() => connected.resolve())
    const results: CheckResult[] = []
    makeProbe(clock)(backend, policyOf(http), (result) => results.push(result))
    await connected.promise
    clock.advance(999)
    expect(results).toEqual([])
    clock.advance(1)
    expect(results).toMatchObject([{ passed: false, detail: 'no answer within 1s', elapsedMs: 1000 }])
    await left
    clock.advance(10_000)
    expect(results).toHaveLength(1)
    expect(clock.pending()).toBe(0)
  })

  test('is silent after its cancel and leaves no timer', async () => {
    const clock = virtualClock()
    const { backend, left } = await answering('HTTP/1.1 200 OK\r\n\r\n')
    let results = 0
    const cancel = makeProbe(clock)(backend, policyOf(http), () => (results += 1))
    cancel()
    cancel()
    clock.advance(200)
    expect(clock.pending()).toBe(0)
    // Another check, whole: by then the first one's fate is known.
    await check(backend)
    await left
    expect(results).toBe(0)
  })
})
