import { describe, expect, test } from 'bun:test'
import { dirname, join } from 'node:path'
import { OWN } from '../support/killable-backend.ts'
import { type KillPlan, killBackends } from '../support/kill-rig.ts'

/** The first tier is these; the rest are backups. */
const firstTier = (primaries: number) => (index: number) => ({ tier: index < primaries ? 0 : 1 })

const inHttp2 = (): string => join(dirname(OWN.path), 'killable-http2-backend.ts')

/** Each is still taken to be usable by the requests of all clients that find it dead first. */
const slowly = { failures: 30, retryAfterMs: 10_000 }

describe('backends that are killed under load', () => {
  test.each<[string, KillPlan]>([
    ['one of two at a time', { backends: 2, kills: 4 }],
    ['one of four at a time', { backends: 4, kills: 4 }],
    ['one of three at a time, over TLS', { backends: 3, kills: 4, isSecure: true }],
    [
      'one of two at a time, in HTTP/2 over TLS',
      { backends: 2, kills: 4, isSecure: true, program: inHttp2, pool: { protocol: 'h2' } },
    ],
    [
      'one at a time of three that pick what they speak, this one that and that one this',
      {
        backends: 3,
        kills: 6,
        isSecure: true,
        program: (index) => (index === 1 ? inHttp2() : OWN.path),
        pool: { protocol: 'auto' },
      },
    ],
    ['two of three at once', { backends: 3, kills: 3, atOnce: 2 }],
    ['five of six at once', { backends: 6, kills: 2, atOnce: 5 }],
    [
      'two of three at once, by consistent-hash',
      { backends: 3, kills: 3, atOnce: 2, pool: { strategy: { use: 'consistent-hash', options: undefined } } },
    ],
    [
      'all of the first tier at once, before any is taken out',
      { backends: 4, kills: 2, atOnce: 2, member: firstTier(2), pool: { passive: slowly } },
    ],
    [
      'one at a time of three that are at their bounds, before a queue',
      {
        backends: 3,
        kills: 3,
        member: () => ({ maxInflight: 3 }),
        pool: { queue: { length: 100, timeoutMs: 60_000, order: 'fifo' } },
      },
    ],
  ])(
    '%s cost no idempotent request',
    async (_, plan) => {
      const { requests, failures, retries } = await killBackends(plan)
      expect(failures).toEqual([])
      expect(retries).toBeGreaterThan(0)
      expect(requests).toBeGreaterThan(400 * plan.kills)
    },
    60_000,
  )
})
