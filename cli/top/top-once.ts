/** `smartedge top --once`: one picture, or what it is drawn from, on standard output. */
import type { Clock } from '../../core/clock.ts'
import type { Frame, Hello } from '../../core/report/frame.ts'
import { report } from '../client/admin-failure.ts'
import type { AdminTarget } from '../client/admin-target.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { FeedUpdate } from '../../core/view/follow.ts'
import { watchFeed } from '../client/feed-client.ts'
import { pictureOf } from './picture.ts'
import { shownOf } from './state.ts'
import { type Session, stateFor, themeFor } from './top-session.ts'
import { createStore, type Store } from './store.ts'
import { createTheme } from './theme.ts'

/** Enough frames for rates over a whole second. */
const framesNeeded = 5
const onceMs = 15_000

/**
 * One picture on standard output; of several balancers those that are there, and a line on standard error for each that is
 * not. Resolves to the exit code: that of the first that is not there, too.
 */
export async function showOnce(session: Session): Promise<number> {
  const { io, clock, targets, options } = session
  const store = createStore(stateFor(session), () => undefined)
  const looks = await Promise.all(
    targets.map(async (target, edge) => ({ target, brief: await watchBriefly({ clock, target, store, edge }) })),
  )
  const codes = looks.flatMap(({ target, brief }) =>
    brief.kind === 'seen' ? [] : [report(io, target, problemOf(brief))],
  )
  if (codes.length === looks.length) return codes[0] ?? exitCode.failure
  if (options.json) io.data(`${JSON.stringify(asJson(looks, store), null, 2)}\n`)
  else draw(session, store)
  return codes[0] ?? exitCode.ok
}

interface Look {
  readonly target: AdminTarget
  readonly brief: Brief
}

/** Of one its frame; of several each, and the sum. */
function asJson(looks: readonly Look[], store: Store): object {
  const told = looks.map(({ target: { url }, brief }) => {
    if (brief.kind !== 'seen') return { url, away: brief.reason }
    const { version, pid } = brief.hello
    return { url, version, pid, ...brief.frame }
  })
  const [only] = told
  if (told.length > 1 || only === undefined) return { together: shownOf(store.state()).frame ?? null, edges: told }
  const { url: _, ...frame } = only
  return frame
}

function draw(session: Session, store: Store): void {
  const { io, options } = session
  const theme = io.isTty
    ? themeFor(session)
    : createTheme({ palette: 'none', ascii: io.ascii || options.ascii === true })
  const rows = rowsFor(store, io.isTty)
  const canvas = { columns: sizeIn(io.env['COLUMNS'], 80), rows: sizeIn(io.env['LINES'], rows), theme }
  // Nobody can press the keys of the last line there.
  const lines = pictureOf(store.state(), canvas).slice(0, -1)
  io.stdout(`${lines.map((line) => line.trimEnd()).join('\n')}\n`)
}

/** What a failure comes to, as people are told it. */
export const problemOf = (failure: FeedUpdate & { kind: 'lost' | 'refused' }): Parameters<typeof report>[2] =>
  failure.kind === 'lost' ? { kind: failure.how, reason: failure.reason } : failure

type Brief =
  | { readonly kind: 'seen'; readonly frame: Frame; readonly hello: Hello }
  | (FeedUpdate & { readonly kind: 'lost' })
  | (FeedUpdate & { readonly kind: 'refused' })

interface Brevity {
  readonly clock: Clock
  readonly target: AdminTarget
  readonly store: Store
  readonly edge: number
}

async function watchBriefly({ clock, target, store, edge }: Brevity): Promise<Brief> {
  const done = Promise.withResolvers<Brief>()
  let hello: Hello | undefined
  let frames = 0
  const stop = watchFeed({
    target,
    clock,
    onUpdate(update) {
      store.send({ ...update, edge })
      if (update.kind === 'lost' || update.kind === 'refused') done.resolve(update)
      if (update.kind === 'hello') hello = update.hello
      if (update.kind !== 'frame' || hello === undefined) return
      frames += 1
      // A large balancer sends a frame a second or less: then two are enough.
      if (frames >= (update.frame.intervalMs >= 1000 ? 2 : framesNeeded))
        done.resolve({ kind: 'seen', frame: update.frame, hello })
    },
  })
  const cancel = clock.after(onceMs, () =>
    done.resolve({ kind: 'lost', how: 'silent', reason: 'it sent nothing', retryMs: 0 }),
  )
  const seen = await done.promise
  cancel()
  stop()
  return seen
}

/** Into a file or a pipe goes everything: nobody can scroll there. */
function rowsFor(store: Store, isTty: boolean): number {
  const { edges } = store.state()
  const pools = shownOf(store.state()).frame?.pools ?? []
  const backends = pools.reduce((sum, pool) => sum + pool.backends.length, 0)
  // Pools and edges have a quarter of the screen each at most.
  const lists = Math.max(pools.length, edges.length)
  return isTty ? 24 : Math.max(24, 4 * (lists + 4), pools.length + edges.length + backends + 24)
}

/** What a shell says of its window, as far as the screens can use it. */
function sizeIn(text: string | undefined, smallest: number): number {
  const size = /^\d{1,4}$/.test(text ?? '') ? Number(text) : smallest
  return Math.max(smallest, size)
}
