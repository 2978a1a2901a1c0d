/**
 * What explaining adds to the balancing of a request, by what becomes of it: `bun bench/micro/explain.ts`. The first row knows
 * nothing of explanations; the second is what runs when nobody wants any. Batches of all take turns, and the fastest of each
 * counts, which other work on the machine hardly moves.
 */
import { do_not_optimize } from 'mitata'
import { Balancer } from '../../core/balance/balancer.ts'
import type { RecordedContext } from '../../core/balance/pick-recorder.ts'
import { systemClock as clock } from '../../core/clock.ts'
import { createIdentify } from '../../core/forward/identify.ts'
import type { Explaining } from '../../core/exchange/explaining.ts'
import { type PickSource, RequestContext } from '../../core/exchange/pick-context.ts'
import type { Explainer } from '../../core/exchange/world.ts'
import { createExplainer } from '../../core/explain/explainer.ts'
import { ExplainStore } from '../../core/explain/store.ts'
import { seededRandom, weightedDraw } from '../../core/random.ts'
import { perArray, type PickContext, type Strategy } from '../../core/strategy/strategy.ts'
import p2c from '../../plugins/p2c.ts'
import { exchangeRecord } from '../../test/support/exchange-record.ts'
import { parseRequest } from '../../test/support/http1-heads.ts'
import { makeBackend } from '../../test/support/make-backend.ts'
import { peerAt } from '../../test/support/peer-at.ts'

const random = seededRandom(1)
const backends = Array.from({ length: 10 }, (_, index) => makeBackend(index + 1))
const head = parseRequest('GET /v1/users/17/orders?page=2 HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\n\r\n')
const identity = createIdentify(() => false)(peerAt('192.0.2.1'))
const record = exchangeRecord()
const [attempt] = record.attempts

/** Of a request that nobody wants explained. */
const unexplained: PickSource = { services: { clock, random }, geo: undefined, affinity: [] }

/** `p2c` without a word of notes. */
function silentP2c(): Strategy {
  const draws = perArray(weightedDraw)
  return {
    pick(candidates, context) {
      const draw = draws(candidates, context) ?? weightedDraw(candidates)
      const [first, second] = draw.pair(context.random)
      return (second.inflight + 1) / second.weight <= first.inflight / first.weight ? second : first
    },
  }
}

function balancerOf(strategy: Strategy): Balancer {
  const fail = (what: unknown): never => {
    throw new Error(String(what))
  }
  const reports = { onFault: fail, onSlow: () => undefined }
  const balancer = new Balancer({ strategy, strategyName: 'p2c', reports, clock, observers: [] })
  balancer.update(backends)
  return balancer
}

/** As a request's context is, but that nobody can have its pick written down. */
class SilentContext implements PickContext {
  readonly now: number
  readonly random = random
  readonly key = undefined
  readonly client = this
  readonly address = ''
  readonly zone = undefined
  readonly place = undefined
  readonly head = head
  readonly identity = identity
  readonly source = unexplained
  knownAddress: string | undefined = undefined
  location: undefined = undefined

  constructor(now: number) {
    this.now = now
  }

  get wallTime(): number {
    return clock.wallTime()
  }
}

function silent(): () => void {
  const balancer = balancerOf(silentP2c())
  let now = 0
  return () => do_not_optimize(balancer.pick(new SilentContext((now += 0.01)), []))
}

/** `explainer`: undefined: nobody wants to know. */
function request(explainer: Explainer | undefined): () => void {
  const balancer = balancerOf(p2c.create(undefined as never))
  let now = 0
  return () => {
    const explaining = explainer?.begin(head)
    const source = explaining === undefined ? unexplained : { ...unexplained, explaining }
    const context: RecordedContext = new RequestContext(head, identity, source, (now += 0.01))
    const chosen = balancer.pick(context, [])
    if (explaining !== undefined && chosen !== undefined) tell(explaining, context, chosen)
  }

  function tell(explaining: Explaining, context: RecordedContext, chosen: (typeof backends)[number]): void {
    const facts = { tried: [], waitedMs: 0, now: context.now, kept: undefined, isPoolFull: false }
    context.recorder?.close(context, { ...facts, chosen, members: backends })
    if (attempt === undefined) return
    const explained = { ...attempt, pick: context.recorder?.explanation }
    explainer?.observe({ ...record, attempts: [explained], explanation: explaining })
  }
}

const explaining = (sample: number): Explainer => {
  const policy = { sample, keep: 200 }
  const store = new ExplainStore({ clock, policy, rivals: async () => [] })
  return createExplainer({ policy, store, random, clock, token: () => undefined })
}

const BATCHES = 1500
/** Some 0.1 ms: short enough to be left alone by other work now and then. */
const A_BATCH = 400

const rows = {
  'knows of no explanations': silent(),
  off: request(undefined),
  'on, not sampled': request(explaining(Number.MIN_VALUE)),
  'on, explained': request(explaining(1)),
}
const fastest = new Map<string, number>()
for (let batch = 0; batch < BATCHES; batch += 1)
  for (const [name, task] of Object.entries(rows)) {
    const begunAt = Bun.nanoseconds()
    for (let count = 0; count < A_BATCH; count += 1) task()
    fastest.set(name, Math.min(fastest.get(name) ?? Infinity, (Bun.nanoseconds() - begunAt) / A_BATCH))
  }
for (const [name, ns] of fastest) process.stdout.write(`${ns.toFixed(0).padStart(6)} ns  ${name}\n`)
