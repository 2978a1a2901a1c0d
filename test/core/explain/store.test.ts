import { describe, expect, test } from 'bun:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { explainSchema } from '../../../core/admin/explain-schema.ts'
import type { Explanation } from '../../../core/exchange/explaining.ts'
import { type ExplainQuery, ExplainStore } from '../../../core/explain/store.ts'
import type { ToldExplanations } from '../../../core/explain/told.ts'
import { exchangeRecord, type RecordOptions } from '../../support/exchange-record.ts'
import { pickExplanation } from '../../support/pick-explanation.ts'

const policy = { sample: 0.01, keep: 5 }
const attempt = {
  backend: 'a:80',
  isHedge: false,
  startedAt: 1,
  readyAt: 1.25,
  respondedAt: 5,
  endedAt: 6.0004,
  outcome: { kind: 'completed', status: 200, elapsedMs: 5 },
  pick: pickExplanation(),
} as const

const explained = (given: RecordOptions = {}, explanation: Partial<Explanation> = {}) =>
  exchangeRecord({ attempts: [attempt], explanation: { isAsked: false, nobody: undefined, ...explanation }, ...given })

function storing(keep = policy.keep) {
  const store = new ExplainStore({
    clock: { now: () => 0, wallTime: () => 0 },
    policy: { ...policy, keep },
    rivals: async () => [],
  })
  store.configure({ policy: { ...policy, keep }, hidden: ['pin'], routes: new Map([['r', 'a.example/*']]) })
  let turns = 0
  const turn = async (): Promise<void> => void (turns += 1)
  return {
    store,
    turns: () => turns,
    tell: async (query: Partial<ExplainQuery> = {}): Promise<ToldExplanations> =>
      JSON.parse(await store.tell({ last: 20, ...query }, turn)) as ToldExplanations,
  }
}

const validate = addFormats.default(new Ajv2020({ allErrors: true })).compile(closed(explainSchema))

/** The same schema with additional properties forbidden, so that a field the schema lacks is seen too. */
function closed(schema: unknown): object {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema as never
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)])
  return Object.fromEntries('properties' in schema ? [...entries, ['additionalProperties', false]] : entries) as object
}

describe('an explanation', () => {
  test('is told as the schema of the API says', async () => {
    const { store, tell } = storing()
    store.add(
      explained(
        { ending: { kind: 'refused', status: 503, detail: 'no backend' }, attempts: [] },
        { nobody: pickExplanation({ chosen: null }) },
      ),
    )
    store.add(explained({ ending: { kind: 'abandoned' }, pool: undefined, route: '' }))
    store.add(explained({}, { isAsked: true }))
    const told = await tell()
    validate(told)
    expect(validate.errors).toBeNull()
    expect(told.explanations.map(({ status, ending, asked }) => [status, ending, asked])).toEqual([
      [200, 'answered', true],
      [null, 'abandoned', false],
      [503, 'refused', false],
    ])
    expect(told.explanations[2]).toMatchObject({ detail: 'no backend', nobody: { chosen: null } })
    expect(told.explanations[1]).toMatchObject({ route: null, pool: null })
  })

  test('has the times of its attempts, and the pick that led to each', async () => {
    const { store, tell } = storing()
    store.add(explained({ startedAt: 0.5 }))
    const [{ attempts, route, durationMs, at } = fail()] = (await tell()).explanations
    expect([route, durationMs, at]).toEqual(['a.example/*', 19.5, new Date(-19.5).toISOString()])
    expect(attempts[0]).toMatchObject({
      backend: 'a:80',
      startMs: 0.5,
      readyMs: 0.25,
      firstByteMs: 4,
      totalMs: 5,
      outcome: 'completed',
      status: 200,
    })
    expect(attempts[0]?.pick).toMatchObject({
      drawn: ['b:80', 'a:80'],
      runnerUp: 'b:80',
      others: [],
      excluded: [{ untilMs: 1200 }],
    })
    expect(attempts[0]?.pick).not.toHaveProperty('askedWith')
  })

  test.each([
    [{ kind: 'failed', cause: 'timeout', elapsedMs: 5 }, 'failed: timeout'],
    [{ kind: 'abandoned', elapsedMs: 5 }, 'abandoned'],
    [{ kind: 'local', elapsedMs: 5 }, 'local'],
  ] as const)('says of %p: %s', async (outcome, said) => {
    const { store, tell } = storing()
    store.add(explained({ attempts: [{ ...attempt, outcome, readyAt: undefined, respondedAt: undefined }] }))
    expect((await tell()).explanations[0]?.attempts[0]).toMatchObject({
      outcome: said,
      status: null,
      readyMs: null,
      firstByteMs: null,
    })
  })

  test('names what a call of gRPC has come to', async () => {
    const { store, tell } = storing()
    store.add(explained({ attempts: [{ ...attempt, grpcStatus: 14 }, { ...attempt, grpcStatus: 0 }, attempt] }))
    const [{ attempts } = fail()] = (await tell()).explanations
    expect(attempts.map(({ grpcStatus }) => grpcStatus)).toEqual(['UNAVAILABLE', 'OK', undefined])
  })

  test.each([
    ['/a?token=abc&x=1', '/a?token=***&x=1'],
    ['/a?pin=1234', '/a?pin=***'],
    ['/\x1b[2J\x9b1m\r\n"<script>', '/%1B[2J%C2%9B1m%0D%0A"<script>'],
    [`/${'x'.repeat(9000)}?token=abc`, `/${'x'.repeat(499)}…`],
    [`/?token=${'s'.repeat(9000)}`, '/?token=***'],
    [`/${'x'.repeat(480)}?api_key=0123456789`, `/${'x'.repeat(480)}?api_key=***`],
  ])('shows of a target what is no secret, and no more than its beginning (%#)', async (target, shown) => {
    const { store, tell } = storing()
    store.add({ ...explained(), line: { method: 'GET', target, protocol: 'HTTP/1.1' } })
    expect((await tell()).explanations[0]?.target).toBe(shown)
  })

  test('is cut where it has no end', async () => {
    const { store, tell } = storing()
    const attempts = Array.from({ length: 100 }, () => attempt)
    const ending = { kind: 'refused', status: 502, detail: 'd'.repeat(5000) } as const
    store.add({
      ...explained({ attempts, ending }),
      line: { method: 'M'.repeat(5000), target: '/', protocol: 'HTTP/1.1' },
    })
    const [told] = (await tell()).explanations
    expect([told?.attempts.length, told?.detail?.length, told?.method.length]).toEqual([16, 300, 32])
  })
})

