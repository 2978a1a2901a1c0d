import { Database as Sqlite } from 'bun:sqlite'
import { describe, expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, mkdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../core/clock.ts'
import { StoreAway } from '../../../core/clients/contract.ts'
import { sqliteDatabase } from '../../../core/clients/store-sqlite.ts'
import { addTo, type Node, startNode, terms } from '../../support/client-node.ts'
import { storeInProcess } from '../../support/client-store-process.ts'
import { turn } from '../../support/raw-peer.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

// Some wait for a process, or for the store to try again, on a machine that may be busy.
setDefaultTimeout(60_000)

const nodeAt = (path: string): Promise<Node> => startNode({ ...sqliteDatabase(path, systemClock), checkMs: 20 })

async function until(node: Node, kind: 'up' | 'away'): Promise<void> {
  while (node.store.freshness.kind !== kind) await turn()
}

/** Until it is away for another reason than it was at first: it has been tried again. */
async function untilTried({ store }: Node): Promise<void> {
  const reason = (): string => ('reason' in store.freshness ? store.freshness.reason : '')
  const first = reason()
  while (reason() === first) await turn()
}

/** A file with one client in it, nobody's any more. */
async function fileWithAnn(): Promise<string> {
  const path = join(temporaryFolder(), 'clients.sqlite')
  const { store, follower } = await nodeAt(path)
  await addTo(store, { id: 'ann', name: 'Ann' })
  follower.stop()
  return path
}

describe('a file that cannot be used at the start', () => {
  const folder = (): string => join(temporaryFolder(), 'clients.sqlite')
  const cases: readonly (readonly [what: string, make: (path: string) => string, says: string])[] = [
    ['in a folder that is not there', (path) => join(path, 'none', 'clients.sqlite'), 'check that its folder is there'],
    ['that is a folder', (path) => (mkdirSync(path), path), 'it cannot be opened'],
    ['that holds something else', (path) => (writeFileSync(path, 'x'.repeat(5000)), path), 'it is no SQLite database'],
  ]
  for (const [what, make, says] of cases) {
    test(`${what} is told, nobody is known, and changes fail`, async () => {
      const { store, events } = await nodeAt(make(folder()))
      expect(store.freshness).toEqual({ kind: 'unknown', reason: expect.stringContaining(says) })
      expect(events).toEqual([{ kind: 'store-away', reason: expect.stringContaining(says), clients: 0 }])
      expect(store.list({ limit: 10 }).total).toBe(0)
      expect(store.add({ name: 'Ann' }, terms)).rejects.toThrow(says)
    })
  }

  test('is used once it can be', async () => {
    const path = join(temporaryFolder(), 'folder', 'clients.sqlite')
    const node = await nodeAt(path)
    mkdirSync(join(path, '..'))
    await until(node, 'up')
    await addTo(node.store, { name: 'Ann' })
  })

  test('that is damaged is told as such', async () => {
    const path = await fileWithAnn()
    truncateSync(path, 20_000)
    const { store } = await nodeAt(path)
    expect(store.freshness).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('damaged') })
  })
})

test('a file that is made is for its own user alone, and one that is there stays as it is', async () => {
  const path = join(temporaryFolder(), 'clients.sqlite')
  const { store, follower } = await nodeAt(path)
  await addTo(store, { name: 'Ann' })
  const modes = () => [path, `${path}-wal`, `${path}-shm`].map((file) => statSync(file).mode & 0o777)
  expect(modes()).toEqual([0o600, 0o600, 0o600])
  follower.stop()
  chmodSync(path, 0o640)
  await nodeAt(path)
  expect(modes()[0]).toBe(0o640)
})

describe('a file that is in use', () => {
  test('and is replaced by another is read anew', async () => {
    const [path, other] = [await fileWithAnn(), await fileWithAnn()]
    const elsewhere = await nodeAt(other)
    await addTo(elsewhere.store, { id: 'bob', name: 'Bob' })
    elsewhere.follower.stop()
    const node = await nodeAt(path)
    renameSync(other, path)
    await node.until(() => node.store.get('bob') !== undefined)
  })

  test('and is taken away leaves the clients that are known, and nothing else of them can be changed', async () => {
    const path = await fileWithAnn()
    const node = await nodeAt(path)
    rmSync(path)
    await until(node, 'away')
    await untilTried(node)
    expect(node.store.get('ann')?.name).toBe('Ann')
    expect(node.store.freshness).toMatchObject({ kind: 'away', reason: expect.stringContaining('it cannot be opened') })
    expect(await node.store.remove('ann', terms).catch((error: unknown) => error)).toBeInstanceOf(StoreAway)
    expect(node.store.get('ann')?.name).toBe('Ann')
  })

  test('and gets damaged leaves the clients that are known', async () => {
    const path = await fileWithAnn()
    const node = await nodeAt(path)
    truncateSync(path, 20_000)
    // A change is what has it read again.
    const changed = await node.store.set('ann', { note: 'x' }, terms).catch((error: unknown) => error)
    expect(changed).toBeInstanceOf(StoreAway)
    expect(node.store.get('ann')?.name).toBe('Ann')
  })

  test('and is locked by another process for long refuses a change, and takes the next', async () => {
    const path = await fileWithAnn()
    const node = await nodeAt(path)
    const other = new Sqlite(path)
    onTestFinished(() => other.close())
    other.run('BEGIN IMMEDIATE')
    const waiting = node.store.set('ann', { note: 'x' }, terms)
    await turn()
    other.run('COMMIT')
    expect(await waiting).toMatchObject({ kind: 'done' })
  })
})

describe('where nothing can be written', () => {
  test('a disk that is full refuses a change, and what there is stays', async () => {
    const path = join(temporaryFolder(), 'clients.sqlite')
    // Blocks of 512 bytes; the signal that would end it is ignored, as on a full disk there is none.
    const report = await storeInProcess(path, `trap '' XFSZ; ulimit -f 800; exec`)
    expect(report.refusal).toMatch(/StoreAway: .*the disk (is full|fails, or is full)/)
    expect(report.added).toBeGreaterThan(10)
    expect(report).toMatchObject({ found: 0, known: report.added, freshness: { kind: 'up' }, events: [] })
    const { store } = await nodeAt(path)
    expect(store.list({ limit: 1 }).total).toBe(report.added)
    await addTo(store, { name: 'Bob' })
  })

  test('a file without permission to write is read, and no change is taken', async () => {
    const path = await fileWithAnn()
    chmodSync(path, 0o444)
    const report = await storeInProcess(path, withoutPrivilege)
    expect(report).toMatchObject({ found: 1, added: 0, known: 1, freshness: { kind: 'up' }, events: [] })
    expect(report.refusal).toMatch(/StoreAway: .*it can be read but not written/)
  })
})

/** Root may write whatever it likes, unless it gives that up. */
const withoutPrivilege =
  process.getuid?.() === 0 ? 'exec setpriv --bounding-set=-dac_override,-dac_read_search' : 'exec'
