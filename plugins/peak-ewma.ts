/**
 * Peak EWMA (as in Finagle, 2016, and Linkerd): of two backends drawn by weight, the one with the lower cost, which is
 * latencyMs * (1 + inflight per weight). The average jumps to every peak at once and comes down with `decay`; read
 * between samples it decays too, so that a backend shunned for a slow answer is tried again. The first drawn stays
 * unless the other is clearly cheaper: otherwise noise, not weight, would share an idle pool.
 *
 * Cold backends: nothing known and nothing in flight costs nothing, so each gets one request to learn from; until that
 * is answered it costs more than any known one. A failure, and a gateway's 502, 503 or 504, counts as `penalty` at
 * least: who fails fast must not look fast. Latency is the time to the response head: the rest depends on the client.
 */
import type { Candidate } from '../core/strategy/strategy.ts'
import { defineStrategy, perArray, readOptions } from '../core/strategy/strategy.ts'
import { weightedDraw } from '../core/random.ts'

/** Above any latency, yet finite: among backends that all wait for a first answer the load still decides. */
const unansweredMs = 1e9
/** Requests of doubt against the second drawn: latencies within a quarter of each other leave the choice to weight. */
const doubt = 0.25

interface Average {
  latencyMs: number
  updatedAt: number
}

export default defineStrategy({
  apiVersion: 2,
  name: 'peak-ewma',
  parse: (raw) =>
    readOptions(raw, {
      decay: { kind: 'duration', min: 100, max: 3_600_000, default: 10_000 },
      penalty: { kind: 'duration', min: 0, max: 3_600_000, default: 1000 },
    }),
  create({ decay: decayMs, penalty: penaltyMs }) {
    const averages = new WeakMap<Candidate, Average>()
    const draws = perArray(weightedDraw)

    const remaining = (average: Average, now: number): number =>
      Math.exp(-Math.max(0, now - average.updatedAt) / decayMs)

    function expectedMs(candidate: Candidate, now: number): number {
      const average = averages.get(candidate)
      if (average !== undefined) return average.latencyMs * remaining(average, now)
      return candidate.inflight === 0 ? 0 : unansweredMs
    }

    function observe(candidate: Candidate, latencyMs: number, now: number): void {
      const average = averages.get(candidate)
      if (average === undefined) {
        averages.set(candidate, { latencyMs, updatedAt: now })
        return
      }
      const kept = remaining(average, now)
      const peak = latencyMs > average.latencyMs * kept
      average.latencyMs = peak ? latencyMs : average.latencyMs * kept + latencyMs * (1 - kept)
      average.updatedAt = now
    }

    return {
      pick(candidates, context) {
        const draw = draws(candidates, context) ?? weightedDraw(candidates)
        const [first, second] = draw.pair(context.random)
        const neutral = (first.weight + second.weight) / 2
        const stay = expectedMs(first, context.now) * (1 + (first.inflight * neutral) / first.weight)
        const move = expectedMs(second, context.now) * (1 + ((second.inflight + doubt) * neutral) / second.weight)
        const { notes } = context
        if (notes !== undefined) {
          notes.drew(first)
          notes.drew(second)
          notes.score(first, stay)
          notes.score(second, move)
          notes.because(
            move < stay
              ? 'clearly the cheaper of two drawn by weight'
              : 'the first of two drawn by weight, and the second is not clearly cheaper',
          )
        }
        return move < stay ? second : first
      },
      onResponse: ({ candidate, startedAt }, _, now) => observe(candidate, now - startedAt, now),
      onEnd({ candidate }, outcome, now) {
        const failed = outcome.kind === 'failed' || (outcome.kind === 'completed' && isGatewayFault(outcome.status))
        if (failed) observe(candidate, Math.max(outcome.elapsedMs, penaltyMs), now)
      },
    }
  },
})

const isGatewayFault = (status: number): boolean => status >= 502 && status <= 504
