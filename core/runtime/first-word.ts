/** Whoever is new among sources and providers is heard before what it tells of is in force, yet not for long: it may be away. */
import type { Clock } from '../clock.ts'

/** How long a start or a reload waits, for all of them at once. */
const FIRST_WORD_MS = 3000

export async function firstWordOf(
  fresh: readonly { readonly heard: Promise<void> }[],
  clock: Pick<Clock, 'after'>,
): Promise<void> {
  if (fresh.length === 0) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(FIRST_WORD_MS, resolve)
  await Promise.race([promise, Promise.all(fresh.map(({ heard }) => heard))])
  cancel()
}
