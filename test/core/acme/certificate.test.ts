/** Certificates with their keys: what may be served, and what is refused with words. */
import { describe, expect, test } from 'bun:test'
import { isFor, readCertificate, readPem, toPem } from '../../../core/acme/certificate.ts'
import { generateKey } from '../../../core/acme/jws.ts'
import { Secret } from '../../../core/secrets.ts'
import { createIssuer } from '../../support/issued.ts'

const dates = { notBefore: Date.UTC(2026, 0, 1), notAfter: Date.UTC(2026, 3, 1) }
const issuer = createIssuer('Some CA')

const reasonOf = (chain: string, key: Secret): string => {
  const read = readCertificate({ chain, key })
  return read.kind === 'fault' ? read.reason : 'none'
}

describe('a certificate', () => {
  test('is read with its names, dates and issuer', () => {
    const read = readCertificate(issuer.pair('a.example.org', dates))
    if (read.kind === 'fault') throw new Error(read.reason)
    const { names, notBefore, notAfter, issuer: by, renewalId } = read.certificate
    expect({ names, notBefore, notAfter, by }).toEqual({ names: ['a.example.org'], ...dates, by: 'CN=Some CA' })
    expect(renewalId).toMatch(/^[\w-]{27}\.[\w-]{10,12}$/)
  })

  test('comes out of storage as it went in', () => {
    const pair = issuer.pair('a.example.org', dates)
    const kept = readPem(toPem(pair))
    expect(kept.kind === 'certificate' && [kept.certificate.chain, kept.certificate.key.reveal()]).toEqual([
      pair.chain,
      pair.key.reveal(),
    ])
  })

  test('is for its names, and for those below an asterisk by one label', () => {
    const wild = { names: ['*.example.org', 'example.com'] }
    const names = ['a.example.org', '*.example.org', 'example.com', 'example.org', 'a.b.example.org', 'a.example.com']
    expect(names.map((name) => isFor(wild, name))).toEqual([true, true, true, false, false, false])
  })

  test('is called by RFC 9773 what openssl tells of its authority’s key and its serial number', async () => {
    const { chain, key } = issuer.pair('a.example.org', dates)
    const args = ['openssl', 'x509', '-noout', '-serial', '-ext', 'authorityKeyIdentifier']
    const said = await new Response(Bun.spawn(args, { stdin: Buffer.from(chain) }).stdout).text()
    const [, serial = ''] = /serial=([0-9A-F]+)/.exec(said) ?? []
    const [keyId = ''] = /(?:[0-9A-F]{2}:){19}[0-9A-F]{2}/.exec(said) ?? []
    // DER keeps a positive number's first bit clear.
    const number = Number.parseInt(serial.slice(0, 2), 16) >= 0x80 ? `00${serial}` : serial
    const parts = [keyId.replaceAll(':', ''), number].map((hex) => Buffer.from(hex, 'hex').toString('base64url'))
    const read = readCertificate({ chain, key })
    expect(read.kind === 'certificate' && read.certificate.renewalId).toBe(parts.join('.'))
  })
})

describe('what is no certificate to serve', () => {
  const { chain, key } = issuer.pair('a.example.org', dates)
  const [leaf = '', root = ''] = chain.split(/(?<=-----END CERTIFICATE-----\n)/)
  const other = createIssuer()
  const cases: readonly [string, string, Secret, string][] = [
    ['nothing', '', key, 'has no certificate in PEM'],
    ['what is no PEM', '<html>', key, 'has no certificate in PEM'],
    ['a cut one', leaf.slice(0, 200), key, 'has no certificate in PEM'],
    [
      'one of garbage',
      leaf.replace(/\n[\w+/]{20}/, '\nAAAAAAAAAAAAAAAAAAAA'),
      key,
      'has a certificate that cannot be read',
    ],
    ['one with another key', chain, generateKey(), 'has a private key that is not the certificate’s'],
    [
      'one whose key is none',
      chain,
      new Secret('-----BEGIN'),
      'has a private key that cannot be read: PEM without a passphrase is wanted',
    ],
    ['a chain the other way round', root + leaf, key, 'has a private key that is not the certificate’s'],
    [
      'a chain of strangers',
      leaf + other.root,
      key,
      'has a chain in the wrong order: each certificate must be signed by the next',
    ],
    ['a chain of eleven', leaf + root.repeat(10), key, 'has more than 10 certificates'],
    ['100 KB and more', chain + 'x'.repeat(200_000), key, 'has more than 131072 bytes'],
  ]
  for (const [title, given, by, reason] of cases) test(title, () => expect(reasonOf(given, by)).toBe(reason))

  test('a text without a key', () => expect(readPem(chain)).toEqual({ kind: 'fault', reason: 'has no private key' }))
})
