import { describe, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { readCertificate } from '../../../core/tls/certificate.ts'
import { CertificateStore } from '../../../core/tls/certificate-store.ts'
import { termsOf } from '../../../core/tls/terms.ts'
import { createAuthority, type Issued, materialOf, selfSigned } from '../../support/authority.ts'
import { handshakesAt } from '../../support/handshakes.ts'
import { inPieces } from '../../support/in-pieces.ts'
import { askSecurely } from '../../support/tls.ts'

const root = createAuthority()
const server = root.issue({ names: ['a.test'] })
const proof = selfSigned({ names: ['a.test'] })
const fingerprintOf = ({ cert }: Issued): string => new X509Certificate(cert).fingerprint256

describe('a handshake by which an authority looks whether a name is ours', () => {
  const versions = ['TLSv1.2', 'TLSv1.3'] as const
  test.each(versions)('is shown what is set for it, whatever else there is: %s', async (maxVersion) => {
    const store = new CertificateStore({ minVersion: '1.2' })
    store.set('files', [readCertificate(materialOf(server))])
    const terms = termsOf(
      store,
      () => ({ strict: false }),
      (offered) => offered.find((protocol) => protocol === 'http/1.1'),
    )
    const { port } = handshakesAt(terms)
    const options = { ca: root.cert, checkServerIdentity: () => undefined, rejectUnauthorized: false, maxVersion }
    const acme = { ...options, ALPNProtocols: ['acme-tls/1'] }
    expect(await askSecurely(port, acme).catch(() => 'refused')).toBe('refused')
    const asked: string[] = []
    store.challenge = (name) => {
      asked.push(name)
      return name === 'a.test' ? materialOf(proof) : undefined
    }
    await using between = inPieces(port)
    for (const place of [port, between.port]) {
      const { fingerprint, socket } = await askSecurely(place, acme)
      expect([fingerprint, socket.alpnProtocol]).toEqual([fingerprintOf(proof), 'acme-tls/1'])
    }
    expect(await askSecurely(port, { ...acme, servername: 'b.test' }).catch(() => 'refused')).toBe('refused')
    expect(asked).toEqual(['a.test', 'a.test', 'b.test'])
    const others = await askSecurely(port, { ...options, ALPNProtocols: ['h2', 'http/1.1'] })
    expect([others.fingerprint, others.socket.alpnProtocol]).toEqual([fingerprintOf(server), 'http/1.1'])
  })
})
