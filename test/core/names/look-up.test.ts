import { describe, expect, test } from 'bun:test'
import { parseHosts } from '../../../core/names/hosts.ts'
import { type Answer, createLookUp, type Found } from '../../../core/names/look-up.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const records = (ttl: number, ...addresses: string[]): Answer => ({
  code: undefined,
  records: addresses.map((address) => ({ address, ttl })),
})
const failure = (code: string): Answer => ({ code, records: [] })
const missing = failure('ENOTFOUND')

/** Name servers that answer when told: `answer('app', 4, …)`. */
function makeLookUp(hosts = '', domains: readonly string[] = [], ndots = 1) {
  const clock = virtualClock()
  const asked: string[] = []
  const open = new Map<string, (answer: Answer) => void>()
  const found: Found[] = []
  const lookUp = createLookUp({
    clock,
    query: (name, family, done) => {
      asked.push(`${name} ${family}`)
      open.set(`${name} ${family}`, done)
    },
    hosts: () => parseHosts(hosts),
    search: () => ({ domains, ndots }),
  })
  const answer = (name: string, family: 4 | 6, what: Answer): void => open.get(`${name} ${family}`)?.(what)
  return { clock, asked, found, answer, begin: (host: string) => lookUp(host, (one) => found.push(one)) }
}

describe('a look-up', () => {
  test('takes what the hosts file says without asking anybody', () => {
    const { begin, asked, found } = makeLookUp('10.0.0.7 db\n')
    begin('DB')
    begin('db.')
    const fromFile = { kind: 'addresses', addresses: ['10.0.0.7'], ttlMs: 5000 } as const
    expect(found).toEqual([fromFile, fromFile])
    expect(asked).toEqual([])
  })

  test('knows localhost, unless the hosts file knows better', () => {
    const { begin, found } = makeLookUp('127.0.0.9 localhost')
    begin('localhost')
    begin('app.localhost')
    expect(found).toMatchObject([{ addresses: ['127.0.0.9'] }, { addresses: ['127.0.0.1', '::1'] }])
  })

  test('asks for both families at once and takes the shortest life of all records', () => {
    const { begin, asked, found, answer } = makeLookUp()
    begin('app.test')
    expect(asked).toEqual(['app.test 4', 'app.test 6'])
    answer('app.test', 6, records(9, '::1'))
    expect(found).toEqual([])
    answer('app.test', 4, records(20, '10.0.0.1', '10.0.0.2'))
    expect(found).toEqual([{ kind: 'addresses', addresses: ['10.0.0.1', '10.0.0.2', '::1'], ttlMs: 9000 }])
  })

  test('waits no longer than a moment for IPv6 once IPv4 is known', () => {
    const { clock, begin, found, answer } = makeLookUp()
    begin('app.test')
    answer('app.test', 4, records(20, '10.0.0.1'))
    clock.advance(49)
    expect(found).toEqual([])
    clock.advance(1)
    expect(found).toEqual([{ kind: 'addresses', addresses: ['10.0.0.1'], ttlMs: 20_000 }])
    answer('app.test', 6, records(9, '::1'))
    expect(found).toHaveLength(1)
    begin('app.test')
    answer('app.test', 4, records(20, '10.0.0.1'))
    answer('app.test', 6, records(9, '::1'))
    expect(found).toHaveLength(2)
    expect(clock.pending()).toBe(0)
  })

  test('tries the search domains one after the other', () => {
    const { begin, asked, found, answer } = makeLookUp('', ['shop.test', 'test'])
    begin('app')
    for (const name of ['app.shop.test', 'app.test']) {
      answer(name, 4, missing)
      answer(name, 6, missing)
    }
    answer('app', 4, records(5, '10.0.0.1'))
    answer('app', 6, missing)
    expect(asked.filter((one) => one.endsWith('4'))).toEqual(['app.shop.test 4', 'app.test 4', 'app 4'])
    expect(found).toMatchObject([{ addresses: ['10.0.0.1'] }])
  })

  test('fails as not found when every name is missing', () => {
    const { begin, found, answer } = makeLookUp('', ['test'])
    begin('app')
    for (const name of ['app.test', 'app']) {
      answer(name, 4, failure('ENODATA'))
      answer(name, 6, missing)
    }
    expect(found).toEqual([{ kind: 'failure', code: 'ENOTFOUND' }])
  })

  test('tells of trouble rather than of a missing name', () => {
    const { begin, found, answer } = makeLookUp('', ['test'])
    begin('app')
    answer('app.test', 4, missing)
    answer('app.test', 6, failure('ESERVFAIL'))
    answer('app', 4, missing)
    answer('app', 6, missing)
    expect(found).toEqual([{ kind: 'failure', code: 'ESERVFAIL' }])
  })

  test('asks for no further name when the name servers are silent', () => {
    const { begin, asked, found, answer } = makeLookUp('', ['test'])
    begin('app')
    answer('app.test', 4, failure('ETIMEOUT'))
    answer('app.test', 6, failure('ETIMEOUT'))
    expect(asked).toHaveLength(2)
    expect(found).toEqual([{ kind: 'failure', code: 'ETIMEOUT' }])
  })
})
