/** `smartedge top --once`: one picture, or what it is drawn from, on standard output. */
import type { Clock } from '../../core/clock.ts'
import type { Frame, Hello } from '../../core/report/frame.ts'
import { report } from '../client/admin-failure.ts'
import type { AdminTarget } from '../client/admin-target.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { FeedUpdate } from '../../core/view/follow.ts'
import { watchFeed } from '../client/feed-client.ts'
import { type Session, stateFor, themeFor } from './top-session.ts'
import { createStore, type Store } from './store.ts'
import { createTheme } from './theme.ts'

/** Enough frames for rates over a whole second. */
const framesNeeded = 5
const onceMs = 15_000

/** One frame on standard output. Resolves to the exit code. */
export async function showOnce(session: Session): Promise<number> {
  const { io, clock, target, options } = session
  const store = createStore(stateFor(session), () => undefined)
  const seen = await watchBriefly({ clock, target, store })
  if (seen.kind === 'lost') return report(io, target, { kind: seen.how, reason: seen.reason })
  if (seen.kind === 'refused') return report(io, target, seen)
  if (options.json) {
    const { version, pid } = seen.hello
    io.data(`${JSON.stringify({ version, pid, ...seen.frame }, null, 2)}\n`)
    return exitCode.ok
  }
  const { frameText } = await import('./frame-text.tsx')
  const theme = io.isTty
    ? themeFor(session)
    : createTheme({ palette: 'none', ascii: io.ascii || options.ascii === true })
  io.stdout(
    `${frameText(store.state(), theme, { columns: sizeIn(io.env['COLUMNS'], 80), rows: sizeIn(io.env['LINES'], rowsFor(seen.frame, io.isTty)) })}\n`,
  )
  return exitCode.ok
}

type Brief =
  | { readonly kind: 'seen'; readonly frame: Frame; readonly hello: Hello }
  | (FeedUpdate & { readonly kind: 'lost' })
  | (FeedUpdate & { readonly kind: 'refused' })

async function watchBriefly({
  clock,
  target,
  store,
}: {
  clock: Clock
  target: AdminTarget
  store: Store
}): Promise<Brief> {
  const done = Promise.withResolvers<Brief>()
  let hello: Hello | undefined
  let frames = 0
  const stop = watchFeed({
    target,
    clock,
    onUpdate(update) {
      store.send(update)
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
function rowsFor({ pools }: Frame, isTty: boolean): number {
  const backends = pools.reduce((sum, pool) => sum + pool.backends.length, 0)
  // Pools have a quarter of the screen at most.
  return isTty ? 24 : Math.max(24, 4 * (pools.length + 4), pools.length + backends + 24)
}

/** What a shell says of its window, as far as the screens can use it. */
function sizeIn(text: string | undefined, smallest: number): number {
  const size = /^\d{1,4}$/.test(text ?? '') ? Number(text) : smallest
  return Math.max(smallest, size)
}
