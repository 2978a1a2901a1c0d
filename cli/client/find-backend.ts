/** Which backend of a running edge people mean by what they typed: an id, or a URL as the config file has it. Pure. */
import { meantOrKnown } from '../../core/suggest.ts'
import type { BackendStatus, PoolStatus } from '../../core/report/snapshot.ts'

export type Found<T> =
  | ({ readonly kind: 'found' } & T)
  /** There is none, or more than one; the message is for people. */
  | { readonly kind: 'unknown' | 'unclear'; readonly message: string }

/** The pool of that name; without a name the only one there is. */
export function findPool(pools: readonly PoolStatus[], name: string | undefined): Found<{ readonly pool: PoolStatus }> {
  const names = pools.map((pool) => pool.name)
  const [only, another] = pools
  const pool = name === undefined && another === undefined ? only : pools.find((pool) => pool.name === name)
  if (pool !== undefined) return { kind: 'found', pool }
  if (name === undefined) return { kind: 'unclear', message: `name the pool with --pool: ${names.join(', ')}` }
  return { kind: 'unknown', message: `there is no pool ${name}; ${meantOrKnown(name, names)}` }
}

/** In the named pool, else in the only one that has it. */
export function findBackend(
  pools: readonly PoolStatus[],
  given: string,
  name: string | undefined,
): Found<{ readonly pool: PoolStatus; readonly backend: BackendStatus }> {
  const named = name === undefined ? undefined : findPool(pools, name)
  if (named !== undefined && named.kind !== 'found') return named
  const where = named === undefined ? pools : [named.pool]
  const found = where.flatMap((pool) =>
    pool.backends.filter(({ id }) => isSameBackend(id, given)).map((backend) => ({ pool, backend })),
  )
  const [only, another] = found
  if (only === undefined) {
    const ids = [...new Set(where.flatMap(({ backends }) => backends.map(({ id }) => id)))]
    const who = named === undefined ? 'no pool has a' : `the pool ${named.pool.name} has no`
    return { kind: 'unknown', message: `${who} backend ${given}; ${meantOrKnown(plain(given), ids)}` }
  }
  if (another === undefined) return { kind: 'found', ...only }
  const names = found.map(({ pool }) => pool.name)
  return { kind: 'unclear', message: `${given} is in the pools ${names.join(', ')}: name one with --pool` }
}

/** Whether the two are names of one backend. */
export const isSameBackend = (one: string, other: string): boolean => plain(one) === plain(other)

/** `http://Host/` and `host:80` are one; paths of sockets stay as they are. */
function plain(written: string): string {
  if (written.startsWith('unix:')) return written
  const text = written
    .toLowerCase()
    .replace(/^http:\/\//, '')
    .replace(/\/$/, '')
  return /^[a-z]+:|:\d+$/.test(text) ? text : `${text}:80`
}
