import { describe, expect, test } from 'bun:test'
import { generateKeyPairSync } from 'node:crypto'
import { Secret } from '../../../core/secrets.ts'
import { CertificateError, readCertificate } from '../../../core/tls/certificate.ts'
import { createAuthority, type Issued, selfSigned } from '../../support/authority.ts'

const root = createAuthority()
const middle = root.below('Middle')
const good = middle.issue({ names: ['a.test', '*.A.test', 'URI:spiffe://a'] })
const other = middle.issue({ names: ['b.test'] })
const locked = middle.issue({ names: ['c.test'], passphrase: 'open sesame' })

const read = (chain: string, key: string, passphrase?: string) =>
  readCertificate({ chain, key: new Secret(key), ...(passphrase && { passphrase: new Secret(passphrase) }) })

function faultOf(chain: string, key: string, passphrase?: string): { part: string; message: string } {
  try {
    read(chain, key, passphrase)
  } catch (error) {
    if (error instanceof CertificateError) return { part: error.part, message: error.message }
    throw error
  }
  throw new Error('it was read')
}

describe('a certificate', () => {
  test('is known by its names, its kind, who signed it and how long it lasts', () => {
    const certificate = read(good.chain, good.key)
    expect(certificate).toMatchObject({ names: ['a.test', '*.a.test'], kind: 'ecdsa', issuer: 'Middle', isCut: false })
    expect(certificate.notAfter - certificate.notBefore).toBe(91 * 24 * 60 * 60 * 1000)
    expect(read(rsa.chain, rsa.key).kind).toBe('rsa')
  })

  test('is for its common name where it has no others', () => {
    const bare = selfSigned({ subject: 'Host.test' })
    expect(read(bare.chain, bare.key).names).toEqual(['host.test'])
  })

  test('is cut where it tells who has signed it, and does not bring that along', () => {
    const told = middle.issue({ names: ['a.test'], caIssuers: 'http://ca.test/' })
    expect([read(told.chain, told.key).isCut, read(told.cert, told.key).isCut]).toEqual([false, true])
    expect(read(good.cert, good.key).isCut).toBe(false)
  })

  test('may have an encrypted key', () => {
    expect(read(locked.chain, locked.key, 'open sesame').names).toEqual(['c.test'])
  })
})

const rsa = selfSigned({ names: ['a.test'], kind: 'rsa' })
const [, certMiddle = ''] = good.chain.split(/(?<=-----END CERTIFICATE-----\n)/)
const pkcs8 = (kind: 'ed25519' | 'small' | 'k1'): string => {
  const { privateKey } =
    kind === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : kind === 'small'
        ? generateKeyPairSync('rsa', { modulusLength: 1024 })
        : generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' })
}

const wrong: readonly (readonly [string, string, string, string | undefined, 'chain' | 'key', string])[] = [
  ['a key of another', good.chain, other.key, undefined, 'key', 'must be the key of its certificate'],
  ['an encrypted key without a passphrase', locked.chain, locked.key, undefined, 'key', 'no passphrase is given'],
  ['another passphrase', locked.chain, locked.key, 'close sesame', 'key', "can't be opened with its passphrase"],
  ['a key that is a certificate', good.chain, good.chain, undefined, 'key', 'this is a certificate'],
  ['a certificate that is a key', good.key, good.key, undefined, 'chain', 'this is a private key'],
  ['nothing', '', '', undefined, 'chain', 'must hold a certificate in PEM'],
  ['no key', good.chain, '', undefined, 'key', 'must hold a private key in PEM'],
  [
    'a key that is cut',
    good.chain,
    good.key.replace(/.{20}\n-----END/, '\n-----END'),
    undefined,
    'key',
    "can't be read",
  ],
  [
    'a certificate that is cut',
    good.chain.slice(0, 200) + good.chain.slice(260),
    good.key,
    undefined,
    'chain',
    "number 1 can't be read",
  ],
  [
    'a chain in the wrong order',
    certMiddle + good.cert,
    good.key,
    undefined,
    'chain',
    'behind number 1 belongs "Test Root", and there is "a.test"',
  ],
  [
    'a chain with a gap',
    good.cert + root.cert,
    good.key,
    undefined,
    'chain',
    'behind number 1 belongs "Middle", and there is "Test Root"',
  ],
  ['a chain without end', good.cert + certMiddle.repeat(10), good.key, undefined, 'chain', 'at most 10 certificates'],
  ['a text of 1 MiB', 'x'.repeat(1024 * 1024), good.key, undefined, 'chain', 'must be at most 256 KiB'],
  ['a key of 1 MiB', good.chain, 'x'.repeat(1024 * 1024), undefined, 'key', 'must be at most 256 KiB'],
  ['a key of Ed25519', good.chain, pkcs8('ed25519'), undefined, 'key', 'this is ed25519'],
  ['a key of 1024 bits', good.chain, pkcs8('small'), undefined, 'key', 'this is RSA of 1024 bits'],
]

describe('what is no certificate', () => {
  test.each(wrong)('is told: %s', (_, chain, key, passphrase, part, words) => {
    const fault = faultOf(chain, key, passphrase)
    expect(fault.part).toBe(part)
    expect(fault.message).toContain(words)
  })

  test('is told without a word of the key', () => {
    for (const [, chain, key, passphrase] of wrong) {
      const { message } = faultOf(chain, key, passphrase)
      for (const secret of [good, other, locked].flatMap(({ key: pem }: Issued) => pem.split('\n').slice(1, -2)))
        expect(message).not.toContain(secret)
      expect(message).not.toContain('sesame')
    }
  })
})
