import { describe, expect, test } from 'bun:test'
import type { Config } from '../../../core/config/config.ts'
import type { ContainerSink } from '../../../core/discovery/containers.ts'
import type { ProviderPolicy } from '../../../core/discovery/policy.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { Providers } from '../../../core/runtime/providers.ts'
import { sourceServices } from '../../../core/runtime/source-services.ts'
import { testConfig } from '../../support/edge.ts'
import { fail } from '../../support/fail.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const dockerAt = (path: string): ProviderPolicy => ({
  from: { kind: 'docker', place: { kind: 'unix', path }, network: undefined, takesAll: true, tls: undefined },
  keepMs: undefined,
})

const withProviders = (...paths: readonly string[]): Config =>
  testConfig({ pools: [], routes: [], providers: paths.map(dockerAt) })

function providing() {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const sinks = new Map<string, ContainerSink>()
  const told: string[] = []
  const services = {
    ...sourceServices({ clock, random: () => 0, reportFault: fail }),
    containers: ({ place }: { readonly place: { readonly kind: string } }, sink: ContainerSink) => {
      const path = 'path' in place ? String(place.path) : ''
      sinks.set(path, sink)
      return () => void sinks.delete(path)
    },
  }
  const providers = new Providers({ clock, emit: (event) => void events.push(event), services })
  return {
    clock,
    events,
    providers,
    told,
    sinks,
    follow: () => providers.follow((origin) => void told.push(origin)),
    /** Containers by name, with the host of their route. */
    run: (path: string, hosts: Readonly<Record<string, string>>) =>
      sinks.get(path)?.list(
        Object.entries(hosts).map(([name, host]) => ({
          Names: [name],
          State: 'running',
          Labels: { 'smartedge.route.host': host },
        })),
      ),
    poolsOf: (config: Config) => providers.whole(config).pools.map(({ name }) => name),
  }
}

describe('providers', () => {
  test('are heard before their config is in force', async () => {
    const rig = providing()
    const config = withProviders('/a')
    const preparing = rig.providers.prepare(config)
    await turnUntil(() => rig.sinks.has('/a'), 'a provider')
    rig.run('/a', { one: 'one.test' })
    const move = await preparing
    expect(rig.poolsOf(config)).toEqual(['one'])
    move.commit()
    expect(rig.poolsOf(config)).toEqual(['one'])
  })

  test('that are silent are waited for no longer than three seconds', async () => {
    const rig = providing()
    const preparing = rig.providers.prepare(withProviders('/a'))
    await turnUntil(() => rig.clock.pending() > 0, 'a wait')
    rig.clock.advance(3000)
    ;(await preparing).commit()
    expect([rig.clock.pending(), rig.providers.list.map(({ presence }) => presence.kind)]).toEqual([0, ['waiting']])
  })

  test('tell of changes together, ten times a second at most', async () => {
    const rig = providing()
    const config = withProviders('/a')
    const preparing = rig.providers.prepare(config)
    await turnUntil(() => rig.sinks.has('/a'), 'a provider')
    rig.run('/a', {})
    ;(await preparing).commit()
    rig.follow()
    rig.clock.advance(250)
    for (let times = 0; times < 100; times += 1) {
      rig.run('/a', { one: `h${times}.test` })
      rig.clock.advance(10)
    }
    expect([...new Set(rig.told)]).toEqual(['docker /a'])
    expect(rig.told.length).toBeLessThanOrEqual(11)
    rig.clock.advance(250)
    expect(rig.providers.whole(config).routes.map(({ match }) => match.host)).toEqual(['h99.test'])
  })

  test('tell of what has changed before anybody asked', async () => {
    const rig = providing()
    const preparing = rig.providers.prepare(withProviders('/a'))
    await turnUntil(() => rig.sinks.has('/a'), 'a provider')
    rig.run('/a', { one: 'one.test' })
    ;(await preparing).commit()
    expect(rig.told).toEqual([])
    rig.follow()
    rig.clock.advance(250)
    expect(rig.told).toEqual(['docker /a'])
  })

  test('go on over another config that has them, and end with one that has not', async () => {
    const rig = providing()
    const config = withProviders('/a')
    const preparing = rig.providers.prepare(config)
    await turnUntil(() => rig.sinks.has('/a'), 'a provider')
    rig.run('/a', { one: 'one.test' })
    ;(await preparing).commit()
    const [first] = rig.providers.list
    ;(await rig.providers.prepare({ ...config, drainTimeoutMs: 1 })).commit()
    expect(rig.providers.list[0]).toBe(first as NonNullable<typeof first>)
    ;(await rig.providers.prepare(testConfig({}))).commit()
    expect([rig.sinks.size, rig.providers.list]).toEqual([0, []])
    expect(rig.providers.whole(config).pools).toEqual([])
  })

  test('that were only tried out end', async () => {
    const rig = providing()
    const preparing = rig.providers.prepare(withProviders('/a'))
    await turnUntil(() => rig.sinks.has('/a'), 'a provider')
    rig.run('/a', { one: 'one.test' })
    ;(await preparing).abandon()
    expect([rig.sinks.size, rig.poolsOf(withProviders('/a'))]).toEqual([0, []])
  })

  test('lose to the file, which is told', async () => {
    const rig = providing()
    const own = testConfig({ providers: [dockerAt('/a')] })
    const [route] = own.routes
    const config: Config = { ...own, routes: route ? [{ ...route, match: { ...route.match, host: 'one.test' } }] : [] }
    const preparing = rig.providers.prepare(config)
    await turnUntil(() => rig.sinks.has('/a'), 'a provider')
    rig.run('/a', { one: 'one.test', two: 'two.test' })
    ;(await preparing).commit()
    expect(rig.providers.whole(config).routes.map(({ pool }) => pool)).toEqual([route?.pool ?? '', 'two'])
    expect(rig.events).toMatchObject([{ kind: 'provider-shadowed', count: 1 }])
  })
})
