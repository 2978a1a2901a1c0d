/** HTTP/2 in front of HTTP/1.1, in front of HTTP/2, and over TLS: what a proxied request costs. */
import { makeCertificate } from '../certificate.ts'
import { GRPC_UNARY } from '../h2load.ts'
import { createH2loadCrew } from '../load/h2load-crew.ts'
import { locate } from '../peers/peer.ts'
import { assemble, fullSpeed, race } from '../race.ts'
import type { Scenario, Stage } from '../scenario.ts'

/** Few connections with many requests at once, as proxies and browsers have them, and as many requests alone. */
const BUSY = { connections: 8, streams: 16 }
const SINGLE = { connections: 64, streams: 1 }

/** By then what is just-in-time is compiled, however busy the machine is. */
const WARM_UP_REQUESTS = 300_000

interface Variant {
  readonly variant: string
  readonly profile: string
  readonly load: typeof BUSY
  readonly isSecure?: boolean
}

const toHttp1: readonly Variant[] = [
  { variant: 'to HTTP/1.1, 2 fields', profile: 'headers-2', load: BUSY },
  { variant: 'to HTTP/1.1, 13 fields', profile: 'headers-13', load: BUSY },
  { variant: 'to HTTP/1.1, 13 fields, one at a time', profile: 'headers-13', load: SINGLE },
  { variant: 'to HTTP/1.1, 10 KiB', profile: 'body-10k', load: BUSY },
  { variant: 'to HTTP/1.1, 13 fields, TLS', profile: 'headers-13', load: BUSY, isSecure: true },
]

const toHttp2: readonly Variant[] = [
  { variant: 'to HTTP/2, 2 fields', profile: 'headers-2', load: BUSY },
  { variant: 'to HTTP/2, 13 fields', profile: 'headers-13', load: BUSY },
  { variant: 'to HTTP/2, 13 fields, one at a time', profile: 'headers-13', load: SINGLE },
  { variant: 'to HTTP/2, 10 KiB', profile: 'body-10k', load: BUSY },
  { variant: 'unary calls of gRPC', profile: GRPC_UNARY, load: BUSY },
]

/** Its load is h2load's: 8 connections with 16 requests at once, or 64 with one. nginx speaks no HTTP/2 to backends. */
const racing = (name: string, summary: string, http2: 'front' | 'both', variants: readonly Variant[]): Scenario => ({
  name,
  summary,
  effort: { runs: variants.length, starts: variants.length, contestants: http2 === 'front' ? 4 : 2 },
  async run(outer) {
    if (locate('h2load') === undefined) throw new Error('h2load is missing: apt-get install nghttp2-client')
    const stage = { ...speakersOf(outer, http2), crew: createH2loadCrew(outer.arena), warmupRequests: WARM_UP_REQUESTS }
    const isSecured = variants.some(({ isSecure }) => isSecure)
    const certificate = isSecured ? makeCertificate(stage.arena.directory, 'ecdsa') : undefined
    for (const { variant, profile, load, isSecure } of variants) {
      const changes = { ...load, ...(isSecure && { tls: { resumes: false } }) }
      const setting = { delaysMs: [0], http2, ...(isSecure && certificate && { tls: certificate }) }
      const field = await assemble(stage, profile, setting, changes)
      await race(stage, field, { scenario: name, variant, changes, values: fullSpeed })
      await field.stop()
    }
  },
})

/** Those whose configuration knows it here. */
const speakersOf = (stage: Stage, http2: 'front' | 'both'): Stage => ({
  ...stage,
  peers: stage.peers.filter(({ name }) =>
    http2 === 'front' ? /^(smartedge(-bun)?|nginx|haproxy)$/.test(name) : /^(smartedge(-bun)?|haproxy)$/.test(name),
  ),
})

export const http2 = racing('http2', 'Clients that speak HTTP/2, backends that speak HTTP/1.1.', 'front', toHttp1)
export const http2Backends = racing(
  'http2-backends',
  'HTTP/2 on both sides, without TLS; and unary calls of gRPC.',
  'both',
  toHttp2,
)
