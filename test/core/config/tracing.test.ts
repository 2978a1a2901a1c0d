import { describe, expect, test } from 'bun:test'
import { configOf, problemsOf, withTop } from './read-config.ts'

const endpoint = 'http://127.0.0.1:4318/v1/traces'
const policy = (tracing: object) => configOf(withTop({ tracing })).tracing
const problems = (tracing: unknown) => problemsOf(withTop({ tracing }))

describe('tracing', () => {
  test('is off unless it is there', () => {
    expect(configOf(withTop({})).tracing).toBeUndefined()
  })

  test('needs no more than where spans go', () => {
    expect(policy({ endpoint })).toEqual({
      endpoint,
      headers: [],
      timeoutMs: 5000,
      service: 'smartedge',
      attributes: [],
      sampleRatio: 1,
      parent: 'follow',
      formats: ['tracecontext'],
    })
  })

  test('takes what is said, and shows no key of the collector’s', () => {
    const read = policy({
      endpoint,
      headers: { 'X-Api-Key': 'hush' },
      timeout: '2s',
      service: 'edge 1',
      attributes: { 'deployment.environment.name': 'prod' },
      sample: 0.01,
      parent: 'trusted',
      propagate: ['b3', 'tracecontext'],
    })
    expect(read).toMatchObject({
      timeoutMs: 2000,
      service: 'edge 1',
      attributes: [{ name: 'deployment.environment.name', value: 'prod' }],
      sampleRatio: 0.01,
      parent: 'trusted',
      formats: ['b3', 'tracecontext'],
    })
    expect(read?.headers.map(({ name, value }) => [name, value.reveal()])).toEqual([['x-api-key', 'hush']])
    expect(JSON.stringify(read)).not.toContain('hush')
  })

  test.each([
    [{}, 'tracing.endpoint is required'],
    [
      { endpoint: 'ftp://a/' },
      'tracing.endpoint must be an absolute http or https URL such as "http://127.0.0.1:4318/v1/traces", got "ftp://a/"',
    ],
    [{ endpoint: 'http://me:hush@a/' }, 'tracing.endpoint must not hold a user name or password'],
    [{ endpoint: '' }, 'tracing.endpoint must be an absolute http or https URL'],
    [{ endpoint, sample: 1.5 }, 'tracing.sample must be'],
    [{ endpoint, sample: -1 }, 'tracing.sample must be'],
    [{ endpoint, sample: '1%' }, 'tracing.sample must be'],
    [{ endpoint, parent: 'always' }, 'tracing.parent must be one of'],
    [{ endpoint, propagate: ['jaeger'] }, 'tracing.propagate[0] must be one of'],
    [{ endpoint, propagate: [] }, 'tracing.propagate must name each format once, and one at least'],
    [{ endpoint, propagate: ['b3', 'b3'] }, 'tracing.propagate must name each format once, and one at least'],
    [{ endpoint, service: '' }, 'tracing.service must be 1 to 256 characters'],
    [{ endpoint, service: 'a\nb' }, 'tracing.service must be 1 to 256 characters'],
    [{ endpoint, headers: { 'content-type': 'x' } }, 'is a field that SmartEdge itself writes'],
    [{ endpoint, headers: { a: '1', A: '2' } }, 'names a field a second time'],
    [{ endpoint, headers: { a: 'x\r\ny: z' } }, 'must be printable ASCII'],
    [{ endpoint, headers: { 'a b': 'x' } }, 'must be a field name such as "authorization"'],
    [{ endpoint, attributes: { '': 'x' } }, 'must be a name of letters'],
    [{ endpoint, timeout: '0s' }, 'tracing.timeout must be'],
    [[], 'tracing must be an object'],
  ])('%j is told where and what', (tracing, problem) => {
    expect(problems(tracing).join('\n')).toContain(problem)
  })

  test('a format that nobody knows is one problem', () => {
    expect(problems({ endpoint, propagate: ['jaeger'] })).toHaveLength(1)
  })

  test('tells no key of the collector’s, however wrong it is', () => {
    expect(problems({ endpoint, headers: { a: ' hush ' } }).join('\n')).not.toContain('hush')
  })
})

describe('tracing of a route', () => {
  const routes = (tracing: unknown) => [{ pool: 'web', tracing }]
  const read = (tracing: unknown) => configOf(withTop({ tracing: { endpoint }, routes: routes(tracing) })).routes[0]

  test('is as that of the others unless it says', () => {
    expect(configOf(withTop({ tracing: { endpoint } })).routes[0]?.tracing).toBeUndefined()
    expect(read({ sample: 0.5 })?.tracing).toEqual({ sampleRatio: 0.5 })
    expect(read({})?.tracing).toEqual({ sampleRatio: undefined })
    expect(read(false)?.tracing).toBe(false)
  })

  test('that is to be sampled needs a collector', () => {
    expect(problemsOf(withTop({ routes: routes({ sample: 1 }) })).join('\n')).toContain(
      'routes[0].tracing needs the collector that traces go to',
    )
    expect(problemsOf(withTop({ routes: routes(false) }))).toEqual([])
  })

  test.each([[true], [1], [{ ratio: 1 }], [{ sample: 2 }]])('%j is told what is wrong', (tracing) => {
    expect(problemsOf(withTop({ tracing: { endpoint }, routes: routes(tracing) }))).not.toEqual([])
  })
})
