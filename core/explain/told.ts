/** What GET /api/explain tells, as data; `core/admin/explain-schema.ts` describes it. All times are ms. */
import type { PickExplanation } from '../balance/pick-recorder.ts'

export interface ToldExplanations {
  readonly sampling: {
    /** Of all requests, by chance: 0..1. */
    readonly rate: number
    /** Explained requests that are kept now, and how many may be. */
    readonly kept: number
    readonly keep: number
    /** Requests since somebody wants to know, explained or not. */
    readonly seen: number
  }
  /** The newest first. */
  readonly explanations: readonly ToldExplanation[]
}

export interface ToldExplanation {
  /** Unique among processes. */
  readonly id: string
  /** When it came, RFC 3339. */
  readonly at: string
  readonly method: string
  /** Printable ASCII; what is not stands percent-encoded, what is secret as `***`. */
  readonly target: string
  /** In words, as `describeMatch` has it; null: no rule held. */
  readonly route: string | null
  readonly pool: string | null
  /** null: the client left before it had one. */
  readonly status: number | null
  readonly ending: 'answered' | 'refused' | 'truncated' | 'abandoned' | 'tunnel'
  /** Of a refusal. */
  readonly detail?: string
  readonly durationMs: number
  /** It asked by its header; else chance has chosen it. */
  readonly asked: boolean
  /** In the order in which they ended. */
  readonly attempts: readonly ToldAttempt[]
  /** The last pick, where it found nobody. */
  readonly nobody?: ToldPick
}

export interface ToldAttempt {
  readonly backend: string
  readonly hedge: boolean
  /** Since the request came. */
  readonly startMs: number
  /** Since the attempt began: when the connection took the head, the first byte came, and it was over; null: never. */
  readonly readyMs: number | null
  readonly firstByteMs: number | null
  readonly totalMs: number
  /** `completed`, `abandoned`, `local`, or `failed: ` and the cause. */
  readonly outcome: string
  /** Of its response; null: it is not over, or has none. */
  readonly status: number | null
  /** What a call of gRPC has come to there, by name, such as `UNAVAILABLE`; absent: it is none, or nobody knows. */
  readonly grpcStatus?: string
  /** null: it was not explained. */
  readonly pick: ToldPick | null
}

export interface ToldPick extends Omit<PickExplanation, 'askedWith'> {
  /** Whom other strategies would have taken, with the same luck. */
  readonly others: readonly { readonly strategy: string; readonly backend: string }[]
}
