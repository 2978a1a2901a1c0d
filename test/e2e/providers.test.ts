/** Routes and pools that others make, by containers' labels, from where they are told to the answer of a request. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type Container, startDocker } from '../support/docker.ts'
import { endpoint, startKubernetes } from '../support/kubernetes.ts'
import { startProcess } from '../support/running-process.ts'

setDefaultTimeout(60_000)

const serve = (text: string) => Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response(text) })

const container = (name: string, port: number | undefined, labels: Readonly<Record<string, string>>): Container => ({
  name,
  networks: { host: '' },
  labels: Object.fromEntries(
    Object.entries({ port: String(port), ...labels }).map(([key, value]) => [`smartedge.${key}`, value]),
  ),
})

async function labelled(first: readonly Container[], { keep = '1s', ...config }: Record<string, unknown> = {}) {
  await using stack = new AsyncDisposableStack()
  const docker = stack.use(startDocker())
  docker.run(first)
  const edge = stack.use(
    await startProcess({
      pool: {},
      config: { pools: undefined, providers: { docker: { host: `unix://${docker.socket}` }, keep }, ...config },
    }),
  )
  await edge.event('ready')
  const ask = async (host: string): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${edge.port}/`, { headers: { host } })
    const text = await response.text()
    return response.ok ? text : String(response.status)
  }
  const owned = stack.move()
  return {
    docker,
    edge,
    ask,
    run(...containers: readonly Container[]) {
      docker.run(containers)
      docker.event('start', 'any')
    },
    /** Until it is answered so. */
    async until(host: string, answer: string): Promise<void> {
      while ((await ask(host)) !== answer);
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

describe('containers with labels', () => {
  test('are served, and so is who comes later', async () => {
    using one = serve('one')
    using two = serve('two')
    const a = container('a', one.port, { 'route.host': 'a.test', 'health.path': '/' })
    await using rig = await labelled([a])
    await rig.until('a.test', 'one')
    expect(await rig.ask('b.test')).toBe('404')
    rig.run(a, container('b', two.port, { 'route.host': 'b.test' }))
    await rig.until('b.test', 'two')
    // Or by a look at the files that came in between, which takes what is new here as well.
    const { origin, summary } = (await rig.edge.event('reloaded')) as { origin?: string; summary?: string }
    expect([`docker ${rig.docker.socket}`, 'watch']).toContain(origin ?? '')
    expect(summary).toContain('b.test')
  })

  test('that are faulty are told one by one, and change nothing for others', async () => {
    using one = serve('one')
    await using rig = await labelled([
      container('a', one.port, { 'route.host': 'a.test' }),
      container('b', one.port, { 'route.host': 'http://b.test' }),
      container('c', one.port, { 'route.hots': 'c.test' }),
    ])
    await rig.until('a.test', 'one')
    // Told before the route was there.
    const told = rig.edge.lines().flatMap((line) => /left out: (\w+) /.exec(line)?.[1] ?? [])
    expect(told.toSorted()).toEqual(['b', 'c'])
  })

  test('lose to the file, whose own routes and pools stay', async () => {
    using own = serve('own')
    using other = serve('other')
    await using rig = await labelled([container('web', other.port, { 'route.host': 'a.test' })], {
      pools: { web: { backends: [own.url.origin] } },
      routes: [{ pool: 'web', match: { path: '/*' } }],
    })
    expect(await rig.ask('a.test')).toBe('own')
  })

  test('that stop and are replaced fail no request, nor does a Docker that is killed', async () => {
    using one = serve('one')
    using two = serve('two')
    const labels = { 'route.host': 'a.test', pool: 'web' }
    const [old, fresh] = [container('old', one.port, labels), container('fresh', two.port, labels)]
    await using rig = await labelled([old])
    const answers: string[] = []
    const state = { isOver: false }
    const asking = (async () => {
      while (!state.isOver) answers.push(await rig.ask('a.test'))
    })()
    rig.run(old, fresh)
    await rig.until('a.test', 'two')
    rig.docker.event('kill', 'old', { signal: '15' })
    await rig.edge.event('discovery-changed')
    rig.run(fresh)
    await rig.docker.stop()
    await rig.edge.event('provider-away')
    const before = answers.length
    while (answers.length < before + 50) await Bun.sleep(0)
    rig.docker.start()
    await rig.edge.event('provider-back')
    state.isOver = true
    await asking
    expect(new Set(answers)).toEqual(new Set(['one', 'two']))
  })

  test('that are gone take their route with them after a while', async () => {
    using one = serve('one')
    await using rig = await labelled([container('a', one.port, { 'route.host': 'a.test' })])
    await rig.until('a.test', 'one')
    rig.run()
    await rig.until('a.test', '404')
  })
})

describe('routes of a cluster', () => {
  test('are served, and lead elsewhere as their weights change, without a failed request', async () => {
    using one = serve('one')
    using two = serve('two')
    await using kubernetes = startKubernetes()
    const servers = { one, two }
    for (const [name, { port }] of Object.entries(servers)) {
      kubernetes.apply('services', { metadata: { name }, spec: { ports: [{ port: 80 }] } })
      kubernetes.apply('endpointslices', {
        metadata: { name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
        addressType: 'IPv4',
        ports: [{ port }],
        endpoints: [endpoint('127.0.0.1')],
      })
    }
    const weigh = (weights: Readonly<Record<string, number>>): void =>
      kubernetes.apply('httproutes', {
        metadata: { name: 'web' },
        spec: {
          parentRefs: [{ name: 'edge' }],
          hostnames: ['a.test'],
          rules: [{ backendRefs: Object.entries(weights).map(([name, weight]) => ({ name, port: 80, weight })) }],
        },
      })
    weigh({ one: 100, two: 0 })
    kubernetes.apply('ingresses', {
      metadata: { name: 'own' },
      spec: { ingressClassName: 'smartedge', defaultBackend: { service: { name: 'two', port: { number: 80 } } } },
    })
    await using edge = await startProcess({
      pool: {},
      config: { pools: undefined, providers: { kubernetes: { routes: true, address: kubernetes.url }, keep: '1s' } },
    })
    await edge.event('ready')
    const ask = async (host: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${edge.port}/`, { headers: { host } })).text()
    while ((await ask('a.test')) !== 'one' || (await ask('b.test')) !== 'two');
    const answers = new Set<string>()
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) answers.add(await ask('a.test'))
    }
    weigh({ one: 50, two: 50 })
    await until(() => answers.has('two'))
    await kubernetes.stop()
    await edge.event('provider-away')
    for (let times = 0; times < 50; times += 1) answers.add(await ask('a.test'))
    kubernetes.start()
    weigh({ one: 0, two: 100 })
    for (let inRow = 0; inRow < 20;) inRow = (await ask('a.test')) === 'two' ? inRow + 1 : 0
    expect(answers).toEqual(new Set(['one', 'two']))
  })
})
