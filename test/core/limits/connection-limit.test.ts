import { describe, expect, test } from 'bun:test'
import { ConnectionLimit, connectionLimit } from '../../../core/limits/connection-limit.ts'
import { KeyHash } from '../../../core/limits/key-hash.ts'
import { KeyReader } from '../../../core/limits/key.ts'
import type { ConnectionPolicy } from '../../../core/limits/policy.ts'
import type { Peer } from '../../../core/stream/peer.ts'
import { type AskedOptions, makeRequest } from '../../support/asked.ts'
import { peerAt } from '../../support/peer-at.ts'

const policy: ConnectionPolicy = {
  kind: 'connections',
  name: 'open',
  most: 2,
  by: [{ kind: 'address' }],
  report: false,
}

function limiting(changes: Partial<ConnectionPolicy> = {}) {
  const limit = new ConnectionLimit({ ...policy, ...changes })
  const admission = connectionLimit(limit, new KeyReader(policy.by, 'route', new KeyHash(new Uint8Array(8))))
  const ask = (peer: Peer, options: AskedOptions = {}) => {
    const { asked, head } = makeRequest({ peer, ...options })
    return admission.admit(asked, head, 0)
  }
  return { ask, limit }
}

describe('a limit of connections', () => {
  test('counts each once, however many requests come over it, until it is gone', () => {
    const { ask, limit } = limiting()
    const [first, second, third] = [peerAt('192.0.2.1'), peerAt('192.0.2.1'), peerAt('192.0.2.1')]
    const kinds = [first, first, second, first, second, third, first].map((peer) => ask(peer).kind)
    expect(kinds).toEqual(['admitted', 'admitted', 'admitted', 'admitted', 'admitted', 'refused', 'admitted'])
    first.gone()
    expect([ask(third).kind, ask(peerAt('192.0.2.1')).kind, limit.keys]).toEqual(['admitted', 'refused', 1])
    second.gone()
    third.gone()
    expect(limit.keys).toBe(0)
  })

  test('ends a connection that is one too many, and says why', () => {
    const { ask, limit } = limiting({ most: 1 })
    ask(peerAt('192.0.2.1'))
    expect(ask(peerAt('192.0.2.1'))).toEqual({
      kind: 'refused',
      reason: 'concurrency',
      problem: {
        status: 429,
        detail: 'too many connections: the limit "open" is 1',
        retryAfterSeconds: 1,
        closes: true,
      },
    })
    expect(limit.counters).toEqual({ refused: 1, reported: 0 })
  })

  test('is each address’s own, of IPv6 each /64’s', () => {
    const { ask } = limiting({ most: 1 })
    const kinds = ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2', '2001:db8:0:1::1'].map(
      (address) => ask(peerAt(address)).kind,
    )
    expect(kinds).toEqual(['admitted', 'admitted', 'admitted', 'refused', 'admitted'])
  })

  test('does not count those of trusted proxies, over which many clients come', () => {
    const { ask, limit } = limiting({ most: 1 })
    const trusted = ['10.0.0.1']
    const lines = 'X-Forwarded-For: 192.0.2.1\r\n'
    const kinds = Array.from({ length: 9 }, () => ask(peerAt('10.0.0.1'), { trusted, lines }).kind)
    expect([new Set(kinds), limit.keys]).toEqual([new Set(['admitted']), 0])
  })

  test('that only reports counts each that is too many once, and ends none', () => {
    const { ask, limit } = limiting({ most: 1, report: true })
    const peers = [peerAt('192.0.2.1'), peerAt('192.0.2.1'), peerAt('192.0.2.1')]
    for (const peer of [...peers, ...peers]) expect(ask(peer).kind).toBe('admitted')
    expect(limit.counters).toEqual({ refused: 0, reported: 2 })
    for (const peer of peers) peer.gone()
    expect(limit.keys).toBe(0)
  })
})
