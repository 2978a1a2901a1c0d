import { afterEach, describe, expect, test } from 'bun:test'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { watchFeed } from '../../../cli/client/feed-client.ts'
import type { FeedUpdate } from '../../../core/view/follow.ts'
import { type FakeAdmin, type FakeAdminOptions, refusals, startFakeAdmin } from '../../support/fake-admin.ts'
import { frameOf, sampleHello } from '../../support/feed-frames.ts'
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.ts'

const endings: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

/** A watch that remembers what it was told; `until` resolves with the first update of a kind that has not been taken. */
function watch(url: string, clock: VirtualClock = virtualClock(), token?: string) {
  const updates: FeedUpdate[] = []
  const waiting: (() => void)[] = []
  const stop = watchFeed({
    target: { url, token },
    clock,
    onUpdate(update) {
      updates.push(update)
      for (const check of waiting) check()
    },
  })
  endings.push(stop)
  const until = <Kind extends FeedUpdate['kind']>(kind: Kind): Promise<FeedUpdate & { kind: Kind }> =>
    new Promise((resolve) => {
      const check = (): void => {
        const index = updates.findIndex((update) => update.kind === kind)
        if (index === -1) return
        waiting.splice(0)
        resolve(updates.splice(index, 1)[0] as FeedUpdate & { kind: Kind })
      }
      waiting.push(check)
      check()
    })
  return { clock, updates, until, stop }
}

function start(options: FakeAdminOptions = {}): FakeAdmin {
  const admin = startFakeAdmin(options)
  endings.push(() => admin.stop())
  return admin
}

describe('watching', () => {
  test('tells of the greeting, frames and events', async () => {
    const admin = start({ first: [frameOf([])] })
    const { until } = watch(admin.url)
    expect((await until('hello')).hello).toEqual(sampleHello)
    expect((await until('frame')).frame).toEqual(frameOf([]))
    admin.event(4, { at: 9, kind: 'fault', detail: 'é'.repeat(70_000) })
    expect((await until('event')).entry).toMatchObject({ id: 4, at: 9, kind: 'fault' })
  })

  test('goes over a Unix socket', async () => {
    const unix = join(tmpdir(), `smartedge-top-${process.pid}.sock`)
    endings.push(() => rm(unix, { force: true }))
    const admin = start({ unix })
    const { until } = watch(admin.url)
    expect((await until('hello')).hello.pid).toBe(sampleHello.pid)
  })

  test('sends the token', async () => {
    const admin = start()
    await watch(admin.url, virtualClock(), 'hunter2').until('hello')
    expect(admin.streams[0]?.authorization).toBe('Bearer hunter2')
  })

  test('comes back after a cut, and asks for what it missed', async () => {
    const admin = start()
    const { clock, until } = watch(admin.url)
    await until('hello')
    admin.event(7, { at: 1, kind: 'fault', detail: '' })
    await until('event')
    admin.cut()
    expect((await until('lost')).retryMs).toBe(500)
    clock.advance(500)
    await until('hello')
    expect(admin.streams[1]?.lastId).toBe('7')
  })

  test('waits longer each time, at most 8 s, and begins anew after a frame', async () => {
    const clock = virtualClock()
    const { until } = watch('http://127.0.0.1:1', clock)
    const pauses: number[] = []
    for (let step = 0; step < 7; step++) {
      const { retryMs, reason } = await until('lost')
      expect(reason).toBe('nothing listens there')
      pauses.push(retryMs)
      clock.advance(retryMs)
    }
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000])
  })

  test('takes a long silence for a lost connection', async () => {
    const admin = start({ first: [frameOf([])] })
    const { clock, until } = watch(admin.url)
    await until('frame')
    clock.advance(12_000)
    expect(await until('lost')).toMatchObject({ how: 'silent', reason: expect.stringContaining('silent') })
  })

  test('waits when too many watch', async () => {
    const { until } = watch(start({ refusal: refusals.busy }).url)
    expect((await until('lost')).reason).toContain('64 watchers')
  })

  test('says nothing after it was ended', async () => {
    const admin = start()
    const { stop, updates, until, clock } = watch(admin.url)
    await until('hello')
    stop()
    stop()
    admin.frame(frameOf([]))
    admin.cut()
    clock.advance(60_000)
    expect(updates).toEqual([])
    expect(clock.pending()).toBe(0)
  })
})

describe('what will not heal', () => {
  const cases: readonly (readonly [string, FakeAdminOptions, string])[] = [
    ['a wrong token', { refusal: refusals.token }, 'it wants a token'],
    ['another address', { refusal: refusals.missing }, '404'],
    [
      'a page',
      { refusal: () => new Response('<html>', { headers: { 'content-type': 'text/html' } }) },
      'no event stream',
    ],
    ['an error without words', { refusal: () => new Response('oops', { status: 500 }) }, '500'],
    ['a newer protocol', { hello: { ...sampleHello, protocol: 2, version: '9.0.0' } }, 'use the smartedge 9.0.0'],
    ['a greeting of somebody else', { hello: { hi: 'there' } as never }, 'no greeting'],
  ]
  for (const [name, options, reason] of cases) {
    test(`${name} ends it with the reason`, async () => {
      const { clock, until } = watch(start(options).url)
      expect((await until('refused')).reason).toContain(reason)
      expect(clock.pending()).toBe(0)
    })
  }

  test('a stream that is no JSON ends it', async () => {
    const admin = start()
    const { until } = watch(admin.url)
    await until('hello')
    admin.raw('event: frame\ndata: {"half\n\n')
    expect((await until('refused')).reason).toContain('no JSON')
  })

  test('odd frames and events are left out', async () => {
    const admin = start()
    const { until, updates } = watch(admin.url)
    await until('hello')
    admin.raw('event: frame\ndata: {}\n\nevent: event\ndata: []\n\nevent: what\ndata: 1\n\n')
    admin.frame(frameOf([]))
    await until('frame')
    expect(updates).toEqual([])
  })
})
