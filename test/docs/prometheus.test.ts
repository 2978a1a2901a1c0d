import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { expressionsOf, filledIn, grafanaPath, readAlerts, readDashboard, variableQueries } from '../support/grafana.ts'
import { startOtlpReceiver } from '../support/otlp-receiver.ts'
import { type Prometheus, startPrometheus } from '../support/prometheus.ts'
import { type RunningProcess, startProcess } from '../support/running-process.ts'

/** Three programs begin, on cores that others may have. */
const PATIENCE_MS = 120_000
setDefaultTimeout(PATIENCE_MS)

/** After so many scrapes more, what has no data yet will have none. */
const MOST_SCRAPES = 60

type Backend = Bun.Server<undefined>

const backend = (fetch: () => Response | Promise<Response>): Backend =>
  Bun.serve({ hostname: '127.0.0.1', port: 0, fetch })

const urlOf = ({ port }: Backend): string => `http://127.0.0.1:${port}`

/** All that there may be metrics of. */
function pools([good, failing, narrow]: readonly [Backend, Backend, Backend]) {
  return {
    web: {
      backends: [urlOf(good), urlOf(failing)],
      strategy: 'round-robin',
      concurrency: {},
      discovery: [{ file: 'not-there.json' }],
      sticky: { learn: { header: 'x-session' } },
      breaker: { openTime: '100ms', maxOpenTime: '100ms' },
      ejection: { failuresInRow: 5, baseTime: '100ms', interval: '100ms', maxTime: '100ms' },
      retry: { statuses: [500], budget: { ratio: 0, perSecond: 1 } },
      // Connections are opened again and again.
      timeouts: { maxAge: '10ms' },
    },
    narrow: { backends: [urlOf(narrow)], maxInflight: 1, queue: { length: 2, timeout: '100ms' } },
  }
}

const rules = {
  routes: [
    { match: { path: '/narrow' }, pool: 'narrow' },
    { match: { path: '/limited' }, pool: 'web', limits: [{ rate: '1/s' }] },
    { pool: 'web', hedge: { after: 'p50', least: '0ms' } },
  ],
  overload: { lag: '1m' },
  providers: { docker: { host: 'unix:///not-there.sock' } },
  clients: {},
  log: { access: { to: 'access.log' } },
}

/** Asks for each path again and again, in so many ways at once, until it is told to stop. */
function load(url: string, paths: readonly string[]): AsyncDisposable {
  const state = { isOver: false }
  const loops = paths.map(async (path) => {
    while (!state.isOver) await fetch(`${url}${path}`).then((response) => response.arrayBuffer())
  })
  return {
    async [Symbol.asyncDispose]() {
      state.isOver = true
      await Promise.all(loops)
    },
  }
}

const scrapes = async (prometheus: Prometheus): Promise<number> =>
  (await prometheus.query('sum(count_over_time(smartedge_build_info[1h]))'))[0]?.value ?? 0

/** Resolves to those of which `holds` was never true. */
async function withoutData<Item>(
  prometheus: Prometheus,
  items: readonly Item[],
  holds: (item: Item) => Promise<boolean>,
): Promise<readonly Item[]> {
  const last = (await scrapes(prometheus)) + MOST_SCRAPES
  let open = items
  for (let number = 0; open.length > 0 && number < last; number = await scrapes(prometheus)) {
    const answers = await Promise.all(open.map(holds))
    open = open.filter((_, index) => !answers[index])
  }
  return open
}

describe('a Prometheus that scrapes SmartEdge under load', () => {
  const stack = new AsyncDisposableStack()
  let edge: RunningProcess
  let prometheus: Prometheus
  const hasData = async (expression: string): Promise<boolean> =>
    (await prometheus.query(expression)).some(({ value }) => Number.isFinite(value))

  beforeAll(async () => {
    const backends = [
      backend(() => new Response('good', { headers: { 'x-session': 'one' } })),
      backend(() => new Response('bad', { status: 500 })),
      backend(() => Bun.sleep(20).then(() => new Response('at last'))),
    ] as const
    for (const one of backends) stack.defer(() => one.stop(true))
    const collector = stack.use(startOtlpReceiver())
    const config = { pools: pools(backends), ...rules, tracing: { endpoint: collector.url, sample: 0.1 } }
    edge = stack.use(await startProcess({ pool: {}, config }))
    await edge.event('ready')
    const paths = ['/', '/', '/limited', ...Array.from({ length: 5 }, () => '/narrow')]
    stack.use(load(`http://127.0.0.1:${edge.port}`, paths))
    const { host } = new URL(edge.adminUrl)
    prometheus = stack.use(await startPrometheus({ targets: [host], ruleFiles: [grafanaPath('alerts.yml')] }))
    expect(await withoutData(prometheus, ['smartedge_generation'], hasData)).toEqual([])
    // Another configuration, and then one that is none: both are to be seen.
    const file = edge.files.path('smartedge.config.json')
    const text = await Bun.file(file).text()
    await Bun.write(file, JSON.stringify({ ...(JSON.parse(text) as object), shutdownTimeout: '1s' }))
    await edge.event('reloaded')
    await Bun.write(file, '{')
    await edge.event('reload-failed')
  }, PATIENCE_MS)

  afterAll(() => stack.disposeAsync(), PATIENCE_MS)

  test('understands the page', async () => {
    const isUp = async (): Promise<boolean> =>
      (await prometheus.targets()).every(({ health, lastError }) => health === 'up' && lastError === '')
    expect(await withoutData(prometheus, ['the target'], isUp)).toEqual([])
  })

  test('has data for every query of the dashboard', async () => {
    const queries = expressionsOf(readDashboard())
    expect(await withoutData(prometheus, queries, ([, expression]) => hasData(filledIn(expression)))).toEqual([])
  })

  test('has values for every variable of the dashboard', async () => {
    const found = await Promise.all(
      variableQueries(readDashboard()).map(async ([name, selector, label]) => {
        const values = await prometheus.labelValues(label, filledIn(selector))
        return [name, values.length > 0] as const
      }),
    )
    expect(Object.fromEntries(found)).toEqual({ instance: true, route: true, pool: true, backend: true })
  })

  test('has data for every alert, of which those go off that should', async () => {
    const bare = readAlerts().map(({ alert, expr }) => [alert, expr.replace(/ (?:==|>) [\d.]+\s*$/, '')] as const)
    expect(await withoutData(prometheus, bare, ([, expression]) => hasData(expression))).toEqual([])
    const evident = [
      'SmartedgeErrors',
      'SmartedgePoolFull',
      'SmartedgeBackendFails',
      'SmartedgeRetriesRunOut',
      'SmartedgeSourceAway',
      'SmartedgeReloadFailed',
    ]
    const isOff = async (name: string): Promise<boolean> =>
      (await prometheus.rules()).some((rule) => rule.name === name && rule.state !== 'inactive')
    expect(await withoutData(prometheus, evident, isOff)).toEqual([])
    const told = await prometheus.rules()
    expect(told.filter(({ health }) => health !== 'ok')).toEqual([])
    const quiet = ['SmartedgePoolGone', 'SmartedgeOverloaded', 'SmartedgeDescriptors']
    expect(told.filter(({ name, state }) => quiet.includes(name) && state !== 'inactive')).toEqual([])
  })
})
