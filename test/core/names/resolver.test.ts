import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Resolver } from 'node:dns'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Found, isMissing } from '../../../core/names/look-up.ts'
import type { Name } from '../../../core/names/name.ts'
import { createNameTable, systemLookUp } from '../../../core/names/resolver.ts'
import { type NameServer, startNameServer } from '../../support/name-server.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

let server: NameServer
const folder = mkdtempSync(join(tmpdir(), 'smartedge-resolver-'))
const files = { hosts: join(folder, 'hosts'), resolvConf: join(folder, 'resolv.conf') }
beforeAll(async () => {
  server = await startNameServer()
  server.records.set('app.test', { addresses: ['10.0.0.1', '10.0.0.2', 'fd00::7'], ttl: 7 })
  server.records.set('app.shop.test', { addresses: ['10.0.0.3'], ttl: 7 })
  server.records.set('empty.test', { addresses: [], ttl: 7 })
  server.records.set('broken.test', 'fails')
  writeFileSync(files.hosts, '127.0.0.1 localhost\n10.0.0.9 known\n')
  writeFileSync(files.resolvConf, 'search shop.test\n')
})
afterAll(() => {
  server.stop()
  rmSync(folder, { recursive: true })
})

function makeLookUp() {
  const clock = virtualClock()
  const lookUp = systemLookUp(clock, files, () => {
    const resolver = new Resolver({ timeout: 1000, tries: 1 })
    resolver.setServers([server.address])
    return resolver
  })
  return { clock, find: (host: string) => new Promise<Found>((resolve) => lookUp(host, resolve)) }
}

const missing = { kind: 'failure', code: 'ENOTFOUND' } as const

describe('a look-up by real name servers', () => {
  test('finds all addresses of a name and how long they last', async () => {
    const { find } = makeLookUp()
    const found = await find('app.test')
    expect(found).toMatchObject({ kind: 'addresses', ttlMs: 7000 })
    expect(found.kind === 'addresses' && found.addresses.toSorted()).toEqual(['10.0.0.1', '10.0.0.2', 'fd00::7'])
  })

  test('takes 256 addresses of a family, which are all that the system tells the TTL of', async () => {
    const addresses = Array.from({ length: 300 }, (_, index) => `10.1.${index >> 8}.${index & 255}`)
    server.records.set('huge.test', { addresses, ttl: 7 })
    const found = await makeLookUp().find('huge.test')
    expect(found).toMatchObject({ kind: 'addresses', ttlMs: 7000 })
    expect(found.kind === 'addresses' && found.addresses).toHaveLength(256)
  })

  test('reads the hosts file and the search domains as they are now', async () => {
    const { find } = makeLookUp()
    expect(await find('known')).toMatchObject({ addresses: ['10.0.0.9'] })
    writeFileSync(files.hosts, '10.0.0.10 known.too known\n')
    expect(await find('known')).toMatchObject({ addresses: ['10.0.0.10'] })
    expect(await find('app')).toMatchObject({ addresses: ['10.0.0.3'] })
    writeFileSync(files.resolvConf, 'search elsewhere.test other.test\n')
    expect(await find('app')).toEqual(missing)
  })

  test.each(['nobody.test', 'empty.test', 'a..b', 'x'.repeat(300), `${'y.'.repeat(40)}test`])(
    'says that %j is missing',
    async (host) => {
      const found = await makeLookUp().find(host)
      expect(found).toMatchObject({ kind: 'failure' })
      expect(found.kind === 'failure' && isMissing(found.code)).toBe(true)
    },
  )

  test('tells a failing name server from a missing name', async () => {
    expect(await makeLookUp().find('broken.test')).toEqual({ kind: 'failure', code: 'ESERVFAIL' })
  })

  test('asks the name server again a moment later, whatever the TTL', async () => {
    const { clock, find } = makeLookUp()
    const asked = (): number => server.asked.filter((one) => one === 'app.test A').length
    const before = asked()
    await find('app.test')
    clock.advance(200)
    await find('app.test')
    expect(asked() - before).toBe(2)
  })
})

describe('the table of names', () => {
  test('holds one object for a name in any case', () => {
    const table = createNameTable(virtualClock(), () => {})
    expect(table.name('App.test')).toBe(table.name('app.test'))
    expect(table.name('app.test')).not.toBe(table.name('other.test'))
  })

  test('keeps a name for as long as somebody holds it, however many there are', () => {
    const table = createNameTable(virtualClock(), () => {})
    const hosts = Array.from({ length: 3000 }, (_, index) => `n${index}`)
    const held = hosts.map((host) => table.name(host))
    expect(hosts.every((host, index) => table.name(host) === held[index])).toBe(true)
  })

  test('keeps a name that is being looked up or watched, and forgets those that nobody holds', async () => {
    const clock = virtualClock()
    const table = createNameTable(clock, () => {})
    const refOf = (host: string): WeakRef<Name> => new WeakRef(table.name(host)!)
    table.name('asked')!.read()
    const cancel = table.name('watched')!.watch(() => {})
    const used = ['asked', 'watched'].map(refOf)
    const unused = Array.from({ length: 100 }, (_, index) => refOf(`n${index}`))
    for (let round = 0; round < 3; round += 1) {
      await Bun.sleep(1)
      Bun.gc(true)
    }
    expect(used.map((ref) => ref.deref()?.host)).toEqual(['asked', 'watched'])
    // One or the other may still lie on the stack.
    expect(unused.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(20)
    cancel()
    expect(clock.pending()).toBe(1)
  })
})
