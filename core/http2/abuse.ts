/**
 * How much of what costs us more than it costs the peer is put up with: of each kind so many within a second or two, since
 * counts are halved each second, and of some so many for as long as the connection lives.
 */

/** What may be too much; each is a label of `smartedge_http2_violations_total`. */
export type Violation =
  | 'rapid-reset'
  | 'early-reset'
  | 'made-reset'
  | 'ping'
  | 'settings'
  | 'empty-data'
  | 'window-update'
  | 'priority'
  | 'continuation'
  | 'unread'

interface Bound {
  /** Within a second or two; half of it each second for ever. */
  readonly burst: number
  /** In a connection's life. */
  readonly lifetime?: number
}

/**
 * Browsers cancel all streams of a page at once, 100 at most; gRPC clients ping once in some seconds, and answer each PING
 * that measures a window; a window update that follows data is not counted.
 */
const BOUNDS: Readonly<Record<Violation, Bound>> = {
  // RST_STREAM by the client (CVE-2023-44487), and of these what came before any response.
  'rapid-reset': { burst: 200, lifetime: 10_000 },
  'early-reset': { burst: 100 },
  // By us, for what the client did (CVE-2025-8671).
  'made-reset': { burst: 50, lifetime: 500 },
  ping: { burst: 200 },
  settings: { burst: 50 },
  'empty-data': { burst: 100 },
  'window-update': { burst: 200 },
  priority: { burst: 200 },
  // Counted where they are put together.
  continuation: { burst: 0 },
  // What we would have to answer, of a peer that reads nothing.
  unread: { burst: 1000, lifetime: 10_000 },
}

const HALVING_MS = 1000
/** What a request costs the client next to nothing by, and how many of these are nothing unusual. */
const SUSPICIOUS = ['early-reset', 'made-reset'] as const satisfies readonly Violation[]
const SUSPICIOUS_COUNT = 2

export class AbuseBudget {
  private readonly recent = new Map<Violation, number>()
  private readonly total = new Map<Violation, number>()
  private halvedAt: number
  /** Requests that have been answered in full since it last took one back. */
  answered = 0

  constructor(now: number) {
    this.halvedAt = now
  }

  /** Notes one more, at `now` (monotonic ms); true: that is too many. */
  exceeds(kind: Violation, now: number): boolean {
    this.halve(now)
    if (SUSPICIOUS.some((one) => one === kind)) this.answered = 0
    const { burst, lifetime = Infinity } = BOUNDS[kind]
    const recent = (this.recent.get(kind) ?? 0) + 1
    this.recent.set(kind, recent)
    if (lifetime === Infinity) return recent > burst
    const total = (this.total.get(kind) ?? 0) + 1
    this.total.set(kind, total)
    return recent > burst || total > lifetime
  }

  /** It has taken back requests of late, `now` being as above: more of them are hardly meant. */
  isSuspicious(now: number): boolean {
    if (this.recent.size === 0) return false
    this.halve(now)
    return SUSPICIOUS.some((kind) => (this.recent.get(kind) ?? 0) >= SUSPICIOUS_COUNT)
  }

  private halve(now: number): void {
    const halvings = Math.floor((now - this.halvedAt) / HALVING_MS)
    if (halvings <= 0) return
    this.halvedAt += halvings * HALVING_MS
    const factor = 2 ** -Math.min(halvings, 30)
    for (const [kind, count] of this.recent) this.recent.set(kind, Math.floor(count * factor))
  }
}
