import { describe, expect, onTestFinished, test } from 'bun:test'
import { join } from 'node:path'
import { systemClock } from '../../../core/clock.ts'
import { StoreAway } from '../../../core/clients/contract.ts'
import type { Connection, ConnectionEvents, Database } from '../../../core/clients/database.ts'
import { Follower } from '../../../core/clients/follower.ts'
import { sqliteDatabase } from '../../../core/clients/store-sqlite.ts'
import { createClientStore } from '../../../core/clients/store.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { Refusal } from '../../../core/part.ts'
import { addTo, startNode } from '../../support/client-node.ts'
import { turn, turnUntil } from '../../support/raw-peer.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const CHECK_MS = 1000

interface RigState {
  /** What every connect and look fails with. */
  error: Error | undefined
  /** When a connect was tried. */
  readonly tries: number[]
  closed: number
  isNews: boolean
  /** Behind each page of clients that was read. */
  onPage: (() => Promise<unknown>) | undefined
}

/** A database that is away as a test says, and a follower of it on a clock that stands still. */
function rig() {
  const real = sqliteDatabase(join(temporaryFolder(), 'clients.sqlite'), systemClock)
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const state: RigState = { error: undefined, tries: [], closed: 0, isNews: false, onPage: undefined }
  const opened: ConnectionEvents[] = []
  const database: Database = {
    checkMs: CHECK_MS,
    async connect(given) {
      state.tries.push(clock.now())
      if (state.error !== undefined) throw state.error
      opened.push(given)
      return watched(await real.connect(given), state)
    },
  }
  const emit = (event: EdgeEvent): void => void events.push(event)
  // The shortest of all waits.
  const follower = new Follower({ database, clock, random: () => 0, emit })
  const store = createClientStore({ follower, clock, emit })
  onTestFinished(() => follower.stop())
  const until = (kind: string) => turnUntil(() => follower.freshness.kind === kind, kind)
  return { real, clock, events, state, opened, follower, store, until }
}

function watched(connection: Connection, state: RigState): Connection {
  return {
    ...connection,
    async query(text, values) {
      const rows = await connection.query(text, values)
      if (text.includes('ORDER BY id LIMIT')) await state.onPage?.()
      return rows
    },
    hasNews() {
      if (state.error !== undefined) throw state.error
      return state.isNews
    },
    close() {
      state.closed += 1
      connection.close()
    },
  }
}

const away = new StoreAway('it is away')

describe('a database that is away', () => {
  test('is tried again, each time later, until it is there', async () => {
    const { clock, state, follower, until } = rig()
    state.error = away
    await follower.start()
    for (let tries = 1; tries < 9; tries += 1) {
      await turnUntil(() => state.tries.length === tries && clock.pending() === 1, `try ${tries}`)
      clock.advance(60_000)
    }
    await turnUntil(() => state.tries.length === 9, 'the last try')
    const gaps = state.tries.slice(1).map((at, index) => at - (index === 0 ? 0 : 60_000 * index))
    expect(gaps).toEqual([250, 500, 1000, 2000, 4000, 7500, 7500, 7500])
    state.error = undefined
    await turnUntil(() => clock.pending() === 1, 'the wait')
    clock.advance(7500)
    await until('up')
  })

  test('is told once, and once that it is back', async () => {
    const { clock, events, state, follower, until } = rig()
    state.error = away
    await follower.start()
    clock.advance(250)
    await turnUntil(() => clock.pending() === 1 && state.tries.length === 2, 'another try')
    state.error = undefined
    clock.advance(500)
    await until('up')
    expect(events).toEqual([
      { kind: 'store-away', reason: 'it is away', clients: 0 },
      { kind: 'store-back', forMs: 750, clients: 0 },
    ])
  })

  test('is tried soon again when it had been back', async () => {
    const { clock, state, opened, follower, until } = rig()
    await follower.start()
    for (let outage = 1; outage <= 3; outage += 1) {
      opened.at(-1)?.onLost(away)
      expect(follower.freshness.kind).toBe('away')
      const at = clock.now()
      clock.advance(250)
      await until('up')
      expect(state.tries.at(-1)).toBe(at + 250)
    }
  })

  test('leaves what is known, ever older, and takes no change', async () => {
    const { clock, opened, follower, store, until } = rig()
    await follower.start()
    const { client, key } = await addTo(store, { name: 'Ann' })
    clock.advance(300)
    opened[0]?.onLost(away)
    clock.advance(200)
    expect(store.freshness).toEqual({ kind: 'away', ageMs: 500, reason: 'it is away' })
    expect(follower.directory.byKey(key)).toEqual(client)
    expect(store.set(client.id, { note: 'x' }, { origin: 'a test' })).rejects.toThrow(away)
    clock.advance(50)
    await until('up')
    expect(store.freshness).toEqual({ kind: 'up', ageMs: 0 })
  })

  test('that can never be used is tried once at the start', async () => {
    const { clock, state, follower } = rig()
    state.error = new Refusal([{ key: 'clients.store', message: 'too new' }])
    expect(follower.start()).rejects.toThrow('too new')
    expect(clock.pending()).toBe(0)
  })
})

