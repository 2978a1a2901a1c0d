/** One contract for all places that a fleet's config may be in: etcd itself, a Consul of our own, a web server. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { systemClock } from '../../../core/clock.ts'
import { readAddress } from '../../../core/fleet/address.ts'
import { openStore } from '../../../core/fleet/open.ts'
import type { ConfigStore, SharedStore, Swap } from '../../../core/fleet/store.ts'
import { systemRandom } from '../../../core/random.ts'
import { createCertificates } from '../../support/certificates.ts'
import { startConsulKv } from '../../support/consul-kv.ts'
import { startEtcd } from '../../support/etcd.ts'
import { fail } from '../../support/fail.ts'

setDefaultTimeout(60_000)

type Env = Readonly<Record<string, string>>

async function storeAt(text: string, env: Env = {}): Promise<ConfigStore> {
  const read = readAddress(text, env)
  if (read.kind === 'fault') throw new Error(read.rule)
  return await openStore(read.source, { clock: systemClock, random: systemRandom, reportFault: fail })
}

interface Served extends AsyncDisposable {
  readonly store: ConfigStore
  put(value: string): Promise<void>
  remove(): Promise<void>
  takeAway(): Promise<void>
  bringBack(): Promise<void>
  /** All leases there are end. */
  expire?(): Promise<void>
}

const servers: Readonly<Record<string, () => Promise<Served>>> = {
  async etcd() {
    const etcd = await startEtcd()
    const { host } = new URL(etcd.url)
    const store = await storeAt(`etcd://${host}/edge/web`)
    return {
      store,
      put: (value) => etcd.put('edge/web', value),
      remove: () => etcd.delete('edge/web'),
      takeAway: () => etcd.stop(),
      bringBack: () => etcd.start(),
      async expire() {
        const { leases } = (await etcd.call('lease/leases', {})) as { leases?: readonly { ID: string }[] }
        for (const { ID } of leases ?? []) await etcd.call('lease/revoke', { ID })
      },
      [Symbol.asyncDispose]: () => etcd[Symbol.asyncDispose](),
    }
  },
  async consul() {
    const consul = startConsulKv({ token: 't' })
    const { host } = new URL(consul.url)
    const store = await storeAt(`consul://${host}/edge/web`, { SMARTEDGE_CONFIG_TOKEN: 't' })
    return {
      store,
      put: async (value) => consul.put('edge/web', value),
      remove: async () => consul.delete('edge/web'),
      takeAway: () => consul.stop(),
      bringBack: async () => consul.start(),
      expire: async () => consul.sessions.forEach((session) => consul.expire(session)),
      [Symbol.asyncDispose]: () => consul[Symbol.asyncDispose](),
    }
  },
}

/** What a store tells, as it comes. */
function follow(store: ConfigStore) {
  const told: string[] = []
  let wake = Promise.withResolvers<void>()
  const tell = (word: string): void => {
    told.push(word)
    wake.resolve()
    wake = Promise.withResolvers()
  }
  const stop = store.follow({
    value: (text) => tell(`value ${text}`),
    confirm: () => undefined,
    lose: (reason) => tell(`lost ${reason}`),
  })
  return {
    told,
    stop,
    /** Resolves once it has told what begins so, behind what was waited for before. */
    async tells(word: string): Promise<string> {
      for (;;) {
        const at = told.findIndex((one) => one.startsWith(word))
        const [found] = at === -1 ? [] : told.splice(0, at + 1).slice(-1)
        if (found !== undefined) return found
        await wake.promise
      }
    },
  }
}

const swap = (version: string | undefined, generation: number, facts: Partial<Swap> = {}): Swap => ({
  version,
  value: `value ${generation}`,
  past: { generation, value: `past ${generation}` },
  forget: [],
  ...facts,
})

function sharedOf({ shared }: ConfigStore): SharedStore {
  if (shared === undefined) throw new Error('it is only read')
  return shared
}

async function held(store: ConfigStore) {
  const read = await store.read()
  if (read.kind !== 'held') throw new Error(JSON.stringify(read))
  return read
}

async function namesIn(store: ConfigStore, what: 'history' | 'nodes'): Promise<readonly string[]> {
  const listed = await sharedOf(store).list(what)
  if (listed.kind === 'fault') throw new Error(listed.reason)
  return [...listed.values.keys()].toSorted()
}

