/** Nodes of a fleet, as far as its client store goes: each follows a database that they share. */
import { onTestFinished } from 'bun:test'
import { systemClock } from '../../core/clock.ts'
import type { AddedClient, ClientDraft, ClientStore } from '../../core/clients/contract.ts'
import type { Connection, Database } from '../../core/clients/database.ts'
import { Follower } from '../../core/clients/follower.ts'
import { createClientStore } from '../../core/clients/store.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { seededRandom } from '../../core/random.ts'

export interface Node {
  readonly store: ClientStore
  readonly follower: Follower
  readonly events: readonly EdgeEvent[]
  /** Resolves as soon as `holds`, which is asked after each change of the directory. */
  readonly until: (holds: () => boolean) => Promise<void>
}

/** A node of a fleet that shares `database`; it has been started, and ends behind the test. */
export async function startNode(database: Database): Promise<Node> {
  const events: EdgeEvent[] = []
  const emit = (event: EdgeEvent): void => void events.push(event)
  const follower = new Follower({ database, clock: systemClock, random: seededRandom(1), emit })
  onTestFinished(() => follower.stop())
  await follower.start()
  return {
    store: createClientStore({ follower, clock: systemClock, emit }),
    follower,
    events,
    until(holds) {
      if (holds()) return Promise.resolve()
      return new Promise((resolve) => {
        const cancel = follower.directory.onChange(() => {
          if (!holds()) return
          cancel()
          resolve()
        })
      })
    },
  }
}

export const terms = { origin: 'a test' }

/** Adds it, which has to go well. */
export async function addTo(store: ClientStore, draft: ClientDraft): Promise<AddedClient & { readonly kind: 'done' }> {
  const added = await store.add(draft, terms)
  if (added.kind !== 'done') throw new Error(JSON.stringify(added))
  return added
}

/** Says what to the database itself, as somebody with a client of it may. Ends behind the test. */
export async function connectTo(database: Database): Promise<Connection> {
  const connection = await database.connect({ onNews: () => undefined, onLost: () => undefined })
  onTestFinished(() => connection.close())
  return connection
}
