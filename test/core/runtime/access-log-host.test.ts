import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import type { AccessLogPolicy } from '../../../core/access-log/policy.ts'
import type { Observer } from '../../../core/exchange/record.ts'
import { edgeLedger } from '../../../core/observe/counters.ts'
import { Refusal } from '../../../core/part.ts'
import { seededRandom } from '../../../core/random.ts'
import { AccessLogHost } from '../../../core/runtime/access-log-host.ts'
import { anyRequest, testConfig } from '../../support/edge.ts'
import { exchangeRecord } from '../../support/exchange-record.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

function hosting() {
  const folder = temporaryFolder()
  const observers: Observer[] = []
  const clock = virtualClock()
  const host = new AccessLogHost({
    clock,
    counters: edgeLedger.create(),
    emit: () => undefined,
    random: seededRandom(1),
    observers,
  })
  const policy = (name: string, field: 'status' | 'method' = 'status'): AccessLogPolicy => ({
    path: `${folder}/${name}`,
    format: { kind: 'json', fields: [field] },
    always: undefined,
    sampleRatio: 1,
    hidden: [],
  })
  return {
    clock,
    host,
    observers,
    policy,
    prepare: (accessLog: AccessLogPolicy | undefined) => host.prepare(testConfig({ accessLog })),
    put: async (accessLog: AccessLogPolicy | undefined): Promise<void> => {
      ;(await host.prepare(testConfig({ accessLog }))).commit()
    },
    observe: () => observers.forEach((observe) => observe(exchangeRecord())),
    read: (name: string) => readFileSync(`${folder}/${name}`, 'utf8'),
  }
}

describe('the access log of an edge', () => {
  test('has nobody observe anything while there is none', async () => {
    const { observers, put } = hosting()
    await put(undefined)
    expect(observers).toEqual([])
  })

  test('goes on in its file when only what a line holds has changed', async () => {
    const { host, observe, observers, policy, put, read } = hosting()
    await put(policy('a'))
    observe()
    await put(policy('a', 'method'))
    observe()
    expect(observers).toHaveLength(1)
    await host.end()
    expect([read('a'), observers.length]).toEqual(['{"status":200}\n{"method":"GET"}\n', 0])
  })

  test('goes to another file, and the one before gets what it still has to', async () => {
    const { host, observe, policy, put, read } = hosting()
    await put(policy('a'))
    observe()
    await put(policy('b'))
    observe()
    await host.end()
    expect([read('a'), read('b')]).toEqual(['{"status":200}\n', '{"status":200}\n'])
  })

  test('ends when it is taken out of the config, with what it has', async () => {
    const { host, observe, observers, policy, put, read } = hosting()
    await put(policy('a'))
    observe()
    await put(undefined)
    expect(observers).toEqual([])
    await host.end()
    expect(read('a')).toBe('{"status":200}\n')
  })

  test('that is abandoned leaves the one before as it was', async () => {
    const { host, observe, policy, prepare, put, read } = hosting()
    await put(policy('a'))
    ;(await prepare(policy('b'))).abandon()
    observe()
    await host.end()
    expect([read('a'), read('b')]).toEqual(['{"status":200}\n', ''])
  })

  test('refuses a file that cannot be opened, and the one before goes on', async () => {
    const { host, observe, policy, prepare, put, read } = hosting()
    await put(policy('a'))
    const refusal: unknown = await prepare(policy('none/b')).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(Refusal)
    expect((refusal as Refusal).problems).toMatchObject([{ key: 'log.access.to' }])
    observe()
    await host.end()
    expect(read('a')).toBe('{"status":200}\n')
  })

  test('hides what the rules of routes take credentials from', async () => {
    const { host, observers, policy, read } = hosting()
    const access = { apiKey: { from: { kind: 'query', name: 'k' }, hide: true } } as const
    const routes = [{ match: anyRequest, pool: 'web', priority: 5, access }]
    const accessLog = { ...policy('a'), format: { kind: 'json', fields: ['target'] } } as const
    ;(await host.prepare(testConfig({ accessLog, routes }))).commit()
    for (const observe of observers)
      observe(exchangeRecord({ request: 'GET /?k=sek_1&a=2 HTTP/1.1\r\nHost: a\r\n\r\n' }))
    await host.end()
    expect(read('a')).toBe('{"target":"/?k=***&a=2"}\n')
  })

  test('leaves nothing behind when everything ends at once', async () => {
    const { clock, host, observe, observers, policy, put, read } = hosting()
    await put(policy('a'))
    observe()
    host.stop()
    expect([read('a'), observers, clock.pending()]).toEqual(['{"status":200}\n', [], 0])
  })
})