describe('a store of explanations', () => {
  test('keeps the newest, whatever comes, and tells how many', async () => {
    const { store, tell } = storing(5)
    for (let index = 1; index <= 1234; index += 1) store.add(explained())
    store.seen = 50_000
    const { sampling, explanations } = await tell()
    expect(sampling).toEqual({ rate: 0.01, kept: 5, keep: 5, seen: 50_000 })
    expect(explanations.map(({ id }) => id)).toEqual([1234, 1233, 1232, 1231, 1230].map((sequence) => `0-${sequence}`))
    const held = (store as unknown as { kept: unknown[] }).kept
    expect(held.length).toBeLessThan(5 + 200)
  })

  test('lets go of the oldest when it is to keep fewer, and of one that is to be kept alone', async () => {
    const { store, tell } = storing(5)
    for (let index = 1; index <= 5; index += 1) store.add(explained())
    store.configure({ policy: { sample: 1, keep: 2 }, hidden: [], routes: new Map() })
    expect((await tell()).explanations.map(({ id }) => id)).toEqual(['0-5', '0-4'])
    store.configure({ policy: { sample: 1, keep: 1 }, hidden: [], routes: new Map() })
    store.add(explained())
    store.add(explained())
    expect((await tell()).explanations.map(({ id }) => id)).toEqual(['0-7'])
  })

  test.each([
    [{}, [6, 5, 4, 3, 2, 1]],
    [{ last: 2 }, [6, 5]],
    [{ status: '5xx' }, [3, 2]],
    [{ status: '502' }, [3]],
    [{ status: 'none' }, [4]],
    [{ status: '2xx', slowerMs: 30 }, [5]],
    [{ slowerMs: 20 }, [5]],
    [{ pool: 'api' }, [1]],
    [{ route: 'a.example/*' }, [6, 5, 4, 3, 2]],
    [{ route: 'a.example/* to web' }, [6, 5, 4, 3, 2]],
    [{ route: 'a.example/* to api' }, []],
    [{ backend: 'z:80' }, [6]],
    [{ after: '0-4' }, [6, 5]],
    [{ after: '0-99' }, []],
    [{ after: 'other-5' }, [6, 5, 4, 3, 2, 1]],
    [{ after: '0-4', status: '2xx', last: 1 }, [6]],
  ] as const)('tells for %p %p', async (query, sequences) => {
    const { store, tell } = storing(6)
    store.add(explained({ pool: 'api', route: 'gone', ending: { kind: 'answered', status: 304 } }))
    store.add(explained({ ending: { kind: 'refused', status: 503, detail: 'no' } }))
    store.add(explained({ ending: { kind: 'truncated', status: 502 } }))
    store.add(explained({ ending: { kind: 'abandoned' } }))
    store.add(explained({ endedAt: 31 }))
    store.add(explained({ attempts: [attempt, { ...attempt, backend: 'z:80' }] }))
    expect((await tell(query)).explanations.map(({ id }) => Number(id.split('-')[1]))).toEqual([...sequences])
    expect(store.has({ last: 20, ...query })).toBe(sequences.length > 0)
  })

  test('writes each as text once, however often somebody asks, and lets traffic in between', async () => {
    const { store, tell, turns } = storing(200)
    let written = 0
    const counting = pickExplanation()
    Object.defineProperty(counting, 'candidates', { enumerable: true, get: () => ((written += 1), []) })
    for (let index = 0; index < 200; index += 1) store.add(explained({ attempts: [{ ...attempt, pick: counting }] }))
    await Promise.all(Array.from({ length: 20 }, () => tell({ last: 200 })))
    const [first, before] = [written, turns()]
    expect(before).toBeGreaterThanOrEqual(50)
    for (let index = 0; index < 100; index += 1) await tell({ last: 200 })
    expect([written, turns()]).toEqual([first, before])
    store.add(explained())
    expect((await tell({ last: 1 })).explanations[0]?.id).toBe('0-201')
    expect(written).toBe(first)
  })
})

const fail = (): never => {
  throw new Error('nothing was told')
}
