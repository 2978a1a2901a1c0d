import { expect, onTestFinished, test } from 'bun:test'
import { systemClock } from '../../../core/clock.ts'
import { StoreAway } from '../../../core/clients/contract.ts'
import { postgresDatabase } from '../../../core/clients/store-postgres.ts'
import { Secret } from '../../../core/secrets.ts'
import { startPostgres } from '../../../scripts/services.ts'
import { addTo, type Node, startNode, terms } from '../../support/client-node.ts'
import { closedPort } from '../../support/ports.ts'
import { turn } from '../../support/raw-peer.ts'
import { emptyDatabase, postgresForTests } from '../../support/services.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const databaseOf = (url: string) => postgresDatabase(new Secret(url), systemClock)

/** For tests that do it no harm. */
const shared = postgresForTests()

/** It is tried again, each time later: some seconds at most. */
async function untilBack({ store, events }: Node): Promise<void> {
  while (!events.some(({ kind }) => kind === 'store-back')) await turn()
  expect(store.freshness.kind).toBe('up')
}

async function untilAway({ store }: Node): Promise<void> {
  while (store.freshness.kind !== 'away') await turn()
}

test('PostgreSQL that is killed under look-ups costs none of them, and is followed again when it is back', async () => {
  await using postgres = await startPostgres()
  const [one, other] = [await startNode(databaseOf(postgres.url)), await startNode(databaseOf(postgres.url))]
  const { client, key } = await addTo(one.store, { name: 'Ann', rate: { count: 5, perMs: 1000 } })
  await other.until(() => other.follower.directory.byKey(key) !== undefined)

  const state = { isOver: false }
  let lookUps = 0
  const looking = (async () => {
    for (; !state.isOver; lookUps += 1) {
      expect(other.follower.directory.byKey(key)?.rate).toEqual({ count: 5, perMs: 1000 })
      await turn()
    }
  })()
  await postgres.kill()
  await untilAway(one)
  await untilAway(other)
  expect(other.store.freshness).toMatchObject({
    kind: 'away',
    reason: expect.stringContaining('PostgreSQL at 127.0.0.1:'),
  })
  expect(other.store.list({ limit: 10 }).clients).toEqual([client])
  const refused = await one.store.set(client.id, { note: 'x' }, terms).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(StoreAway)
  expect(String(refused)).not.toContain('for-tests-only')

  await postgres.restart()
  await untilBack(one)
  await untilBack(other)
  const changed = await one.store.set(client.id, { note: 'after' }, terms)
  expect(changed.kind).toBe('done')
  await other.until(() => other.store.get(client.id)?.note === 'after')
  state.isOver = true
  await looking
  expect(lookUps).toBeGreaterThan(0)
}, 60_000)

