/**
 * Expected delay: the backend where a request would be answered soonest. Shortest expected delay (Whitt 1986) with service
 * times that are learned: what answers took, without what queueing explains of it, times what is in flight now.
 *
 * Learned: latency / (1 + c × in flight as the attempt began), averaged over some 50 answers. c is what each of those adds:
 * 1 in a queue, 0 where nobody waits for anybody. It is learned, too, from the slope of latency over load; taken for 1, a
 * backend without a queue would look the faster the more it is sent.
 * By weight: a backend drawn by weight keeps the request unless another is clearly faster, and would be no busier for its
 * weight and speed. So equal backends share by weight, and a light one is not filled for being idle.
 * New: counts as one like the others at most, for five answers.
 * Forgotten: what was learned fades with `decay` while nothing is answered, so that who was shunned is tried again.
 * Failures, and 502, 503 and 504, count as answers after `penalty` at least, any other 5xx as twice what was expected: who
 * fails fast must not look fast. No answer counts as more than ten: a few failures do not shun a sound backend.
 * Up to 32 backends, all are looked at; beyond, four that are drawn by weight.
 *
 * Not for requests whose length says nothing about their backend, such as long polling: there is nothing to learn.
 */
import type { AttemptView, Candidate, Candidates } from '../core/strategy/strategy.ts'
import { defineStrategy, perArray, readOptions } from '../core/strategy/strategy.ts'
import { type Random, type WeightedDraw, weightedDraw } from '../core/random.ts'

const fewBackends = 32
/** Answers before anybody counts as slower than the others: the first ones connect, compile and fill caches. */
const trial = 5
/** Estimates within this of each other leave the choice to weight: their noise is as large. */
const doubt = 0.15
/** The newest answer's part of an average. */
const newest = 0.02
/** What one answer counts for at most, in expected ones. */
const outlier = 10
/** Bounds of what is learned. Below a ms the machine is measured, not the backend; above an hour there is no timeout. */
const [leastMs, mostMs] = [1, 3_600_000]
/** Above zero, to divide by. */
const tinyMs = 0.001
/** Of `decay`: sooner than that nothing worth reckoning has faded. */
const fresh = 1 / 64

/** A candidate, and what has been learned of it. */
class Member {
  readonly candidate: Candidate
  /** What an answer takes there alone; undefined before the first. */
  serviceMs: number | undefined = undefined
  learnedAt = 0
  answers = 0
  /** As answers were; undefined before the first. */
  means: { latencyMs: number; inflight: number } | undefined = undefined

  constructor(candidate: Candidate) {
    this.candidate = candidate
  }

  /** What a request would wait for, itself included; `neutral`: the mean weight, so that an idle one counts 1 whatever its own is. */
  load(neutral: number): number {
    return 1 + (this.candidate.inflight * neutral) / this.candidate.weight
  }

  /** How busy for its weight it would be. */
  strain(): number {
    return (this.candidate.inflight + 1) / this.candidate.weight
  }
}

export default defineStrategy({
  apiVersion: 2,
  name: 'expected-delay',
  parse: (raw) =>
    readOptions(raw, {
      decay: { kind: 'duration', min: 100, max: 3_600_000, default: 10_000 },
      penalty: { kind: 'duration', min: 0, max: 3_600_000, default: 1000 },
    }),
  create({ decay, penalty }) {
    const learning = createLearning(decay)
    const { memberOf, expectedMs } = learning
    const pools = perArray(poolOf)

    // Of many nobody looks at all: to go through ten thousand would hold up the request that finds them new.
    function poolOf(candidates: Candidates) {
      const size = candidates.length
      return {
        size,
        members: size > fewBackends ? undefined : candidates.map(memberOf),
        draw: weightedDraw(candidates),
      }
    }

    const oneOf = (draw: WeightedDraw<Candidate>, random: Random): Member => memberOf(draw.one(random))

    return {
      pick(candidates, context) {
        const { now, random, notes } = context
        const { size, members, draw } = pools(candidates, context) ?? poolOf(candidates)
        const neutral = draw.total() / size
        const first = oneOf(draw, random)
        const firstMs = expectedMs(first, now)
        const mostStrain = firstMs * first.strain()
        let best = first
        let leastDelay = (firstMs * first.load(neutral)) / (1 + doubt)
        notes?.drew(first.candidate)
        notes?.score(first.candidate, leastDelay)
        for (const rival of members ?? [oneOf(draw, random), oneOf(draw, random), oneOf(draw, random)]) {
          const serviceMs = expectedMs(rival, now)
          const delay = serviceMs * rival.load(neutral)
          if (notes !== undefined && rival !== first) {
            if (members === undefined) notes.drew(rival.candidate)
            notes.score(rival.candidate, delay)
            if (serviceMs * rival.strain() > mostStrain)
              notes.passOver(rival.candidate, 'busier for its weight and speed')
          }
          if (delay >= leastDelay || serviceMs * rival.strain() > mostStrain) continue
          best = rival
          leastDelay = delay
        }
        notes?.because(
          best === first
            ? 'drawn by weight, and nobody who is as free would answer clearly sooner'
            : 'would answer soonest',
        )
        return best.candidate
      },
      onResponse(attempt, status, now) {
        if (status >= 502 && status <= 504) learning.failed(attempt, penalty, now)
        else learning.answered(attempt, status, now)
      },
      onEnd(attempt, { kind }, now) {
        if (kind === 'failed') learning.failed(attempt, penalty, now)
      },
    }
  },
})