describe.each(Object.entries(servers))('%s', (_, start) => {
  test('is followed from what it holds to what it holds next, and to its end', async () => {
    await using server = await start()
    await server.put('one')
    const following = follow(server.store)
    await following.tells('value one')
    await server.put('zwei ☃ "')
    await following.tells('value zwei ☃ "')
    await server.remove()
    expect(await following.tells('lost')).toBe('lost has no key edge/web')
    await server.put('three')
    await following.tells('value three')
    following.stop()
  })

  test('that holds nothing is absent, and followed until it does', async () => {
    await using server = await start()
    expect(await server.store.read()).toEqual({ kind: 'absent' })
    const following = follow(server.store)
    await following.tells('lost has no key edge/web')
    await server.put('one')
    await following.tells('value one')
    following.stop()
  })

  test('that goes away is told, and goes on where it was when it is back', async () => {
    await using server = await start()
    await server.put('one')
    const following = follow(server.store)
    await following.tells('value one')
    await server.takeAway()
    await following.tells('lost')
    expect(await server.store.read()).toMatchObject({ kind: 'fault' })
    await server.bringBack()
    await server.put('two')
    await following.tells('value two')
    following.stop()
  })

  test('is written once by two who have seen the same', async () => {
    await using server = await start()
    const shared = sharedOf(server.store)
    expect(await shared.swap(swap(undefined, 1))).toEqual({ kind: 'swapped' })
    expect(await shared.swap(swap(undefined, 1, { value: 'other' }))).toEqual({ kind: 'overtaken' })
    const { version, value } = await held(server.store)
    expect(value).toBe('value 1')
    const both = await Promise.all([2, 2].map((number) => shared.swap(swap(version, number))))
    expect(both.map(({ kind }) => kind).toSorted()).toEqual(['overtaken', 'swapped'])
    expect((await held(server.store)).value).toBe('value 2')
    await server.remove()
    expect(await shared.swap(swap(version, 3))).toEqual({ kind: 'overtaken' })
  })

  test('keeps what was written, but for what is to be forgotten, and nothing of who came too late', async () => {
    await using server = await start()
    const shared = sharedOf(server.store)
    for (let number = 1; number <= 8; number++) {
      const read = await server.store.read()
      const version = read.kind === 'held' ? read.version : undefined
      await shared.swap(swap(version, number, { forget: number > 5 ? [number - 5] : [] }))
    }
    await shared.swap(swap('1', 9))
    expect(await namesIn(server.store, 'history')).toEqual(['4', '5', '6', '7', '8'])
    const listed = await shared.list('history')
    expect(listed.kind === 'listed' && listed.values.get('8')).toBe('past 8')
  })

  test('shows nodes for as long as their leases last', async () => {
    await using server = await start()
    const { lease } = sharedOf(server.store)
    const ids: string[] = []
    for (const node of ['web-1', 'web-2', 'web-3']) {
      const granted = await lease.grant()
      if (granted.kind === 'fault') throw new Error(granted.reason)
      ids.push(granted.id)
      expect(await lease.put(granted.id, node, `I am ${node}`)).toEqual({ kind: 'put' })
    }
    const [first = '', second = ''] = ids
    expect(await lease.put(first, 'web-1', 'still me')).toEqual({ kind: 'put' })
    expect(await lease.put(second, 'web-1', 'me, too')).toEqual({ kind: 'taken' })
    expect(await lease.renew(first)).toEqual({ kind: 'renewed' })
    await lease.revoke(first)
    expect(await lease.renew(first)).toEqual({ kind: 'ended' })
    expect(await namesIn(server.store, 'nodes')).toEqual(['web-2', 'web-3'])
    await server.expire?.()
    expect(await lease.renew(second)).toEqual({ kind: 'ended' })
    expect(await namesIn(server.store, 'nodes')).toEqual([])
  })

  test('that is away says so to whoever writes', async () => {
    await using server = await start()
    await server.takeAway()
    const shared = sharedOf(server.store)
    const said = [
      await shared.swap(swap(undefined, 1)),
      await shared.list('nodes'),
      await shared.lease.grant(),
      await shared.lease.renew('7'),
      await shared.lease.put('7', 'web-1', ''),
    ]
    for (const one of said) expect(one).toEqual({ kind: 'fault', reason: expect.stringContaining('cannot be asked') })
    await shared.lease.revoke('7')
  })
})

