import { Database as Sqlite } from 'bun:sqlite'
import { expect, onTestFinished, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../core/clock.ts'
import { StoreAway } from '../../../core/clients/contract.ts'
import { ClientsPart } from '../../../core/clients/part.ts'
import type { ClientsConfig } from '../../../core/config/config.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { Refusal } from '../../../core/part.ts'
import { seededRandom } from '../../../core/random.ts'
import { Secret } from '../../../core/secrets.ts'
import { addTo, terms } from '../../support/client-node.ts'
import { testConfig } from '../../support/edge.ts'
import { closedPort } from '../../support/ports.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function startPart() {
  const events: EdgeEvent[] = []
  const emit = (event: EdgeEvent): void => void events.push(event)
  const part = new ClientsPart({ clock: systemClock, random: seededRandom(1), emit })
  onTestFinished(() => part.stop())
  const prepare = (clients: ClientsConfig | undefined) => part.prepare(testConfig({ clients }))
  const put = async (clients: ClientsConfig | undefined): Promise<void> => (await prepare(clients)).commit()
  return { part, events, prepare, put }
}

const sqlite = (path = join(temporaryFolder(), 'clients.sqlite')) => ({ store: { kind: 'sqlite', path } }) as const

const nowhere = (): ClientsConfig => ({
  store: { kind: 'postgres', url: new Secret(`postgres://ann:s3cret@127.0.0.1:${closedPort()}/db`) },
})

test('there are no clients unless the config says so', async () => {
  const { part, put } = startPart()
  await put(undefined)
  expect([part.store, part.directory]).toEqual([undefined, undefined])
})

test('a store is open and read before it counts, and counts from the commit on', async () => {
  const { part, prepare } = startPart()
  const move = await prepare(sqlite())
  expect(part.store).toBeUndefined()
  move.commit()
  expect(part.store?.freshness.kind).toBe('up')
  expect(part.directory?.byId('ann')).toBeUndefined()
})

test('one that is abandoned is closed', async () => {
  const { part, prepare } = startPart()
  const config = sqlite()
  const move = await prepare(config)
  expect(existsSync(`${config.store.path}-wal`)).toBe(true)
  move.abandon()
  // The last one to close takes the log away.
  expect(existsSync(`${config.store.path}-wal`)).toBe(false)
  expect(part.store).toBeUndefined()
})

test('a store is kept over reloads that leave it where it is', async () => {
  const { part, put } = startPart()
  const { store } = sqlite()
  await put({ store })
  const before = part.store
  await put({ store: { ...store } })
  expect(part.store).toBe(before)
  await addTo(part.store!, { name: 'Ann' })
})

test('another place is another store, and the one before is closed', async () => {
  const { part, put } = startPart()
  await put(sqlite())
  const before = part.store!
  await addTo(before, { id: 'ann', name: 'Ann' })
  await put(sqlite())
  expect(part.store?.get('ann')).toBeUndefined()
  expect(before.add({ name: 'Bob' }, terms)).rejects.toThrow(StoreAway)
  await put(undefined)
  expect(part.store).toBeUndefined()
})

test('at the start a database that is away is told and waited for by nobody', async () => {
  const { part, events, put } = startPart()
  await put(nowhere())
  expect(part.store?.freshness.kind).toBe('unknown')
  expect(events.map(({ kind }) => kind)).toEqual(['store-away'])
})

test('a reload to a database that is away is refused, and what there is goes on', async () => {
  const { part, prepare, put } = startPart()
  await put(sqlite())
  await addTo(part.store!, { id: 'ann', name: 'Ann' })
  const refusal = await prepare(nowhere()).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(Refusal)
  expect((refusal as Refusal).problems).toEqual([
    { key: 'clients.store', message: expect.stringMatching(/PostgreSQL at .*: Failed to connect/), isLocal: true },
  ])
  expect(String(refusal)).not.toContain('s3cret')
  expect(part.store?.get('ann')?.name).toBe('Ann')
  expect((await part.store?.set('ann', { note: 'x' }, terms))?.kind).toBe('done')
})

test('a database of a later version is refused, at the start too', async () => {
  const config = sqlite()
  const database = new Sqlite(config.store.path)
  database.run('CREATE TABLE smartedge_version (version integer NOT NULL)')
  database.run('INSERT INTO smartedge_version VALUES (2)')
  database.close()
  const { part, prepare } = startPart()
  expect(prepare(config)).rejects.toThrow(/^clients\.store: the database is of version 2, which a later SmartEdge made/)
  expect(part.store).toBeUndefined()
})
