import { describe, expect, test } from 'bun:test'
import { Secret } from '../../../core/secrets.ts'
import { readCertificate } from '../../../core/tls/certificate.ts'
import { CertificateStore } from '../../../core/tls/certificate-store.ts'
import { createAuthority, type Wish } from '../../support/authority.ts'

const root = createAuthority()
const DAY = 24 * 60 * 60 * 1000

function make(wish: Wish) {
  const { chain, key } = root.issue(wish)
  return readCertificate({ chain, key: new Secret(key) })
}

const a = make({ names: ['a.test'] })
const old = make({ names: ['a.test', 'old.test'], kind: 'rsa' })
const wild = make({ names: ['*.a.test', 'b.test'] })

function storeOf(...certificates: ReturnType<typeof make>[]): CertificateStore {
  const store = new CertificateStore({ minVersion: '1.2' })
  store.set('files', certificates)
  return store
}

const offered = (store: CertificateStore, name: string) => store.offer(name)?.certificates

describe('a certificate store', () => {
  test('offers by exact name, then by a wildcard for one label, ECDSA before RSA', () => {
    const store = storeOf(old, wild, a)
    expect(offered(store, 'a.test')).toEqual([a, old])
    expect(offered(store, 'old.test')).toEqual([old])
    expect(offered(store, 'x.a.test')).toEqual([wild])
    for (const name of ['x.y.a.test', 'c.test', '', '.', '.a.test', 'test', '*.a.test'.slice(1)])
      expect([name, offered(store, name)]).toEqual([name, undefined])
  })

  test('offers who names nobody the first, with what else its name has', () => {
    expect(storeOf(old, wild, a).fallback.certificates).toEqual([a, old])
    expect(storeOf(wild, a).fallback.certificates).toEqual([wild])
    expect(storeOf().fallback.certificates).toEqual([])
  })

  test('takes of two for one name and kind the one that lasts longer', () => {
    const longer = make({ names: ['a.test'], notAfter: Date.now() + 120 * DAY })
    for (const store of [storeOf(a, longer), storeOf(longer, a)]) expect(offered(store, 'a.test')).toEqual([longer])
  })

  test('makes one context for all handshakes of the same certificates, and another after a change', () => {
    const store = storeOf(a, old)
    const { context } = store.offer('a.test')!
    expect(store.offer('a.test')!.context).toBe(context)
    store.set('acme', [wild])
    expect(store.offer('a.test')!.context).toBe(context)
    expect(offered(store, 'x.a.test')).toEqual([wild])
    store.setStrength({ minVersion: '1.3' })
    expect(store.offer('a.test')!.context).not.toBe(context)
  })

  test('offers what each source has now, and nothing that it had before', () => {
    const store = storeOf(a)
    store.set('acme', [wild])
    store.set('files', [])
    expect(store.certificates).toEqual([wild])
    expect(offered(store, 'a.test')).toBeUndefined()
    expect(store.fallback.certificates).toEqual([wild])
  })

  test('begins no session anew where the rules for clients are the same', () => {
    const store = storeOf(a)
    const rule = () => ({ names: undefined, certificate: 'required', ca: [root.cert], crl: [], tell: [] }) as const
    store.setClients([rule()])
    const [context, asked] = [store.offer('a.test')!.context, store.clientsRule('a.test')]
    store.setClients([rule()])
    expect([store.offer('a.test')!.context, store.clientsRule('a.test')]).toEqual([context, asked])
    expect(store.offer('a.test')!.context).toBe(context)
    store.setClients([{ ...rule(), crl: [root.revoke([])] }])
    expect(store.offer('a.test')!.context).not.toBe(context)
    expect(store.fallback.clients).toBe('required')
    store.setClients([])
    expect(store.offer('a.test')!.clients).toBeUndefined()
  })

  test('looks up names that objects have by nature', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) expect(offered(storeOf(a), name)).toBeUndefined()
  })
})
