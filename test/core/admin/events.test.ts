import { describe, expect, test } from 'bun:test'
import { createEventStream } from '../../../core/admin/events.ts'
import { createEventLog } from '../../../core/observe/event-log.ts'
import { createFeed } from '../../../core/report/feed.ts'
import { adminRequest } from '../../support/admin-request.ts'
import { fakeBackend, fakeEdge, fakeProcess } from '../../support/edge-view.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

function rig(backends = [fakeBackend()]) {
  const clock = virtualClock()
  const edge = fakeEdge(backends)
  const log = createEventLog(clock, () => undefined)
  const feed = createFeed({ view: () => edge, process: () => fakeProcess, clock })
  const stream = createEventStream({ feed, log, maxWatchers: 64 })
  const open = (headers: Record<string, string> = {}) => {
    const response = stream(adminRequest('/api/events', { headers }))
    const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>
    return { response, reader, read: async () => new TextDecoder().decode((await reader.read()).value) }
  }
  return { clock, log, stream, open }
}

const kindsIn = (text: string): string[] => [...text.matchAll(/^event: (\w+)$/gm)].map((match) => match[1] ?? '')

describe('event stream', () => {
  test('begins with a hello that names the protocol, then what happened, then a frame', async () => {
    const { log, open } = rig()
    log.emit({ kind: 'fault', detail: 'two\nlines' })
    const { response, read } = open()
    expect(response.headers.get('content-type')).toStartWith('text/event-stream')
    const first = await read()
    expect(kindsIn(first)).toEqual(['hello', 'event'])
    expect(JSON.parse(first.split('\n')[1]?.slice('data: '.length) ?? '')).toMatchObject({ protocol: 1, pid: 42 })
    expect(first).toContain(
      'id: 1767225600001\nevent: event\ndata: {"at":1767225600000,"kind":"fault","detail":"two\\nlines"}\n\n',
    )
    expect(kindsIn(await read())).toEqual(['frame'])
  })

  test('lets a watcher in however much has happened, and tells it the newest', async () => {
    const { clock, log, open } = rig()
    for (let count = 0; count < 100; count += 1) log.emit({ kind: 'fault', detail: `${count} ${'x'.repeat(10_000)}` })
    const { read } = open()
    const first = await read()
    expect([first.includes('"detail":"0 '), first.includes('"detail":"99 ')]).toEqual([false, true])
    expect(kindsIn(await read())).toEqual(['frame'])
    clock.advance(250)
    expect(kindsIn(await read())).toEqual(['frame'])
  })

  test('sends frames and events as they come', async () => {
    const { clock, log, open } = rig()
    const { read } = open()
    await read()
    await read()
    log.emit({ kind: 'fault', detail: 'now' })
    expect(await read()).toContain('"detail":"now"')
    clock.advance(250)
    expect(kindsIn(await read())).toEqual(['frame'])
  })

  test('tells a watcher that comes back only what it missed', async () => {
    const { log, open } = rig()
    for (const detail of ['a', 'b', 'c']) log.emit({ kind: 'fault', detail })
    const back = { 'last-event-id': String(log.after(0)[1]?.id) }
    expect(await open(back).read()).toContain('"detail":"c"')
    expect(kindsIn(await open(back).read())).toEqual(['hello', 'event'])
    for (const odd of ['', '-1', 'x', '9'.repeat(40), '1e3']) {
      expect(kindsIn(await open({ 'last-event-id': odd }).read())).toHaveLength(4)
    }
  })

  test('stops working when the last watcher leaves', async () => {
    const { clock, open } = rig()
    const watchers = [open(), open()]
    expect(clock.pending()).toBe(1)
    await watchers[0]?.reader.cancel()
    expect(clock.pending()).toBe(1)
    await watchers[1]?.reader.cancel()
    expect(clock.pending()).toBe(0)
    expect(kindsIn(await open().read())).toEqual(['hello'])
  })

  test('drops a watcher that does not read, and keeps the others', async () => {
    const { clock, open } = rig(Array.from({ length: 90 }, (_, index) => fakeBackend({ id: `backend-${index}` })))
    const slow = open()
    const quick = open()
    let frames = 0
    for (let step = 0; step < 40; step++) {
      clock.advance(250)
      // The first read is of the hello.
      frames += kindsIn(await quick.read()).includes('frame') ? 1 : 0
    }
    expect(frames).toBe(39)
    const outcomes: string[] = []
    for (let step = 0; step < 40; step++) {
      outcomes.push(
        await slow.reader.read().then(
          () => 'read',
          (error: unknown) => String(error),
        ),
      )
    }
    expect(outcomes.at(-1)).toContain('too slowly')
  })

  test('refuses more watchers than any dashboard needs', () => {
    const { open } = rig()
    const statuses = Array.from({ length: 65 }, () => open().response.status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(64)
    expect(statuses.at(-1)).toBe(503)
  })

  test('answers HEAD without beginning to watch', () => {
    const { clock, stream } = rig()
    const response = stream(adminRequest('/api/events', { method: 'HEAD' }))
    expect(response.body).toBeNull()
    expect(clock.pending()).toBe(0)
  })
})
