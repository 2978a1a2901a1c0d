/**
 * A test backend, for `smartedge origins`, `smartedge demo` and the benchmark: answers every path at once, or as late,
 * as wrongly or as never as it is told. Knows nothing of the balancer. On Bun's own server, which is the fastest here.
 *
 *     /          who answered, as JSON        /echo      the request's method, path, query, headers and body, as JSON
 *     /health    200, whatever the rates      /bytes/N   N bytes, at most 1 GiB, chunked beyond 1 MiB
 *     /stream    ten chunks in a second       /ws        WebSocket echo
 */
import type { Clock } from '../core/clock.ts'
import type { Random } from '../core/random.ts'

export interface BackendOptions {
  /** Told in every answer; without it `origin-` and the port. */
  readonly name?: string
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly profile: Profile
  readonly clock: Clock
  readonly random: Random
}

/** How it misbehaves. Rates are 0..1 of the requests and leave /health alone. */
export interface Profile {
  /** Each answer waits for a time drawn evenly from this range. */
  readonly latencyMs: { readonly min: number; readonly max: number }
  /** Answered with 500. */
  readonly errorRatio: number
  /** Never answered: the connection stays open until the other side gives up. */
  readonly hangRatio: number
}

export interface TestBackend {
  readonly port: number
  /** Cuts what is open. */
  stop(): Promise<void>
}

export const plainProfile: Profile = { latencyMs: { min: 0, max: 0 }, errorRatio: 0, hangRatio: 0 }

const maxBytes = 1024 ** 3
const streamPauseMs = 100
const jsonHeaders = { 'content-type': 'application/json' }

/** Throws what `Bun.serve` throws when it cannot listen (`code` EADDRINUSE and the like). */
export function startBackend(options: BackendOptions): TestBackend {
  const { name, port, clock, random, profile } = options
  const decide = isPlain(profile) ? undefined : createMisbehaviour(profile, random, clock)
  let identity = JSON.stringify(name ?? `origin-${port}`)
  const isNamed = name !== undefined || port !== 0
  // Ready-made, for the benchmark: 143k requests/s instead of 94k (wrk, 32 connections, 2026-11-21).
  const routes: Record<string, Response> = decide || !isNamed ? {} : { '/': plainAnswer('/', identity) }
  const server = Bun.serve({
    hostname: options.host,
    port,
    development: false,
    // Outside development Bun 1.4.5 shares the port with whoever else asks to, unless told not to.
    reusePort: false,
    idleTimeout: 0,
    maxRequestBodySize: maxBytes,
    routes,
    fetch(request, server) {
      const path = pathOf(request.url)
      if (path === '/health') return new Response('ok\n')
      if (path === '/ws' && server.upgrade(request)) return undefined
      const answer = () => respond(request, path, identity, clock)
      return decide ? decide(answer) : answer()
    },
    websocket: { message: (socket, message) => void socket.send(message) },
  })
  if (!isNamed) identity = JSON.stringify(`origin-${server.port}`)
  return { port: server.port ?? port, stop: () => server.stop(true) }
}

const isPlain = ({ latencyMs, errorRatio, hangRatio }: Profile): boolean =>
  latencyMs.max === 0 && errorRatio === 0 && hangRatio === 0

type Answer = () => Response | Promise<Response>

function createMisbehaviour({ latencyMs, errorRatio, hangRatio }: Profile, random: Random, clock: Clock) {
  return (answer: Answer): Response | Promise<Response> => {
    const draw = random()
    if (draw < hangRatio) return new Promise(() => undefined)
    const waitMs = latencyMs.min + random() * (latencyMs.max - latencyMs.min)
    const chosen = draw < hangRatio + errorRatio ? failure : answer
    if (waitMs === 0) return chosen()
    return new Promise((resolve) => clock.after(waitMs, () => resolve(chosen())))
  }
}

const failure = (): Response => new Response('{"error":"injected"}\n', { status: 500, headers: jsonHeaders })

function respond(request: Request, path: string, identity: string, clock: Clock): Response | Promise<Response> {
  if (path === '/echo') return echo(request, identity)
  if (path === '/stream') return new Response(countdown(10, clock))
  if (path.startsWith('/bytes/')) return bytes(path.slice('/bytes/'.length))
  return plainAnswer(path, identity)
}

const plainAnswer = (path: string, identity: string): Response =>
  new Response(`{"backend":${identity},"path":${JSON.stringify(path)}}\n`, { headers: jsonHeaders })

async function echo(request: Request, identity: string): Promise<Response> {
  const fields = Object.fromEntries(request.headers)
  const { pathname, search } = new URL(request.url, 'http://localhost')
  const body = await request.text()
  const seen = { method: request.method, path: pathname, query: search, headers: fields, body }
  return new Response(`{"backend":${identity},"request":${JSON.stringify(seen, null, 2)}}\n`, { headers: jsonHeaders })
}

function bytes(text: string): Response {
  const count = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(count <= maxBytes)) return new Response(`/bytes/N: N must be 0..${maxBytes}\n`, { status: 400 })
  return new Response(zeros(count), { headers: { 'content-type': 'application/octet-stream' } })
}

// Small answers come from one array again and again; large ones are made in pieces as they are read, never held in full.
const piece = new Uint8Array(1024 * 1024)

const zeros = (count: number): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> =>
  count <= piece.length ? piece.subarray(0, count) : pieces(count)

function pieces(count: number): ReadableStream<Uint8Array> {
  let left = count
  return new ReadableStream({
    pull(controller) {
      const size = Math.min(left, piece.length)
      if (size === 0) return controller.close()
      left -= size
      controller.enqueue(piece.slice(0, size))
    },
  })
}

/** Chunks `10\n` to `1\n`, a tenth of a second apart, so that an eye can tell a stream from a buffered answer. */
function countdown(from: number, clock: Clock): ReadableStream<Uint8Array> {
  let left = from
  return new ReadableStream({
    pull: (controller) =>
      new Promise((resolve) => {
        if (left === 0) controller.close()
        else controller.enqueue(new TextEncoder().encode(`${left--}\n`))
        clock.after(streamPauseMs, resolve)
      }),
  })
}

/** What follows the authority, up to the query; cheaper than `new URL`, which the benchmark would pay on each request. */
function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  const query = url.indexOf('?', start)
  return start < 0 ? '/' : url.slice(start, query < 0 ? undefined : query)
}