test('what was changed while a node could not see it is seen when it is back', async () => {
  const url = await emptyDatabase(shared())
  const node = await startNode(databaseOf(url))
  const { client } = await addTo(node.store, { name: 'Ann' })
  const sql = new Bun.SQL(url, { max: 1 })
  await sql.unsafe(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'smartedge'`)
  await sql.unsafe(`DELETE FROM smartedge_clients WHERE id = $1`, [client.id])
  await sql.close()
  await untilBack(node)
  expect(node.store.get(client.id)).toBeUndefined()
}, 60_000)

test('a database that was there never makes nobody wait, and its password is told to nobody', async () => {
  const database = postgresDatabase(new Secret(`postgres://ann:s3cret@127.0.0.1:${closedPort()}/db`), systemClock)
  const { store, follower, events } = await startNode(database)
  expect(store.freshness).toMatchObject({ kind: 'unknown' })
  expect(follower.directory.byKey(`sek_${'a'.repeat(43)}`)).toBeUndefined()
  expect(store.add({ name: 'Ann' }, terms)).rejects.toThrow(
    /PostgreSQL at 127\.0\.0\.1:\d+\/db: Failed to connect \(ERR_POSTGRES_CONNECTION_REFUSED\)$/,
  )
  expect(JSON.stringify([store.freshness, events])).not.toContain('s3cret')
  expect(events).toEqual([{ kind: 'store-away', reason: expect.any(String), clients: 0 }])
})

test.each(['?sslmode=nonsense', '?application_name=x%00y'])(
  'a URL that can never be used is refused: %s',
  (options) => {
    const url = `postgres://ann:s3cret@127.0.0.1:${closedPort()}/db${options}`
    const refused = startNode(databaseOf(url)).catch(String)
    expect(refused).resolves.toMatch(/^Refusal: clients\.store: must be a URL that a connection can be made by/)
    expect(refused).resolves.not.toContain('s3cret')
  },
)

test('a server that says nothing is given up', async () => {
  const accepted = Promise.withResolvers<void>()
  const socket = { open: () => accepted.resolve(), data: () => undefined }
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket })
  onTestFinished(() => server.stop(true))
  const clock = virtualClock()
  const database = postgresDatabase(new Secret(`postgres://ann@127.0.0.1:${server.port}/db`), clock)
  const connecting = database.connect({ onNews: () => undefined, onLost: () => undefined })
  await accepted.promise
  clock.advance(10_000)
  expect(connecting).rejects.toThrow('no answer within 10 s')
  expect(clock.pending()).toBe(0)
})

test('a change that waits too long for that of another node is refused, and the next one is taken', async () => {
  const url = await emptyDatabase(shared())
  const { store } = await startNode(databaseOf(url))
  const { client } = await addTo(store, { name: 'Ann' })
  const sql = new Bun.SQL(url, { max: 1 })
  const held = await sql.reserve()
  await held.unsafe(`BEGIN`)
  await held.unsafe(`UPDATE smartedge_clients SET note = 'slow'`)
  const refused = await store.set(client.id, { note: 'x' }, terms).catch(String)
  expect(refused).toMatch(/^StoreAway: PostgreSQL at .*: canceling statement due to lock timeout \(55P03\)$/)
  await held.unsafe('ROLLBACK')
  await held.release()
  await sql.close()
  expect((await store.set(client.id, { note: 'x' }, terms)).kind).toBe('done')
  expect(store.freshness.kind).toBe('up')
}, 60_000)

test('a server that stops answering is given up in the middle of a change', async () => {
  await using postgres = await startPostgres()
  const clock = virtualClock()
  const { store } = await startNode(postgresDatabase(new Secret(postgres.url), clock))
  const { client } = await addTo(store, { name: 'Ann' })
  const sql = new Bun.SQL(postgres.url, { max: 1 })
  const text = `SELECT pid FROM pg_stat_activity WHERE application_name = 'smartedge'`
  const pids = (await sql.unsafe<{ readonly pid: number }[]>(text)).map(({ pid }) => pid)
  await sql.close()
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  onTestFinished(() => pids.forEach((pid) => process.kill(pid, 'SIGKILL')))
  const changes = [1, 2].map(() => store.set(client.id, { note: 'x' }, terms).catch(String))
  await turn()
  clock.advance(10_000)
  expect(await Promise.all(changes)).toEqual([
    expect.stringMatching(/^StoreAway: PostgreSQL at .*: no answer within 10 s$/),
    expect.stringMatching(/^StoreAway: /),
  ])
  expect(store.freshness.kind).toBe('away')
}, 60_000)

test('a wrong password, and a database that there is none of, are told as such', async () => {
  const url = await emptyDatabase(shared())
  for (const [part, value, says] of [
    ['password', 'wrong', 'password authentication failed'],
    ['pathname', '/none', 'database "none" does not exist'],
  ] as const) {
    const wrong = Object.assign(new URL(url), { [part]: value }).href
    const { store } = await startNode(databaseOf(wrong))
    expect(store.freshness).toMatchObject({ kind: 'unknown', reason: expect.stringContaining(says) })
  }
}, 60_000)
