/** The page over made-up answers: frames from a script, reloads, generations, explained requests. For pictures and tests. */
import { createAdminHandler } from '../../core/admin/routes.ts'
import type { AdminSource } from '../../core/admin/source.ts'
import type { Config } from '../../core/config/config.ts'
import type { Controller } from '../../core/control/contract.ts'
import type { Frame } from '../../core/report/frame.ts'
import type { GenerationRecord, ReloadRecord } from '../../core/report/reload-status.ts'
import { Secret } from '../../core/secrets.ts'
import { adminRequest } from './admin-request.ts'
import { fakeAdminSource } from './admin-source.ts'
import { sampleFrames, sampleHello } from './feed-frames.ts'
import { sampleEvents } from './ui-state.ts'

export interface SamplePage {
  readonly url: string
  /** Ends every stream, and answers no more. */
  stop(): Promise<void>
}

export interface SampleOptions {
  /** Sent at once, the newest of them again and again. */
  readonly frames?: readonly Frame[]
  /** As `GET /api/explain` answers; absent: there is no such thing. */
  readonly explain?: object
  readonly source?: Partial<AdminSource>
  /** Absent: any free one. */
  readonly port?: number
}

const frameMs = 250

export function startSamplePage(options: SampleOptions = {}): SamplePage {
  const { frames = sampleFrames(300), explain, source, port = 0 } = options
  const handler = createAdminHandler({
    access: () => ({ kind: 'open' }),
    source: fakeAdminSource({
      events: () => streamOf(frames),
      control: sampleControl,
      config: () => sampleConfig,
      ...source,
    }),
  })
  const server = Bun.serve({
    port,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      if (pathname === '/api/explain' && explain !== undefined) return Response.json(explain)
      const headers = Object.fromEntries(request.headers.entries())
      return await handler(adminRequest(pathname + search, { method: request.method, headers }), '127.0.0.1')
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) }
}

/** All of them at once, as seen up to now; then the last, four times a second. */
function streamOf(frames: readonly Frame[]): Response {
  const encoder = new TextEncoder()
  const message = (event: string, data: object, id = ''): Uint8Array =>
    encoder.encode(`${id && `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  let timer: ReturnType<typeof setInterval> | undefined
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(message('hello', sampleHello))
      for (const { id, at, kind, fields } of sampleEvents)
        controller.enqueue(message('event', { at, kind, ...fields }, String(id)))
      for (const frame of frames) controller.enqueue(message('frame', frame))
      const newest = frames.at(-1)
      if (newest === undefined) return
      timer = setInterval(() => controller.enqueue(message('frame', newest)), frameMs)
    },
    cancel: () => clearInterval(timer),
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
}

/** The part of one that the page can't tell from the whole. */
const sampleConfig = {
  listeners: [{ name: 'web', address: { host: '0.0.0.0', port: 8080 } }],
  admin: { address: { host: '127.0.0.1', port: 9900 }, token: new Secret('hunter2'), open: false },
  routes: [
    { host: 'api.example.com', path: '/v1/*', pool: 'web', timeouts: { totalMs: 30_000 } },
    { host: '*', path: '/*', pool: 'api' },
  ],
  pools: [
    {
      name: 'web',
      strategy: { use: 'p2c', options: {} },
      retry: { attempts: 2, budgetRatio: 0.2 },
      timeouts: { connectMs: 2000, responseMs: 30_000, idleMs: 60_000 },
      health: { path: '/health', intervalMs: 2000, timeoutMs: 1000, rise: 2, fall: 3 },
    },
    { name: 'api', strategy: { use: 'p2c', options: {} }, retry: null },
  ],
  maxConnections: 10_000,
  shutdownTimeoutMs: 30_000,
} as unknown as Config

