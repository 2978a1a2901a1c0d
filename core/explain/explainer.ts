/** Which requests are explained: some by chance, and those that ask for it and know the token. */
import type { Backend } from '../backend/backend.ts'
import type { Clock } from '../clock.ts'
import { Explaining } from '../exchange/explaining.ts'
import type { Explainer } from '../exchange/world.ts'
import { EXPLAIN } from '../http1/field-names.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { Random } from '../random.ts'
import type { Secret } from '../secrets.ts'
import type { ExplainPolicy } from './policy.ts'
import type { ExplainStore } from './store.ts'

export interface ExplainerOptions {
  readonly policy: ExplainPolicy
  readonly store: ExplainStore
  readonly random: Random
  readonly clock: Pick<Clock, 'now'>
  /** What a request has to know; undefined: there is none, so that none may ask. Read for each that asks. */
  readonly token: () => Secret | undefined
}

/** No token is as long; hashing what somebody sends instead must not cost much. */
const MOST_TOKEN = 4096

export function createExplainer({ policy, store, random, clock, token }: ExplainerOptions): Explainer {
  const { sample } = policy
  const medianOf = recentMedians(clock)
  return {
    begin(head) {
      store.seen += 1
      if (isAskedBy(head, token)) return new Explaining(true, medianOf)
      return sample > 0 && random() < sample ? new Explaining(false, medianOf) : undefined
    },
    observe: (record) => store.add(record),
  }
}

function isAskedBy({ fields }: RequestHead, token: ExplainerOptions['token']): boolean {
  const given = fields.valueOf(EXPLAIN)
  return given !== undefined && given.length <= MOST_TOKEN && token()?.equals(given) === true
}

/** A median takes 12 us: those of one backend within a second are one. That there is none takes nothing. */
const FRESH_MS = 1000

function recentMedians(clock: Pick<Clock, 'now'>): (backend: Backend) => number | null {
  const known = new WeakMap<Backend, { readonly at: number; readonly ms: number }>()
  return (backend) => {
    const now = clock.now()
    const before = known.get(backend)
    if (before !== undefined && now - before.at < FRESH_MS) return before.ms
    const ms = backend.latency.summary()?.p50Ms
    if (ms === undefined) return null
    known.set(backend, { at: now, ms })
    return ms
  }
}
