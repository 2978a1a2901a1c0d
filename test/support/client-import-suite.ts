/** What every client store does with many clients at once, whatever database is below it. */
import { describe, expect, test } from 'bun:test'
import type { Database } from '../../core/clients/database.ts'
import type { ImportedClient } from '../../core/clients/contract.ts'
import { addTo, type Node, startNode, terms } from './client-node.ts'

/** `open`: the database of the running test, each time the same. */
export function clientImportSuite(open: () => Promise<Database>): void {
  const start = async (): Promise<Node> => startNode(await open())

  describe('an import', () => {
    const many = (count: number): ImportedClient[] =>
      Array.from({ length: count }, (_, index) => ({ id: `i-${index}`, name: `client ${index}` }))

    test('is all or nothing: of 10,000 with a bad one it is told, and nothing is there', async () => {
      const { store, events } = await start()
      const clients: ImportedClient[] = many(10_000)
      clients[7321] = { ...clients[7321]!, name: 'Ann\u0000' }
      expect(await store.import(clients, { ...terms, replaces: false })).toEqual({
        kind: 'invalid',
        problems: [
          {
            index: 7321,
            field: 'name',
            message: 'must be 1 to 200 characters, none of them a control character, got "Ann\\u0000"',
          },
        ],
        omitted: 0,
      })
      expect(store.list({ limit: 1 }).total).toBe(0)
      expect(events).toEqual([])
      const imported = await store.import(many(10_000), { ...terms, replaces: false })
      expect(imported).toMatchObject({ kind: 'done', added: 10_000, replaced: 0 })
      expect(store.list({ limit: 1 }).total).toBe(10_000)
      expect([...(await start()).store.export()]).toEqual([...store.export()])
      expect(events).toEqual([
        {
          kind: 'client-changed',
          from: 'a test',
          what: 'clients imported',
          before: {},
          after: { added: 10_000, replaced: 0 },
        },
      ])
    })

    test('is refused for what only the database knows', async () => {
      const { store } = await start()
      await addTo(store, { id: 'i-3', name: 'Ann' })
      const [exported] = [...store.export()]
      const clients: ImportedClient[] = many(5)
      clients[1] = { ...clients[1]!, plan: 'gold' }
      clients[4] = { ...clients[4]!, keyHash: exported!.keyHash, keyPrefix: exported!.keyPrefix }
      const imported = await store.import(clients, { ...terms, replaces: false })
      expect(imported.kind === 'invalid' && imported.problems.map(({ index, field }) => [index, field])).toEqual([
        [1, 'plan'],
        [3, 'id'],
      ])
      expect(store.list({ limit: 10 }).total).toBe(1)
      const without = await store.import([clients[4]], { ...terms, replaces: true })
      expect(without.kind === 'invalid' && without.problems).toEqual([
        { index: 0, field: 'keyHash', message: 'must be new, and client "i-3" has it' },
      ])
    })

    test('names what stands twice in it, and what is no client at all', async () => {
      const { store } = await start()
      const hash = { keyHash: 'a'.repeat(64), keyPrefix: 'sek_12345678' }
      const clients: unknown[] = [{ id: 'a', name: 'A', ...hash }, { id: 'a', name: 'B', ...hash }, null, [], 'x', {}]
      const imported = await store.import(clients as ImportedClient[], { ...terms, replaces: true })
      expect(imported.kind === 'invalid' && imported.problems.map(({ index, field }) => [index, field])).toEqual([
        [1, 'id'],
        [1, 'keyHash'],
        [2, ''],
        [3, ''],
        [4, ''],
        [5, 'name'],
      ])
    })

    test('tells the first 100 problems, and how many more there are', async () => {
      const { store } = await start()
      const imported = await store.import(
        Array.from({ length: 250 }, () => ({ name: '' })),
        { ...terms, replaces: false },
      )
      expect(imported.kind === 'invalid' && [imported.problems.length, imported.omitted]).toEqual([100, 150])
    })

    test('gives keys to those that come without, and theirs to those that were exported', async () => {
      const { store, follower } = await start()
      const { key } = await addTo(store, { id: 'ann', name: 'Ann' })
      const exported = [...store.export()]
      await store.remove('ann', terms)
      const imported = await store.import([...exported, { name: 'Bob' }], { ...terms, replaces: false })
      const given = imported.kind === 'done' ? imported.keys : []
      expect(given).toHaveLength(1)
      expect(follower.directory.byKey(key)).toMatchObject({ id: 'ann', name: 'Ann', revision: 1 })
      expect(follower.directory.byKey(given[0]!.key)).toMatchObject({ id: given[0]!.id, name: 'Bob' })
    })

    test('replaces those that there are, also when two have exchanged their keys', async () => {
      const { store, follower } = await start()
      const keys = [(await addTo(store, { id: 'a', name: 'A' })).key, (await addTo(store, { id: 'b', name: 'B' })).key]
      const [a, b] = [...store.export()]
      const swapped = [
        { ...a!, keyHash: b!.keyHash, keyPrefix: b!.keyPrefix },
        { ...b!, keyHash: a!.keyHash, keyPrefix: a!.keyPrefix },
      ]
      expect(await store.import(swapped, { ...terms, replaces: true })).toEqual({
        kind: 'done',
        added: 0,
        replaced: 2,
        keys: [],
      })
      expect(keys.map((key) => follower.directory.byKey(key)?.id)).toEqual(['b', 'a'])
      expect(store.get('a')).toMatchObject({ revision: 2, createdAt: a!.createdAt })
    })

    test('leaves a key to whoever is replaced without one', async () => {
      const { store, follower } = await start()
      const { key } = await addTo(store, { id: 'ann', name: 'Ann' })
      const imported = await store.import([{ id: 'ann', name: 'Anna' }], { ...terms, replaces: true })
      expect(imported).toEqual({ kind: 'done', added: 0, replaced: 1, keys: [] })
      expect(follower.directory.byKey(key)?.name).toBe('Anna')
    })
  })
}
