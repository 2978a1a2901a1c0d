import { describe, expect, test } from 'bun:test'
import { MOST_PREVIEWS } from '../../../core/preview/contract.ts'
import type { Config } from '../../../core/config/config.ts'
import { apply } from '../../../core/control/edge-control.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { type Part, prepareInOrder, Refusal } from '../../../core/part.ts'
import { PreviewHost } from '../../../core/runtime/preview-host.ts'
import { testConfig } from '../../support/edge.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const HOUR = 3_600_000
const wish = (host: string, forMs = HOUR, url = 'http://10.0.0.9:80') => ({ host, url, forMs })

async function start(kept: { text: string | undefined } = { text: undefined }) {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const store = { read: () => kept.text, write: (text: string) => void (kept.text = text) }
  const host = new PreviewHost({ clock, emit: (event) => void events.push(event), store })
  const state = { config: testConfig(), refuses: false, served: [] as string[] }
  /** Stands for all parts behind it. */
  const behind: Part<Config> = {
    prepare: ({ routes }) => {
      if (state.refuses) throw new Refusal([{ key: '', message: 'the process is ending' }])
      const served = routes.flatMap(({ match }) => match.host ?? [])
      return Promise.resolve({ isNews: false, commit: () => void (state.served = served), abandon: () => undefined })
    },
  }
  const edge: Part<Config> = { prepare: (config) => prepareInOrder([host, host.over(behind)], config) }
  const put = async (config: Config) => {
    const move = await edge.prepare(config)
    state.config = config
    move.commit()
  }
  await put(state.config)
  host.attach({
    async reapply() {
      const applied = await apply(edge, state.config)
      return applied.kind === 'refused' ? applied.problems : []
    },
  })
  return { host, clock, events, state, kept, put }
}

describe('previews', () => {
  test('come, are replaced and go, each time in force and kept', async () => {
    const { host, state, events, kept } = await start()
    expect(await host.put(wish('pr-1.example.org'), 'me')).toMatchObject({
      kind: 'added',
      preview: { host: 'pr-1.example.org', until: '2026-01-01T01:00:00.000Z', origin: 'me', hiddenBy: null },
    })
    expect(state.served).toEqual(['pr-1.example.org'])
    expect(await host.put(wish('PR-1.example.org', 2 * HOUR, 'http://10.0.0.8:80'), 'me')).toMatchObject({
      kind: 'replaced',
    })
    expect(kept.text).toContain('10.0.0.8')
    expect(await host.remove('pr-1.EXAMPLE.org', 'me')).toBe(true)
    expect(await host.remove('pr-1.example.org', 'me')).toBe(false)
    expect([state.served, host.list(), kept.text?.includes('pr-1')]).toEqual([[], [], false])
    expect(events.map((event) => event.kind === 'preview' && event.what)).toEqual(['added', 'replaced', 'removed'])
  })

  test('are over when their time is, and not before', async () => {
    const { host, clock, state, events } = await start()
    await host.put(wish('a', HOUR), 'me')
    await host.put(wish('b', 50 * HOUR), 'me')
    clock.advance(HOUR - 1)
    expect(host.list()).toHaveLength(2)
    clock.advance(1001)
    await turnUntil(() => state.served.length === 1, 'the end of a')
    expect(events.at(-1)).toMatchObject({ kind: 'preview', host: 'a', what: 'expired' })
    while (state.served.length > 0) {
      clock.advance(HOUR / 2)
      await turnUntil(() => true, '')
    }
    expect(clock.now()).toBeGreaterThanOrEqual(50 * HOUR)
    expect(clock.pending()).toBe(0)
  })

  test('go on in another process, but for those that are over by then', async () => {
    const { host, kept } = await start()
    await host.put(wish('a', HOUR), 'me')
    await host.put(wish('b', 2 * HOUR), 'me')
    const text = kept.text?.replaceAll(/"until": (\d+)/g, (_, until: string) => `"until": ${Number(until) - HOUR}`)
    const next = await start({ text })
    expect(next.state.served).toEqual(['b'])
    expect(next.host.list()).toMatchObject([{ host: 'b', until: '2026-01-01T01:00:00.000Z' }])
  })

  test('give way to a route that is configured for their host, and come back after it', async () => {
    const { host, state, put } = await start()
    await host.put(wish('pr.example.org'), 'me')
    const plain = state.config
    const [everything] = plain.routes
    if (everything === undefined) throw new Error('no route')
    const claimed = { ...everything, match: { ...everything.match, host: '*.example.org' } }
    await put({ ...plain, routes: [claimed, everything] })
    expect([state.served, host.list()]).toEqual([
      ['*.example.org'],
      [expect.objectContaining({ hiddenBy: '*.example.org' })],
    ])
    expect(await host.put(wish('other.example.org'), 'me')).toMatchObject({
      kind: 'refused',
      detail: 'other.example.org is a host of the configured route *.example.org.',
    })
    await put(plain)
    expect([state.served, host.list()[0]?.hiddenBy]).toEqual([['pr.example.org'], null])
  })

  test('are bounded in number', async () => {
    const { host } = await start()
    for (let index = 0; index < MOST_PREVIEWS; index += 1) await host.put(wish(`pr-${index}`), 'me')
    expect(await host.put(wish('one-more'), 'me')).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('already'),
    })
    expect(await host.put(wish('pr-7', 2 * HOUR), 'me')).toMatchObject({ kind: 'replaced' })
  })

  test('stay as they are when the edge refuses, and one that is over is tried again', async () => {
    const { host, state, clock, kept } = await start()
    await host.put(wish('a'), 'me')
    const text = kept.text
    state.refuses = true
    expect(await host.put(wish('b'), 'me')).toEqual({ kind: 'refused', detail: 'the process is ending' })
    expect([host.list().map((one) => one.host), kept.text]).toEqual([['a'], text])
    clock.advance(2 * HOUR)
    await turnUntil(() => true, '')
    state.refuses = false
    await turnUntil(() => {
      clock.advance(1000)
      return state.served.length === 0
    }, 'the end of a')
  })

  test('that come at once are all served', async () => {
    const { host, state } = await start()
    const hosts = Array.from({ length: 10 }, (_, index) => `pr-${index}`)
    await Promise.all(hosts.map((one) => host.put(wish(one), 'me')))
    expect(state.served).toEqual(hosts)
  })

  test('are not there of an abandoned move', async () => {
    const { host, state } = await start()
    await host.put(wish('a'), 'me')
    const before = host.served
    const move = await host.prepare({ ...state.config, routes: [] })
    expect(host.served.routes).toHaveLength(1)
    move.abandon()
    expect(host.served).toBe(before)
  })
})
