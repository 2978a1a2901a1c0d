/** What every client store holds to, whatever database is below it. Each test has an empty one of its own. */
import { describe, expect, test } from 'bun:test'
import type { Database } from '../../core/clients/database.ts'
import { addTo, type Node, startNode, terms } from './client-node.ts'

/** What somebody may try: to end a statement, to end a text, to leave the line, to be another one. */
const HOSTILE = [
  `'; DROP TABLE smartedge_clients; --`,
  `" OR ""="`,
  `$1 ?1 :id @id {}`,
  `\\'; SELECT pg_sleep(10); --`,
  `%_*[]`,
  `é 名前 🎈 \u202e`,
  `<script>alert(1)</script>`,
]

/** `open`: the database of the running test, each time the same. */
export function clientStoreSuite(open: () => Promise<Database>): void {
  const start = async (): Promise<Node> => startNode(await open())

  describe('clients', () => {
    test('begin with what was given, a key shown once, and the first revision', async () => {
      const { store, follower } = await start()
      const { client, key } = await addTo(store, { name: 'Ann' })
      expect(client).toMatchObject({
        name: 'Ann',
        plan: undefined,
        rate: undefined,
        burst: undefined,
        note: '',
        isEnabled: true,
        validUntil: undefined,
        revision: 1,
      })
      expect(key).toMatch(/^sek_[\w-]{43}$/)
      expect(client.keyPrefix).toBe(key.slice(0, 12))
      expect(follower.directory.byKey(key)).toEqual(client)
      expect(follower.directory.byKey(`${key.slice(0, -1)}~`)).toBeUndefined()
      expect(store.get(client.id)).toEqual(client)
    })

    test('keep every field over a restart', async () => {
      const { store, follower } = await start()
      await store.addPlan({ name: 'gold', rate: { count: 100, perMs: 1000 }, burst: 200 }, terms)
      const { client, key } = await addTo(store, {
        id: 'ann',
        name: 'Ann',
        plan: 'gold',
        rate: { count: 1_000_000_000, perMs: 86_400_000 },
        burst: 1_000_000_000,
        note: 'two\n\tlines',
        isEnabled: false,
        validUntil: 8.64e15,
      })
      follower.stop()
      const again = await start()
      expect(again.store.get('ann')).toEqual(client)
      expect(again.follower.directory.byKey(key)).toEqual(client)
      expect(again.store.plans()).toEqual(store.plans())
    })

    test('never give away a key or its hash but for an export', async () => {
      const { store, follower, events } = await start()
      const { key } = await addTo(store, { id: 'ann', name: 'Ann' })
      const renewed = await store.set('ann', { renewKey: true }, terms)
      const hash = Bun.SHA256.hash(key, 'hex')
      const told = JSON.stringify([store.list({ limit: 10 }), store.get('ann'), events, follower.directory.byKey(key)])
      for (const secret of [key, hash, (renewed.kind === 'done' && renewed.key) || 'none'])
        expect(told).not.toContain(secret)
      expect(told).not.toContain('keyHash')
    })

    test('change in the fields that are given, and no others', async () => {
      const { store } = await start()
      const { client } = await addTo(store, { name: 'Ann', burst: 5, note: 'before' })
      const changed = await store.set(client.id, { note: 'after', burst: undefined }, { ...terms, ifRevision: 1 })
      expect(changed).toEqual({
        kind: 'done',
        client: { ...client, note: 'after', burst: undefined, revision: 2, updatedAt: expect.any(Number) },
      })
      expect(store.get(client.id)).toMatchObject({ note: 'after', revision: 2 })
    })

    test('stay at their revision when nothing is different', async () => {
      const { store, events } = await start()
      const { client } = await addTo(store, { name: 'Ann' })
      expect(await store.set(client.id, { name: 'Ann' }, terms)).toEqual({ kind: 'done', client })
      expect(events).toHaveLength(1)
    })

    test('get a new key, and the old one counts no more', async () => {
      const { store, follower } = await start()
      const { client, key: old } = await addTo(store, { name: 'Ann' })
      const changed = await store.set(client.id, { renewKey: true }, terms)
      const key = changed.kind === 'done' ? (changed.key ?? '') : ''
      expect(follower.directory.byKey(key)).toMatchObject({ id: client.id, revision: 2 })
      expect(follower.directory.byKey(old)).toBeUndefined()
    })

    test('are removed with their key', async () => {
      const { store, follower } = await start()
      const { client, key } = await addTo(store, { name: 'Ann' })
      expect(await store.remove(client.id, terms)).toEqual({ kind: 'done' })
      expect(store.get(client.id)).toBeUndefined()
      expect(follower.directory.byKey(key)).toBeUndefined()
      expect(await store.remove(client.id, terms)).toEqual({ kind: 'unknown' })
      expect(await store.set(client.id, { note: 'x' }, terms)).toEqual({ kind: 'unknown' })
    })

    test('of an id that is taken are not added', async () => {
      const { store } = await start()
      await addTo(store, { id: 'ann', name: 'Ann' })
      expect(await store.add({ id: 'ann', name: 'Another' }, terms)).toEqual({
        kind: 'duplicate',
        detail: 'there is a client "ann"',
      })
      expect(store.get('ann')?.name).toBe('Ann')
    })

    test('take any text as a text', async () => {
      const { store, follower } = await start()
      for (const text of HOSTILE) {
        const { client } = await addTo(store, { name: text, note: text })
        expect(client).toMatchObject({ name: text, note: text })
        expect(store.get(client.id)).toEqual(client)
        expect(store.list({ limit: 10, text }).clients).toContainEqual(client)
        expect(store.get(text)).toBeUndefined()
        expect(await store.set(text, { note: '' }, terms)).toEqual({ kind: 'unknown' })
        expect(await store.remove(text, terms)).toEqual({ kind: 'unknown' })
        expect(await store.removePlan(text, terms)).toEqual({ kind: 'unknown' })
        expect((await store.add({ name: 'x', id: text }, terms)).kind).toBe('invalid')
        expect((await store.add({ name: 'x', plan: text }, terms)).kind).toBe('invalid')
        expect((await store.addPlan({ name: text }, terms)).kind).toBe('invalid')
        expect(follower.directory.byKey(text)).toBeUndefined()
      }
      expect(store.list({ limit: 100 }).total).toBe(HOSTILE.length)
      follower.stop()
      expect((await start()).store.list({ limit: 100 })).toEqual(store.list({ limit: 100 }))
    })

    test('with what is not allowed are told each field, and not added', async () => {
      const { store } = await start()
      const draft = {
        name: 'a\u0000b',
        id: '../x',
        burst: 0,
        rate: { count: 1, perMs: 5 },
        validUntil: -1,
        note: 'a\u001b[2J',
      }
      const added = await store.add(draft, terms)
      expect(added.kind === 'invalid' && added.problems.map(({ field }) => field).toSorted()).toEqual([
        'burst',
        'id',
        'name',
        'note',
        'rate',
        'validUntil',
      ])
      const { client } = await addTo(store, { name: 'Ann' })
      expect((await store.set(client.id, { name: '' }, terms)).kind).toBe('invalid')
      expect(await store.set(client.id, { plan: 'gold' }, terms)).toEqual({
        kind: 'invalid',
        problems: [{ field: 'plan', message: 'must be the name of a plan, got "gold"; add it first' }],
      })
      expect(store.list({ limit: 10 }).clients).toEqual([client])
    })
  })

  describe('lists', () => {
    test('come in pages that hold each client once, in the order of ids', async () => {
      const { store } = await start()
      for (const id of ['b', 'a', 'B', 'a-1', 'a.1', '1']) await addTo(store, { id, name: id })
      const seen: string[] = []
      for (let after: string | undefined, page; page === undefined || page.next !== undefined; after = page.next) {
        page = store.list({ after, limit: 2 })
        expect(page.total).toBe(6)
        seen.push(...page.clients.map(({ id }) => id))
      }
      expect(seen).toEqual(['1', 'B', 'a', 'a-1', 'a.1', 'b'])
    })

    test('are filtered by text, plan and whether they are enabled, all of it together', async () => {
      const { store } = await start()
      await store.addPlan({ name: 'gold' }, terms)
      await addTo(store, { id: 'one', name: 'Ann', plan: 'gold' })
      await addTo(store, { id: 'two', name: 'Bob', note: 'knows ANN', isEnabled: false })
      await addTo(store, { id: 'three', name: 'Cid', plan: 'gold', isEnabled: false })
      const ids = (filter: object): string[] => store.list({ limit: 10, ...filter }).clients.map(({ id }) => id)
      expect(ids({ text: 'ann' })).toEqual(['one', 'two'])
      expect(ids({ text: 'TWO' })).toEqual(['two'])
      expect(ids({ plan: 'gold' })).toEqual(['one', 'three'])
      expect(ids({ isEnabled: false })).toEqual(['three', 'two'])
      expect(ids({ plan: 'gold', isEnabled: false })).toEqual(['three'])
      expect(ids({ text: '%' })).toEqual([])
    })
  })

  describe('plans', () => {
    test('are added, changed and removed', async () => {
      const { store } = await start()
      const added = await store.addPlan({ name: 'gold', rate: { count: 5, perMs: 60_000 } }, terms)
      expect(added).toMatchObject({ kind: 'done', plan: { name: 'gold', burst: undefined, revision: 1 } })
      expect(await store.addPlan({ name: 'gold' }, terms)).toEqual({
        kind: 'duplicate',
        detail: 'there is a plan "gold"',
      })
      expect(await store.setPlan('gold', { burst: 3 }, { ...terms, ifRevision: 1 })).toMatchObject({ kind: 'done' })
      expect(await store.setPlan('gold', { burst: 4 }, { ...terms, ifRevision: 1 })).toEqual({
        kind: 'stale',
        revision: 2,
      })
      expect((await store.setPlan('gold', { burst: 0.5 }, terms)).kind).toBe('invalid')
      expect(await store.setPlan('silver', {}, terms)).toEqual({ kind: 'unknown' })
      expect(store.plan('gold')).toMatchObject({ rate: { count: 5, perMs: 60_000 }, burst: 3, revision: 2 })
      expect(await store.removePlan('gold', { ...terms, ifRevision: 1 })).toEqual({ kind: 'stale', revision: 2 })
      expect(await store.removePlan('gold', terms)).toEqual({ kind: 'done' })
      expect(store.plans()).toEqual([])
    })

    test('count for clients that have no limits of their own, at once', async () => {
      const { store, follower } = await start()
      const rate = { count: 5, perMs: 1000 }
      await store.addPlan({ name: 'gold', rate, burst: 9 }, terms)
      const { client } = await addTo(store, { name: 'Ann', plan: 'gold', burst: 2 })
      expect(follower.directory.limitOf(client)).toEqual({ rate, burst: 2 })
      await store.setPlan('gold', { rate: { count: 6, perMs: 1000 } }, terms)
      expect(follower.directory.limitOf(client)).toEqual({ rate: { count: 6, perMs: 1000 }, burst: 2 })
    })

    test('that clients have are not removed', async () => {
      const { store } = await start()
      await store.addPlan({ name: 'gold' }, terms)
      const { client } = await addTo(store, { name: 'Ann', plan: 'gold' })
      expect(await store.removePlan('gold', terms)).toEqual({ kind: 'in-use', detail: 'the plan "gold" has 1 client' })
      await store.set(client.id, { plan: undefined }, terms)
      expect(await store.removePlan('gold', terms)).toEqual({ kind: 'done' })
    })
  })

  describe('an audit event', () => {
    test('tells who changed what, before and after, and nothing of what was refused', async () => {
      const { store, events } = await start()
      await store.addPlan({ name: 'gold', burst: 2 }, { origin: 'admin API 127.0.0.1' })
      await addTo(store, { id: 'ann', name: 'Ann' })
      await store.set('ann', { name: 'Anna', plan: 'gold' }, { ...terms, ifRevision: 1 })
      await store.set('ann', { name: 'Annie' }, { ...terms, ifRevision: 1 })
      await store.set('ann', { name: '' }, terms)
      await store.remove('ann', terms)
      const { keyPrefix } = (events[1] as unknown as { after: { keyPrefix: string } }).after
      const kind = 'client-changed'
      expect(events).toEqual([
        { kind, from: 'admin API 127.0.0.1', what: 'plan gold added', before: {}, after: { name: 'gold', burst: 2 } },
        {
          kind,
          from: 'a test',
          what: 'client ann added',
          before: {},
          after: { id: 'ann', name: 'Ann', keyPrefix, note: '', isEnabled: true },
        },
        {
          kind,
          from: 'a test',
          what: 'client ann changed',
          before: { name: 'Ann' },
          after: { name: 'Anna', plan: 'gold' },
        },
        {
          kind,
          from: 'a test',
          what: 'client ann removed',
          before: { id: 'ann', name: 'Anna', plan: 'gold', keyPrefix, note: '', isEnabled: true },
          after: {},
        },
      ])
    })
  })
}
