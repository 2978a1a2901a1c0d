/** How nodes share a database of clients, and share it with whoever edits its tables by SQL. */
import { describe, expect, test } from 'bun:test'
import type { Database } from '../../core/clients/database.ts'
import { addTo, connectTo, type Node, startNode, terms } from './client-node.ts'

/** `open`: the database of the running test, each time the same. */
export function clientNodesSuite(open: () => Promise<Database>): void {
  const start = async (): Promise<Node> => startNode(await open())

  describe('two nodes', () => {
    test('see what the other changes', async () => {
      const [one, other] = [await start(), await start()]
      const { client, key } = await addTo(one.store, { name: 'Ann' })
      await other.until(() => other.follower.directory.byKey(key) !== undefined)
      await other.store.set(client.id, { isEnabled: false }, terms)
      await one.until(() => one.store.get(client.id)?.isEnabled === false)
      await one.store.remove(client.id, terms)
      await other.until(() => other.follower.directory.byKey(key) === undefined)
      await one.store.addPlan({ name: 'gold' }, terms)
      await other.until(() => other.store.plan('gold') !== undefined)
    })

    test('that change one client at once are told, all but the first', async () => {
      const [one, other] = [await start(), await start()]
      const { client } = await addTo(one.store, { name: 'Ann' })
      await other.until(() => other.store.get(client.id) !== undefined)
      const changes = Array.from({ length: 10 }, (_, index) =>
        [one, other][index % 2]!.store.set(client.id, { note: String(index) }, { ...terms, ifRevision: 1 }),
      )
      const results = await Promise.all(changes)
      expect(results.filter(({ kind }) => kind === 'done')).toHaveLength(1)
      expect(results.filter((result) => Bun.deepEquals(result, { kind: 'stale', revision: 2 }))).toHaveLength(9)
      const note = String(results.findIndex(({ kind }) => kind === 'done'))
      for (const { store, until } of [one, other]) {
        await until(() => store.get(client.id)?.revision === 2)
        expect(store.get(client.id)?.note).toBe(note)
      }
    })

    test('that add one id at once get one client', async () => {
      const [one, other] = [await start(), await start()]
      const added = await Promise.all([one, other].map(({ store }) => store.add({ id: 'ann', name: 'Ann' }, terms)))
      expect(added.map(({ kind }) => kind).toSorted()).toEqual(['done', 'duplicate'])
    })

    test('that are new together make the tables once', async () => {
      const database = await open()
      const nodes = await Promise.all(Array.from({ length: 4 }, () => startNode(database)))
      expect(nodes.map(({ follower }) => follower.freshness.kind)).toEqual(['up', 'up', 'up', 'up'])
      const { client } = await addTo(nodes[0]!.store, { name: 'Ann' })
      for (const { store, until } of nodes) await until(() => store.get(client.id) !== undefined)
    })
  })

  describe('the tables', () => {
    test('are followed when somebody edits them by SQL, who makes another revision by it', async () => {
      const { store, until } = await start()
      await addTo(store, { id: 'ann', name: 'Ann' })
      const { query } = await connectTo(await open())
      await query("UPDATE smartedge_clients SET note = 'by hand' WHERE id = $1", ['ann'])
      await until(() => store.get('ann')?.note === 'by hand')
      expect(store.get('ann')?.revision).toBe(2)
      await query("INSERT INTO smartedge_plans (name, burst) VALUES ('free', 1)", [])
      await until(() => store.plan('free') !== undefined)
      expect(store.plan('free')).toMatchObject({ rate: undefined, burst: 1, revision: 1 })
      await query('DELETE FROM smartedge_clients', [])
      await until(() => store.get('ann') === undefined)
    })

    test('take no half of a rate, and no plan that there is none of', async () => {
      await start()
      const { query, write } = await connectTo(await open())
      expect(query('INSERT INTO smartedge_plans (name, rate_count) VALUES ($1, 1)', ['x'])).rejects.toThrow()
      const insert = `INSERT INTO smartedge_clients (id, name, key_hash, key_prefix, plan) VALUES ('a', 'A', 'h', 'p', 'none')`
      expect(write((inside) => inside(insert, []))).rejects.toThrow()
    })

    test('of a later version are refused in words', async () => {
      const { follower } = await start()
      follower.stop()
      const { query } = await connectTo(await open())
      await query('UPDATE smartedge_version SET version = $1', [99])
      expect(start()).rejects.toThrow(
        /the database is of version 99, which a later SmartEdge made; this one knows up to 1/,
      )
    })

    test('that cannot be made leave nothing behind', async () => {
      const { query } = await connectTo(await open())
      await query('CREATE TABLE smartedge_changes (in_the_way integer)', [])
      const { follower } = await start()
      expect(follower.freshness.kind).toBe('unknown')
      await query('DROP TABLE smartedge_changes', [])
      expect((await start()).follower.freshness.kind).toBe('up')
    })

    test('whose changes are forgotten are read anew', async () => {
      const [one, other] = [await start(), await start()]
      await addTo(one.store, { id: 'ann', name: 'Ann' })
      await other.until(() => other.store.get('ann') !== undefined)
      const { write } = await connectTo(await open())
      await write(async (query) => {
        await query('DELETE FROM smartedge_clients', [])
        await query("INSERT INTO smartedge_plans (name) VALUES ('gold')", [])
        await query("DELETE FROM smartedge_changes WHERE kind = 'client'", [])
      })
      await other.until(() => other.store.plan('gold') !== undefined)
      expect(other.store.list({ limit: 10 }).total).toBe(0)
    })
  })

  describe('a transaction', () => {
    test('that fails is undone, and the next one works', async () => {
      const { store, follower } = await start()
      const failing = follower.write(async (query) => {
        await query("INSERT INTO smartedge_plans (name) VALUES ('gold')", [])
        throw new Error('of our own')
      })
      expect(failing).rejects.toThrow('of our own')
      expect(store.plans()).toEqual([])
      expect((await store.addPlan({ name: 'gold' }, terms)).kind).toBe('done')
    })
  })
}