describe('etcd', () => {
  test('is asked at the next endpoint when one is away', async () => {
    await using etcd = await startEtcd()
    await etcd.put('edge', 'one')
    const { host } = new URL(etcd.url)
    const store = await storeAt(`etcd://127.0.0.1:1,${host}/edge`)
    expect((await held(store)).value).toBe('one')
    const following = follow(store)
    await following.tells('value one')
    following.stop()
  })

  test('takes a user’s password, and shows neither where it is wrong', async () => {
    await using etcd = await startEtcd()
    await etcd.call('auth/user/add', { name: 'root', password: 'r00t' })
    await etcd.call('auth/user/grant', { user: 'root', role: 'root' })
    await etcd.put('edge', 'one')
    await etcd.call('auth/enable', {})
    const { host } = new URL(etcd.url)
    const store = await storeAt(`etcd://root:r00t@${host}/edge`)
    const { version } = await held(store)
    expect(await sharedOf(store).swap(swap(version, 2))).toEqual({ kind: 'swapped' })
    const following = follow(store)
    await following.tells('value value 2')
    following.stop()
    const stranger = await (await storeAt(`etcd://root:wr0ng@${host}/edge`)).read()
    expect(stranger).toMatchObject({ kind: 'fault' })
    expect(JSON.stringify(stranger)).not.toContain('wr0ng')
  })

  test('is asked over TLS, and not where nobody vouches for the server', async () => {
    const tls = createCertificates()
    await using etcd = await startEtcd({ tls })
    await etcd.put('edge', 'one')
    const { host } = new URL(etcd.url)
    expect((await held(await storeAt(`etcds://${host}/edge`, { SMARTEDGE_CONFIG_CA: tls.ca }))).value).toBe('one')
    expect(await (await storeAt(`etcds://${host}/edge`)).read()).toMatchObject({ kind: 'fault' })
    const missing = await storeAt(`etcds://${host}/edge`, { SMARTEDGE_CONFIG_CA: '/nowhere.pem' })
    expect(await missing.read()).toEqual({ kind: 'fault', reason: '/nowhere.pem cannot be read' })
  })

  test('with a history of large configs is read in pages', async () => {
    await using etcd = await startEtcd()
    const { host } = new URL(etcd.url)
    const large = 'x'.repeat(1_000_000)
    for (let number = 1; number <= 10; number++) await etcd.put(`edge/history/${number}`, large)
    await etcd.put('edge/history0', 'no part of it')
    const store = await storeAt(`etcd://${host}/edge`)
    expect((await namesIn(store, 'history')).length).toBe(10)
  })
})

describe('consul', () => {
  test('says where a token may not do something', async () => {
    await using consul = startConsulKv({ token: 't' })
    const store = await storeAt(`consul://wrong@${new URL(consul.url).host}/edge`)
    expect(await store.read()).toEqual({ kind: 'fault', reason: expect.stringContaining('403: the token may not') })
  })

  test('is followed when its index begins anew', async () => {
    await using consul = startConsulKv()
    consul.put('edge', 'one')
    consul.put('edge', 'two')
    const following = follow(await storeAt(`consul://${new URL(consul.url).host}/edge`))
    await following.tells('value two')
    await consul.stop()
    await following.tells('lost')
    consul.start(2)
    consul.put('edge', 'three')
    await following.tells('value three')
    following.stop()
  })
})

describe('a URL', () => {
  interface Web {
    text: string | undefined
    readonly asked: { readonly etag: string | null; readonly authorization: string | null }[]
  }

  function serve(web: Web) {
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch({ headers }) {
        const etag = headers.get('if-none-match')
        web.asked.push({ etag, authorization: headers.get('authorization') })
        if (web.text === undefined) return new Response('gone', { status: 404 })
        const current = `"${Bun.hash(web.text)}"`
        if (etag === current) return new Response(null, { status: 304 })
        return new Response(web.text, { headers: { etag: current } })
      },
    })
    return { server, url: `http://127.0.0.1:${server.port}/edge.json` }
  }

  test('is read, as whom it is told, and cannot be written', async () => {
    const web: Web = { text: 'one', asked: [] }
    const { server, url } = serve(web)
    await using _ = { [Symbol.asyncDispose]: () => server.stop(true) }
    expect((await held(await storeAt(url, { SMARTEDGE_CONFIG_TOKEN: 't' }))).value).toBe('one')
    expect((await held(await storeAt(url.replace('//', '//u:p@')))).value).toBe('one')
    expect(web.asked.map(({ authorization }) => authorization)).toEqual(['Bearer t', `Basic ${btoa('u:p')}`])
    expect((await storeAt(url)).shared).toBeUndefined()
    web.text = undefined
    expect(await (await storeAt(url)).read()).toEqual({ kind: 'absent' })
  })
})
