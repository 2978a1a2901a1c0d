/** What the attempts of a pool come to while new members are tried out, apart for them and for the others. */
import type { AttemptObserver } from '../balance/attempt.ts'
import { scaleBoundsMs, scaleIndex, scaleSize } from '../observe/scale.ts'
import type { Outcome } from '../strategy/strategy.ts'
import type { SideFigures } from './criteria.ts'

/** Latencies beyond it count as it. */
const LONGEST_MS = 600_000

class Side {
  requests = 0
  errors = 0
  /** Of answered attempts, on the scale of watchers: each percentile is within 13 %. */
  private readonly latencies = new Uint32Array(scaleSize)
  private answered = 0

  count(outcome: Outcome): void {
    // Who left first, and what failed for want of something of our own, says nothing of a member.
    if (outcome.kind === 'abandoned' || outcome.kind === 'local') return
    this.requests += 1
    if (outcome.kind === 'failed' || outcome.status >= 500) this.errors += 1
    if (outcome.kind !== 'completed' || outcome.status === 101) return
    this.answered += 1
    const index = scaleIndex(Math.floor(Math.min(Math.max(outcome.elapsedMs, 0), LONGEST_MS) * 1000))
    this.latencies[index] = (this.latencies[index] ?? 0) + 1
  }

  figures(): SideFigures {
    const { requests, errors } = this
    const [p50, p90, p95, p99] = [
      this.percentile(0.5),
      this.percentile(0.9),
      this.percentile(0.95),
      this.percentile(0.99),
    ]
    return { requests, errors, p50, p90, p95, p99 }
  }

  /** ms; NaN where nothing was answered. */
  private percentile(ratio: number): number {
    if (this.answered === 0) return Number.NaN
    const wanted = Math.max(1, Math.ceil(ratio * this.answered))
    let below = 0
    for (const [index, here] of this.latencies.entries()) {
      if (below + here >= wanted) return within(index, (wanted - below) / here)
      below += here
    }
    return LONGEST_MS
  }
}

function within(index: number, part: number): number {
  const low = scaleBoundsMs[index] ?? 0
  const high = scaleBoundsMs[index + 1] ?? low
  return low + (high - low) * part
}

export interface Sides {
  readonly observer: AttemptObserver
  fresh(): SideFigures
  old(): SideFigures
}

export function createSides(isFresh: (id: string) => boolean): Sides {
  const [fresh, old] = [new Side(), new Side()]
  return {
    observer: { onEnd: ({ id }, outcome) => (isFresh(id) ? fresh : old).count(outcome) },
    fresh: () => fresh.figures(),
    old: () => old.figures(),
  }
}

/** Of a deploy without a canary. */
export const NO_FIGURES: SideFigures = { requests: 0, errors: 0, p50: 0, p90: 0, p95: 0, p99: 0 }
