/** Certificates in storage: what comes back, which names they are for, and what their CA calls them. */
import { expect, test } from 'bun:test'
import { isFor, originIn, readPair, readPem, renewalIdOf, toPem } from '../../../core/acme/certificate.ts'
import { Secret } from '../../../core/secrets.ts'
import { createAuthority, materialOf } from '../../support/authority.ts'

const dates = { notBefore: Date.UTC(2026, 0, 1), notAfter: Date.UTC(2026, 3, 1) }
const root = createAuthority()
const issuer = root.below('Some CA')
const issued = () => materialOf(issuer.issue({ names: ['a.example.org'], ...dates }))

test('one comes out of storage as it went in', () => {
  const pair = issued()
  const kept = readPem(toPem(pair))
  if (kept.kind === 'fault') throw new Error(kept.rule)
  const { names, issuer: by, notBefore, notAfter, key } = kept.certificate
  expect({ names, by, notBefore, notAfter }).toEqual({ names: ['a.example.org'], by: 'Some CA', ...dates })
  expect(key.reveal()).toBe(pair.key.reveal().trimEnd())
  expect(toPem(kept.certificate)).toBe(toPem(pair))
})

test('one is kept with where it was had from, which others read over', () => {
  const pair = issued()
  const text = toPem(pair, 'https://ca.test/directory')
  expect(originIn(text)).toBe('https://ca.test/directory')
  expect(readPem(text).kind).toBe('certificate')
  expect([originIn(toPem(pair)), originIn('# file:///etc'), originIn('x # https://ca.test/')]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})

test('one whose key stands in the chain’s text as well is kept with it once', () => {
  const { chain, key } = issued()
  const pem = toPem({ chain: key.reveal() + chain, key })
  expect(pem.match(/PRIVATE KEY/g)).toHaveLength(2)
})

test('what is none is told in words that show nothing of it', () => {
  const { chain, key } = issued()
  const other = issued()
  const rule = (text: string): string => {
    const read = readPem(text)
    return read.kind === 'fault' ? `${read.part} ${read.rule}` : 'none'
  }
  expect(rule('')).toBe('certificate must hold a certificate in PEM')
  expect(rule(chain)).toBe('key must hold a private key in PEM')
  expect(rule(key.reveal() + other.chain)).toBe('key must be the key of its certificate, this is the key of another')
  expect(rule(key.reveal() + chain.slice(0, 300))).toBe('certificate must hold a certificate in PEM')
  const garbage = readPair({ chain: chain.replace(/\n[\w+/]{20}/, '\nAAAAAAAAAAAAAAAAAAAA'), key: new Secret('x') })
  expect(garbage.kind === 'fault' && garbage.rule).toContain('number 1 can')
})

test('one is for its names, and for those below an asterisk by one label', () => {
  const wild = { names: ['*.example.org', 'example.com'] }
  const names = ['a.example.org', '*.example.org', 'example.com', 'example.org', 'a.b.example.org', 'a.example.com']
  expect(names.map((name) => isFor(wild, name))).toEqual([true, true, true, false, false, false])
})

test('RFC 9773 calls it by what openssl tells of its authority’s key and its serial number', async () => {
  const { chain } = issued()
  const args = ['openssl', 'x509', '-noout', '-serial', '-ext', 'authorityKeyIdentifier']
  const said = await new Response(Bun.spawn(args, { stdin: Buffer.from(chain) }).stdout).text()
  const [, serial = ''] = /serial=([0-9A-F]+)/.exec(said) ?? []
  const [keyId = ''] = /(?:[0-9A-F]{2}:){19}[0-9A-F]{2}/.exec(said) ?? []
  // DER keeps a positive number's first bit clear.
  const number = Number.parseInt(serial.slice(0, 2), 16) >= 0x80 ? `00${serial}` : serial
  const parts = [keyId.replaceAll(':', ''), number].map((hex) => Buffer.from(hex, 'hex').toString('base64url'))
  expect(renewalIdOf({ chain })).toBe(parts.join('.'))
  expect([renewalIdOf({ chain: 'none' }), renewalIdOf({ chain: root.cert })]).toEqual([undefined, undefined])
})
