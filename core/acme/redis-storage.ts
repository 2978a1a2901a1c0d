/**
 * Storage in a Redis that the nodes of a fleet share: a hash for each folder, a key with a time for each lock. One connection
 * for as long as it holds; what was asked when it breaks fails, and the next ask makes another.
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { DialRedis, RedisLink } from '../limits/redis.ts'
import type { Secret } from '../secrets.ts'
import { LOCK_MS, type Storage } from './storage.ts'

export interface RedisStorageOptions {
  readonly url: Secret
  readonly dial: DialRedis
  readonly clock: Pick<Clock, 'after'>
}

const PREFIX = 'smartedge:acme'
/** A server that says nothing is away. */
const TIMEOUT_MS = 5000
/** Only whoever has a lock lets it go: it may have run out, and be another's now. */
const LET_GO = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"

export function redisStorage({ url, dial, clock }: RedisStorageOptions): Storage {
  let current: Promise<RedisLink> | undefined
  let [isEnding, underWay] = [false, 0]

  function closeIfIdle(): void {
    if (!isEnding || underWay > 0) return
    void current?.then((link) => link.close()).catch(() => undefined)
    current = undefined
  }

  function open(): Promise<RedisLink> {
    const link = dial(url, () => {
      // Another one may have taken its place.
      if (current === opening) current = undefined
    })
    const opening = link.open().then(() => link)
    return opening
  }

  async function send(command: string, ...args: readonly string[]): Promise<unknown> {
    const opening = (current ??= open())
    underWay += 1
    try {
      return await inTime(
        opening.then((link) => link.send(command, args)),
        clock,
      )
    } catch (error) {
      if (current === opening) current = undefined
      void opening.then((link) => link.close()).catch(() => undefined)
      throw new Error(`Redis: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    } finally {
      underWay -= 1
      closeIfIdle()
    }
  }

  return {
    place: 'Redis',
    isShared: true,
    end() {
      isEnding = true
      closeIfIdle()
    },
    async read(key) {
      const found = await send('HGET', ...placeOf(key))
      return typeof found === 'string' ? found : undefined
    },
    write: async (key, text) => void (await send('HSET', ...placeOf(key), text)),
    remove: async (key) => void (await send('HDEL', ...placeOf(key))),
    async list(folder) {
      const names = await send('HKEYS', `${PREFIX}:${folder}`)
      return Array.isArray(names) ? names.map(String) : []
    },
    async lock(key) {
      const [name, mine] = [`${PREFIX}:lock:${key}`, randomBytes(16).toString('hex')]
      const isTaken = await send('SET', name, mine, 'NX', 'PX', String(LOCK_MS))
      return isTaken === null ? undefined : async () => void (await send('EVAL', LET_GO, '1', name, mine))
    },
  }
}

/** `certificates/a.pem`: the hash, and the field in it. */
function placeOf(key: string): readonly [hash: string, field: string] {
  const at = key.indexOf('/')
  return [`${PREFIX}:${key.slice(0, at)}`, key.slice(at + 1)]
}

function inTime<T>(promise: Promise<T>, clock: Pick<Clock, 'after'>): Promise<T> {
  const { promise: result, resolve, reject } = Promise.withResolvers<T>()
  const cancel = clock.after(TIMEOUT_MS, () => reject(new Error(`no answer within ${TIMEOUT_MS} ms`)))
  promise.then(resolve, reject).finally(cancel)
  return result
}