const reloads: readonly ReloadRecord[] = [
  {
    at: '2026-11-21T11:59:20.000Z',
    ok: false,
    origin: 'watch',
    problems: ['edge.json:14:9: pools.web.backends[3].weight must be a number from 0.001 to 1000, got "two"'],
    result: 'refused',
    generation: 42,
    kept: [],
    omitted: 0,
  },
  {
    at: '2026-11-21T11:59:00.000Z',
    ok: true,
    origin: 'watch',
    problems: [],
    result: 'applied',
    generation: 42,
    kept: [],
    omitted: 0,
  },
]

const generations: readonly GenerationRecord[] = [
  {
    number: 42,
    at: '2026-11-21T11:59:00.000Z',
    origin: 'watch',
    summary: 'pools.web: weight of localhost:8104 1 -> 2',
    changes: [{ key: 'pools.web', text: 'weight of localhost:8104 1 -> 2' }],
    omitted: 0,
  },
  {
    number: 41,
    at: '2026-11-21T09:12:40.000Z',
    origin: 'page from 127.0.0.1',
    summary: 'pools.api: +10.0.0.2:80',
    changes: [
      { key: 'pools.api', text: 'backend 10.0.0.2:80 added' },
      { key: 'timeouts', text: 'head 10s -> 5s' },
    ],
    omitted: 0,
  },
]

const sampleControl = {
  reloads: () => reloads,
  generations: () => generations,
  state: () => undefined,
} as unknown as Controller

/** As the balancer tells them: one that was tried twice, one that was quick. */
export const sampleExplanations: object = {
  sampling: { rate: 0.01, kept: 123, keep: 200, seen: 12_345 },
  explanations: [
    {
      id: 'b1',
      at: '2026-11-21T11:59:58.120Z',
      method: 'GET',
      target: '/v1/orders?page=2',
      route: 'GET api.example.com/v1/*',
      pool: 'web',
      status: 200,
      ending: 'answered',
      durationMs: 61.2,
      attempts: [
        {
          backend: 'localhost:8102',
          hedge: false,
          startMs: 0.1,
          readyMs: 0.2,
          firstByteMs: null,
          totalMs: 40.9,
          outcome: 'failed: connection reset',
          pick: {
            by: 'strategy',
            strategy: 'peak-ewma',
            why: 'peak-ewma: of two drawn at random, the one with the lower expected wait',
            candidates: [
              { backend: 'localhost:8101', score: 12.4, inflight: 3, weight: 1, latencyMs: 8.1 },
              { backend: 'localhost:8102', score: 9.7, inflight: 1, weight: 1, latencyMs: 9 },
              { backend: 'localhost:8104', score: null, inflight: 6, weight: 2, latencyMs: 8 },
            ],
            excluded: [
              { backend: 'localhost:8103', by: 'ejection', why: '25 times slower than its peers', untilMs: 1200 },
            ],
            drawn: ['localhost:8101', 'localhost:8102'],
            chosen: 'localhost:8102',
            runnerUp: 'localhost:8101',
            others: [
              { strategy: 'round-robin', backend: 'localhost:8104' },
              { strategy: 'p2c', backend: 'localhost:8102' },
              { strategy: 'random', backend: 'localhost:8104' },
            ],
          },
        },
        {
          backend: 'localhost:8101',
          hedge: false,
          startMs: 41.5,
          readyMs: 0.2,
          firstByteMs: 16.5,
          totalMs: 19.7,
          outcome: 'completed',
          pick: {
            by: 'only',
            waitedMs: 0,
            strategy: '',
            why: 'It was the only one left',
            candidates: [],
            excluded: [],
            drawn: [],
            chosen: 'localhost:8101',
            runnerUp: '',
            others: [],
          },
        },
      ],
    },
    {
      id: 'b0',
      at: '2026-11-21T11:59:57.020Z',
      method: 'POST',
      target: '/login',
      route: '*',
      pool: 'web',
      status: 502,
      ending: 'refused',
      detail: 'no backend answered',
      durationMs: 214,
      attempts: [],
    },
  ],
}