/** What is known of candidates, and how it comes and goes. Times are ms. */
function createLearning(decayMs: number) {
  const known = new WeakMap<Candidate, Member>()
  const queueing = createQueueing()
  /** Stands in for who is new; only ratios count, so at first anything does. */
  let typicalMs = 1
  let answers = 0

  function memberOf(candidate: Candidate): Member {
    const member = known.get(candidate)
    if (member !== undefined) return member
    const fresh = new Member(candidate)
    known.set(candidate, fresh)
    return fresh
  }

  function kept({ learnedAt }: Member, now: number): number {
    const idleMs = now - learnedAt
    return idleMs < decayMs * fresh ? 1 : Math.exp(-idleMs / decayMs)
  }

  function expectedMs(member: Member, now: number): number {
    if (member.serviceMs === undefined) return typicalMs
    const learnedMs = Math.max(leastMs, member.serviceMs * kept(member, now))
    return member.answers < trial ? Math.min(typicalMs, learnedMs) : learnedMs
  }

  function learn(member: Member, sampleMs: number, now: number): void {
    const former = member.serviceMs
    const sample = Math.max(leastMs, Math.min(sampleMs, mostMs, outlier * (former ?? mostMs)))
    typicalMs = mix(typicalMs, sample, Math.max(newest, 1 / (answers += 1)))
    member.answers += 1
    // What has faded makes room for what is new.
    const part = 1 - (1 - Math.max(newest, 1 / member.answers)) * kept(member, now)
    member.serviceMs = mix(former ?? sample, sample, part)
    member.learnedAt = now
  }

  return {
    memberOf,
    expectedMs,
    answered({ candidate, startedAt, inflightBefore }: AttemptView, status: number, now: number): void {
      const member = memberOf(candidate)
      const latencyMs = Math.max(0, now - startedAt)
      queueing.observe(member, latencyMs, inflightBefore)
      const aloneMs = queueing.alone(member, latencyMs, inflightBefore)
      learn(member, status < 500 ? aloneMs : Math.max(aloneMs, 2 * expectedMs(member, now)), now)
    },
    /** As if answered after `penaltyMs`, or when it failed, whichever is later. */
    failed({ candidate, startedAt, inflightBefore }: AttemptView, penaltyMs: number, now: number): void {
      const member = memberOf(candidate)
      learn(member, queueing.alone(member, Math.max(now - startedAt, penaltyMs), inflightBefore), now)
    },
  }
}

/**
 * How far requests wait for each other, learned from all backends of a pool: the slope of latency over what was in flight,
 * each beside the backend's own mean, by least squares over some 500 answers.
 */
function createQueueing() {
  let covariance = 0
  // As if twenty answers had come already: the first few must not decide.
  let variance = 0.05
  let answers = 20
  /** 0: latency does not depend on load; 1: it is in proportion to it. */
  let slope = 0

  return {
    observe(member: Member, latencyMs: number, inflight: number): void {
      const means = (member.means ??= { latencyMs: Math.max(tinyMs, latencyMs), inflight })
      // Bounded, so that no single answer decides.
      const x = Math.min(3, (inflight - means.inflight) / (1 + means.inflight))
      const y = Math.min(3, latencyMs / means.latencyMs - 1)
      const part = Math.max(newest / 10, 1 / (answers += 1))
      covariance = mix(covariance, x * y, part)
      variance = mix(variance, x * x, part)
      slope = Math.min(1, Math.max(0, covariance / variance))
      means.inflight += newest * x * (1 + means.inflight)
      means.latencyMs = Math.max(tinyMs, means.latencyMs * (1 + newest * y))
    },
    /** What `latencyMs` would have been without those in flight. */
    alone({ means }: Member, latencyMs: number, inflight: number): number {
      const each = slope / (1 + (means?.inflight ?? 0) * (1 - slope))
      return latencyMs / (1 + each * inflight)
    },
  }
}

const mix = (old: number, latest: number, part: number): number => old + (latest - old) * part