describe('a database that is there', () => {
  test('is looked at each second, and what is known is as old as the last look', async () => {
    const { clock, follower } = rig()
    await follower.start()
    clock.advance(CHECK_MS - 1)
    expect(follower.freshness).toEqual({ kind: 'up', ageMs: CHECK_MS - 1 })
    clock.advance(1)
    expect(follower.freshness).toEqual({ kind: 'up', ageMs: 0 })
    await turnUntil(() => clock.pending() === 1, 'the next look')
  })

  test('and does not answer a look is away', async () => {
    const { clock, events, state, follower } = rig()
    await follower.start()
    state.error = away
    clock.advance(CHECK_MS)
    expect(follower.freshness.kind).toBe('away')
    expect(state.closed).toBe(1)
    expect(events).toHaveLength(1)
  })

  test('and has news is read, when it is looked at and when it tells', async () => {
    const { real, clock, state, opened, follower } = rig()
    await follower.start()
    const other = await startNode(real)
    await addTo(other.store, { id: 'ann', name: 'Ann' })
    clock.advance(CHECK_MS)
    expect(follower.directory.byId('ann')).toBeUndefined()
    state.isNews = true
    await turnUntil(() => clock.pending() === 1, 'the next look')
    clock.advance(CHECK_MS)
    await turnUntil(() => follower.directory.byId('ann') !== undefined, 'Ann')
    await addTo(other.store, { id: 'bob', name: 'Bob' })
    opened[0]?.onNews()
    await turnUntil(() => follower.directory.byId('bob') !== undefined, 'Bob')
  })

  test('and is changed while everything is read is up to date all the same', async () => {
    const { real, state, follower } = rig()
    const other = await startNode(real)
    await addTo(other.store, { id: 'ann', name: 'Ann' })
    state.onPage = async () => {
      state.onPage = undefined
      await other.store.remove('ann', { origin: 'a test' })
      await addTo(other.store, { id: 'bob', name: 'Bob' })
    }
    await follower.start()
    await turnUntil(() => follower.directory.byId('bob') !== undefined, 'Bob')
    expect(follower.directory.byId('ann')).toBeUndefined()
  })

  test('but cannot be understood is closed', async () => {
    const { real, clock, state, follower } = rig()
    const other = await startNode(real)
    await other.follower.write((query) => query('UPDATE smartedge_version SET version = $1', [99]))
    expect(follower.start()).rejects.toThrow('the database is of version 99')
    expect([state.closed, clock.pending()]).toEqual([1, 0])
  })

  test('is heard no more once another connection has taken its place', async () => {
    const { clock, state, opened, follower, until } = rig()
    await follower.start()
    opened[0]?.onLost(away)
    clock.advance(250)
    await until('up')
    opened[0]?.onLost(away)
    opened[0]?.onNews()
    expect(follower.freshness.kind).toBe('up')
    expect(state.closed).toBe(1)
  })
})

describe('a follower that is stopped', () => {
  test('closes its connection and waits for nothing', async () => {
    const { clock, state, opened, follower, store } = rig()
    await follower.start()
    follower.stop()
    expect([clock.pending(), state.closed]).toEqual([0, 1])
    opened[0]?.onLost(away)
    expect(clock.pending()).toBe(0)
    expect(store.add({ name: 'Ann' }, { origin: 'a test' })).rejects.toThrow(StoreAway)
  })

  test('while it connects closes what it gets', async () => {
    const { clock, events, state, follower } = rig()
    const starting = follower.start()
    follower.stop()
    await starting
    await turn()
    expect([clock.pending(), state.closed, events.length]).toEqual([0, 1, 0])
  })

  test('while it connects to what is away waits for nothing', async () => {
    const { clock, events, state, follower } = rig()
    state.error = away
    const starting = follower.start()
    follower.stop()
    await starting
    expect([clock.pending(), events.length]).toEqual([0, 0])
  })

  test('while it waits tries no more', async () => {
    const { clock, state, follower } = rig()
    state.error = away
    await follower.start()
    follower.stop()
    clock.advance(60_000)
    await turn()
    expect(state.tries).toHaveLength(1)
  })
})
