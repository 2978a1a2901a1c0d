/** JSON Schema of `ToldExplanations` (`core/explain/told.ts`): change both together, a test holds them to it. */
import { holdOwners } from '../report/view.ts'
import { count, list, nullOr, number, object, text, truth } from './answer-schema.ts'

const described = (schema: object, description: string) => ({ ...schema, description })

const candidate = object({
  backend: text,
  score: described(
    nullOr(number),
    'What the strategy compared it by; of those not passed over the lowest wins. null: it told none.',
  ),
  inflight: count,
  weight: number,
  latencyMs: described(nullOr(number), 'Median of its latest requests; null: there are none.'),
})

const exclusion = object({
  backend: text,
  by: {
    enum: [...holdOwners, 'tried', 'room', 'tier', 'session', 'shown', 'strategy'],
    description: 'Whose word it is.',
  },
  why: text,
  untilMs: described(
    nullOr(number),
    'ms from the pick on until it ends by itself; null: nobody knows, or it does not.',
  ),
})

const pick = object({
  by: {
    enum: ['strategy', 'chance', 'sticky', 'only', 'queue', 'again'],
    description:
      'What decided: the strategy; chance, where it made no valid choice; the session; nothing, as nobody else could have it, be it behind a queue; or a connection that had died.',
  },
  strategy: text,
  why: described(text, 'One sentence.'),
  candidates: list(candidate),
  excluded: list(exclusion),
  counts: described(
    object({ candidates: count, excluded: count }),
    'How many there were; at most 32 of each are told.',
  ),
  drawn: described(list(text), 'Whom chance proposed, in that order.'),
  chosen: nullOr(text),
  runnerUp: nullOr(text),
  waitedMs: described(number, 'In the pool’s queue before.'),
  others: described(
    list(object({ strategy: text, backend: text })),
    'Whom other strategies would have taken, with the same candidates and the same luck.',
  ),
})

const attempt = object(
  {
    backend: text,
    hedge: truth,
    startMs: described(number, 'Since the request came.'),
    readyMs: described(nullOr(number), 'Since the attempt began, until a connection took the head; null: never.'),
    firstByteMs: described(nullOr(number), 'Since the attempt began, until the response’s head came; null: never.'),
    totalMs: described(number, 'Since the attempt began, until it was over.'),
    outcome: text,
    status: nullOr(count),
    grpcStatus: described(text, 'What a call of gRPC has come to there, by name; absent: it is none, or nobody knows.'),
    pick: nullOr(pick),
  },
  ['grpcStatus'],
)

export const explainSchema = object({
  sampling: object({ rate: number, kept: count, keep: count, seen: count }),
  explanations: list(
    object(
      {
        id: text,
        at: { type: 'string', format: 'date-time' },
        method: text,
        target: described(text, 'Printable ASCII; secrets as ***.'),
        route: nullOr(text),
        pool: nullOr(text),
        status: described(nullOr(count), 'null: the client left before it had one.'),
        ending: { enum: ['answered', 'refused', 'truncated', 'abandoned', 'tunnel'] },
        detail: text,
        durationMs: number,
        asked: described(truth, 'It asked by its header; else chance has chosen it.'),
        attempts: list(attempt),
        nobody: described(pick, 'The last pick, where it found nobody.'),
      },
      ['detail', 'nobody'],
    ),
  ),
})
