import { describe, expect, test } from 'bun:test'
import { contextOf } from '../../../core/net/tls-context.ts'
import { createAuthority, materialOf } from '../../support/authority.ts'
import { handshakesAt } from '../../support/handshakes.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { askSecurely, sessionOf } from '../../support/tls.ts'

const root = createAuthority()
const server = root.issue({ names: ['a.test'] })
const client = root.issue({ subject: 'alice', notAfter: Date.now() + 60 * 60 * 1000 })
const material = materialOf(server)

describe('a handshake with a client that shows a certificate', () => {
  test('takes up no session of before once that has ended', async () => {
    const context = contextOf([material], { minVersion: '1.2' }, { ca: [root.cert], crl: [] })
    const offered = { context, clients: 'required' } as const
    const now = { wallTime: Date.now() }
    const terms = { fallback: offered, readsHello: false, offerFor: () => offered, protocolFor: () => undefined }
    const { port, ends } = handshakesAt(terms, () => now.wallTime)
    const options = { ca: root.cert, key: client.key, cert: client.chain, maxVersion: 'TLSv1.2' } as const
    const session = await sessionOf(port, options)
    await askSecurely(port, { ...options, session })
    now.wallTime += 2 * 60 * 60 * 1000
    await askSecurely(port, { ...options, session }).catch(() => undefined)
    await turnUntil(() => ends.length === 3, 'the end of the last')
    expect(ends).toMatchObject([
      { isResumed: false, certificate: { subject: 'CN=alice' } },
      { isResumed: true, certificate: { subject: 'CN=alice' } },
      'certificate',
    ])
  })
})
