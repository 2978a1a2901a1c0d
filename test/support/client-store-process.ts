/**
 * A client store in a process of its own, for limits that a test can't set for itself. Run as a program, with a path, it
 * adds clients until one is refused, and prints what has come of it.
 */
import { systemClock } from '../../core/clock.ts'
import type { Freshness } from '../../core/clients/contract.ts'
import { Follower } from '../../core/clients/follower.ts'
import { sqliteDatabase } from '../../core/clients/store-sqlite.ts'
import { createClientStore } from '../../core/clients/store.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { seededRandom } from '../../core/random.ts'

export interface StoreReport {
  /** Clients that it began with. */
  readonly found: number
  readonly added: number
  /** How the first that was not added was refused; undefined: all were. */
  readonly refusal: string | undefined
  /** Behind it. */
  readonly known: number
  readonly freshness: Freshness
  readonly events: readonly EdgeEvent[]
}

const MOST = 2000

/** `shell`: what comes before `exec "$@"`. */
export async function storeInProcess(path: string, shell: string): Promise<StoreReport> {
  const command = [process.execPath, import.meta.path, path]
  const child = Bun.spawn(['sh', '-c', `${shell} "$@"`, 'sh', ...command], { stdout: 'pipe', stderr: 'inherit' })
  return JSON.parse(await child.stdout.text()) as StoreReport
}

if (import.meta.main) {
  const events: EdgeEvent[] = []
  const emit = (event: EdgeEvent): void => void events.push(event)
  const database = sqliteDatabase(process.argv[2] ?? '', systemClock)
  const follower = new Follower({ database, clock: systemClock, random: seededRandom(1), emit })
  await follower.start()
  const store = createClientStore({ follower, clock: systemClock, emit: () => undefined })
  const found = follower.directory.size
  let added = 0
  let refusal: string | undefined
  for (; added < MOST && refusal === undefined; added += 1) {
    const draft = { name: 'Ann', note: 'x'.repeat(1000) }
    refusal = await store.add(draft, { origin: 'a test' }).then(() => undefined, String)
  }
  if (refusal !== undefined) added -= 1
  const report: StoreReport = {
    found,
    added,
    refusal,
    known: store.list({ limit: 1 }).total,
    freshness: store.freshness,
    events,
  }
  process.stdout.write(JSON.stringify(report))
  process.exit()
}
