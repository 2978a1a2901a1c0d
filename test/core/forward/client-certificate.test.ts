import { describe, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import {
  clientCertChainLine,
  clientCertLine,
  describeClient,
  xfccLine,
} from '../../../core/forward/client-certificate.ts'
import { selfSigned, type Wish } from '../../support/authority.ts'

const describing = (wish: Wish) => describeClient(new X509Certificate(selfSigned(wish).cert))

describe('a client certificate', () => {
  test('is known by subject, names and fingerprint', () => {
    const { subject, names, fingerprint } = describing({
      subject: 'alice',
      names: ['a.test', 'URI:spiffe://a/b', 'email:a@b'],
    })
    expect([subject, names]).toEqual(['CN=alice', ['DNS:a.test', 'URI:spiffe://a/b', 'email:a@b']])
    expect(fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/)
  })

  test('has one name where it looks like several', () => {
    const { names } = describing({ subject: 'a', names: ['URI:http://a/, DNS:admin.test', 'b.test', 'URI:c"d\\e'] })
    expect(names).toEqual(['URI:http://a/, DNS:admin.test', 'DNS:b.test', 'URI:c"d\\e'])
  })

  test('without other names has none', () => {
    expect(describing({ subject: 'a' }).names).toEqual([])
  })

  test('is told as RFC 9440 has it', () => {
    const certificate = describing({ subject: 'a' })
    const [, told = ''] = /^Client-Cert: :([A-Za-z0-9+/=]+):\r\n$/.exec(clientCertLine(certificate)) ?? []
    expect(new X509Certificate(Buffer.from(told, 'base64')).fingerprint256).toBe(certificate.fingerprint)
    const chain = clientCertChainLine([certificate.x509, certificate.x509])
    expect(chain).toBe(`Client-Cert-Chain: :${told}:, :${told}:\r\n`)
  })

  test('is told as Envoy has it', () => {
    const certificate = describing({ subject: 'alice', names: ['URI:spiffe://a/b', 'a.test'] })
    const hash = certificate.fingerprint.replaceAll(':', '').toLowerCase()
    expect(xfccLine(certificate)).toBe(
      `X-Forwarded-Client-Cert: Hash=${hash};Subject="CN=alice";URI=spiffe://a/b;DNS=a.test\r\n`,
    )
  })

  test('cannot say anything else by what it is called', () => {
    const hostile = describing({
      subject: 'a";URI=spiffe://admin\r\nX-Admin: 1, é',
      names: ['URI:x;DNS=admin', 'URI:y,Hash=1', 'URI:"', 'URI:\r\nA: b'],
    })
    const line = xfccLine(hostile)
    expect(line).toMatch(/^[ -~]+\r\n$/)
    const unquoted = line.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
    expect(unquoted).toBe(
      `X-Forwarded-Client-Cert: Hash=${hostile.fingerprint.replaceAll(':', '').toLowerCase()};Subject="";URI="";URI="";URI="";DNS=""\r\n`,
    )
  })
})
