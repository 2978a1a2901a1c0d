import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BackendTlsPolicy } from '../../../core/outbound/policy.ts'
import { Refusal } from '../../../core/part.ts'
import { PoolTls } from '../../../core/runtime/pool-tls.ts'
import { createAuthority } from '../../support/authority.ts'

const folder = mkdtempSync(join(tmpdir(), 'smartedge-pool-tls-'))
afterAll(() => rmSync(folder, { recursive: true }))
const authority = createAuthority()
const own = authority.issue({ names: ['edge.example'] })
const other = authority.issue({ names: ['other.example'] })

let written = 0
/** A file of its own. */
function fileOf(content: string | Buffer): string {
  const path = join(folder, `file-${(written += 1)}`)
  writeFileSync(path, content)
  return path
}

const caFile = fileOf(authority.cert)

const policyOf = (changes: Partial<BackendTlsPolicy> = {}): BackendTlsPolicy => ({
  ca: [caFile],
  serverName: undefined,
  shown: undefined,
  verifies: true,
  ...changes,
})

function problemOf(policy: BackendTlsPolicy): string {
  try {
    new PoolTls('web').prepare(policy)
    return 'prepared'
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error.problems.map(({ key, message }) => `${key} ${message}`).join()
  }
}

describe('the TLS of a pool', () => {
  test('is for https, and for whom a source has found by address where the pool has it', () => {
    const without = new PoolTls('web')
    without.prepare(undefined).commit()
    expect(without.openingFor('https')?.tls).toMatchObject({ serverName: undefined, verifies: true })
    expect([without.openingFor('http'), without.openingFor(undefined)]).toEqual([undefined, undefined])
    const having = new PoolTls('web')
    having.prepare(policyOf({ serverName: 'a.example', verifies: false })).commit()
    expect(having.openingFor(undefined)?.tls).toMatchObject({ serverName: 'a.example', verifies: false })
    expect(having.openingFor(undefined)).toBe(having.openingFor('https'))
    expect(having.openingFor('http')).toBeUndefined()
  })

  test('stays the same for as long as policy and files do, and is another behind the commit alone', () => {
    const ca = fileOf(authority.cert)
    const tls = new PoolTls('web')
    tls.prepare(policyOf({ ca: [ca] })).commit()
    const first = tls.openingFor('https')
    const same = tls.prepare(policyOf({ ca: [ca] }))
    same.commit()
    expect([same.isNews, tls.openingFor('https') === first]).toEqual([false, true])
    writeFileSync(ca, `${authority.cert}\n`)
    const anew = tls.prepare(policyOf({ ca: [ca] }))
    expect([anew.news, tls.openingFor('https') === first]).toEqual([['pools.web.tls read anew'], true])
    anew.commit()
    expect(tls.openingFor('https')).not.toBe(first)
    const renamed = tls.prepare(policyOf({ ca: [ca], serverName: 'b.example' }))
    renamed.commit()
    expect(tls.openingFor('https')?.tls?.serverName).toBe('b.example')
  })

  test('goes on with what it had while a file is bad, and tells so until it is good', () => {
    const [cert, key] = [fileOf(own.cert), fileOf(own.key)]
    const policy = policyOf({ shown: { cert, key } })
    const tls = new PoolTls('web')
    tls.prepare(policy).commit()
    const first = tls.openingFor('https')
    // Two files are saved one after the other.
    writeFileSync(cert, other.cert)
    const problem = {
      key: 'pools.web.tls.key',
      message: `must be the key of its certificate, this is the key of another: ${key}`,
    }
    for (const move of [tls.prepare(policy), tls.prepare(policy)]) {
      expect([move.isNews, move.kept]).toEqual([false, [problem]])
      move.commit()
      expect(tls.openingFor('https')).toBe(first)
    }
    writeFileSync(key, other.key)
    const good = tls.prepare(policy)
    expect([good.isNews, good.kept]).toEqual([true, undefined])
    good.commit()
    expect(tls.openingFor('https')).not.toBe(first)
    expect(tls.prepare(policy).kept).toBeUndefined()
  })

  test('is back where it was when a bad file is what it was before', () => {
    const ca = fileOf(authority.cert)
    const tls = new PoolTls('web')
    tls.prepare(policyOf({ ca: [ca] })).commit()
    rmSync(ca)
    expect(tls.prepare(policyOf({ ca: [ca] })).kept).toHaveLength(1)
    writeFileSync(ca, authority.cert)
    const back = tls.prepare(policyOf({ ca: [ca] }))
    back.commit()
    expect(back.kept).toBeUndefined()
  })

  test('has every certificate of every file', () => {
    const strangers = createAuthority('Strangers')
    expect(
      problemOf(policyOf({ ca: [fileOf(`# ours\n${authority.cert}${strangers.cert}`), fileOf(strangers.cert)] })),
    ).toBe('prepared')
  })

  test.each<readonly [string, () => Partial<BackendTlsPolicy>, string, string]>([
    ['no authority', () => ({ ca: [join(folder, 'none')] }), 'ca', 'must name a file that exists'],
    ['a folder', () => ({ ca: [folder] }), 'ca', 'must be a file, this is a folder'],
    ['an empty file', () => ({ ca: [fileOf('')] }), 'ca', 'must hold certificates in PEM, and holds none'],
    ['a key for an authority', () => ({ ca: [fileOf(own.key)] }), 'ca', 'and holds none'],
    ['bytes', () => ({ ca: [fileOf(Buffer.from([0x30, 0x82, 0xff, 0xfe]))] }), 'ca', 'must be PEM, this is binary'],
    [
      'a certificate that is cut',
      () => ({ ca: [fileOf(`${authority.cert}${own.cert.slice(0, 200)}\n-----END CERTIFICATE-----\n`)] }),
      'ca',
      "number 2 can't be read",
    ],
    ['100 MB', () => ({ ca: [hugeFile()] }), 'ca', 'must be at most 4 MiB'],
    ['the key of another', () => shown(own.cert, other.key), 'key', 'must be the key of its certificate'],
    ['a key that is none', () => shown(own.cert, own.cert), 'key', 'must hold a private key in PEM'],
    [
      'an encrypted key',
      () => shown(own.cert, authority.issue({ passphrase: 'x' }).key),
      'key',
      'is encrypted, and no passphrase is given for it',
    ],
    ['no certificate', () => shown(own.key, own.key), 'cert', 'must hold a certificate in PEM, this is a private key'],
  ])('refuses %s, and shows nothing of it', (_what, changes, file, problem) => {
    const told = problemOf(policyOf(changes()))
    expect(told).toStartWith(`pools.web.tls.${file} `)
    expect(told).toContain(problem)
    expect(told).toMatch(/: \/[^ ]+$/)
    expect(told).not.toContain(own.key.split('\n')[1] ?? '')
  })
})

const shown = (cert: string, key: string): Partial<BackendTlsPolicy> => ({
  shown: { cert: fileOf(cert), key: fileOf(key) },
})

function hugeFile(): string {
  const path = fileOf('')
  truncateSync(path, 100_000_000)
  return path
}
