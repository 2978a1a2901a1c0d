import { afterEach, describe, expect, test } from 'bun:test'
import type { SocketAddress } from '../../../core/address.ts'
import type { AdminConfig } from '../../../core/config/config.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import type { Refusal } from '../../../core/part.ts'
import { Addresses } from '../../../core/runtime/addresses.ts'
import { AdminHost } from '../../../core/runtime/admin-host.ts'
import { Secret } from '../../../core/secrets.ts'
import { adminSurroundings } from '../../support/admin-server.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'
import { testConfig } from '../../support/edge.ts'
import { freePorts } from '../../support/ports.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

let hosts: AdminHost[] = []
afterEach(() => {
  for (const host of hosts) host.stop()
  hosts = []
})

function hosting() {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const addresses = new Addresses(clock, (fault) => {
    throw fault
  })
  const emit = (event: EdgeEvent) => void events.push(event)
  const streams: ReadableStreamDefaultController<string>[] = []
  /** An answer that goes on until the test, or the server, ends it. */
  const start = (stream: ReadableStreamDefaultController<string>): void => {
    // With the first of it, the head goes out.
    stream.enqueue('hello')
    streams.push(stream)
  }
  const endless = () => new Response(new ReadableStream({ start }))
  const source = fakeAdminSource({ events: endless })
  const host = new AdminHost({ addresses, source, emit, surroundings: adminSurroundings({ clock }) })
  hosts.push(host)
  const prepare = (admin: AdminConfig | undefined) => host.prepare(testConfig({ admin }))
  const take = async (admin: AdminConfig | undefined) => (await prepare(admin)).commit()
  return { host, clock, events, streams, prepare, take }
}

const on = (port: number, facts: Partial<AdminConfig> = {}): AdminConfig => ({
  address: { kind: 'tcp', host: '127.0.0.1', port },
  token: undefined,
  open: true,
  ...facts,
})
const portOf = (address: SocketAddress | undefined): number => (address?.kind === 'tcp' ? address.port : 0)
const status = (port: number, token = 'none'): Promise<number | string> =>
  fetch(`http://127.0.0.1:${port}/api/status`, {
    headers: { connection: 'close', authorization: `Bearer ${token}` },
  }).then(
    (response) => response.status,
    () => 'refused',
  )

describe('the admin API', () => {
  test('is there from the commit on, and tells where', async () => {
    const { host, events, prepare } = hosting()
    expect(host.address).toBeUndefined()
    const move = await prepare(on(0))
    expect([host.address, events]).toEqual([undefined, []])
    move.commit()
    expect(await status(portOf(host.address))).toBe(200)
    expect(events).toMatchObject([{ kind: 'admin-listening', address: `127.0.0.1:${portOf(host.address)}` }])
  })

  test('stays where it is, and takes another token', async () => {
    const { host, events, take } = hosting()
    await take(on(0))
    const { address } = host
    await take(on(0, { token: new Secret('one'), open: false }))
    expect(host.address).toEqual(address)
    expect([await status(portOf(address)), await status(portOf(address), 'one')]).toEqual([401, 200])
    expect(events).toHaveLength(1)
  })

  test('moves, and lets whoever asked at the old address have a second for the answer', async () => {
    const { clock, streams, take } = hosting()
    const [one = 0, two = 0] = freePorts(2)
    await take(on(one))
    const answers = []
    for (const _ of [1, 2]) answers.push(await fetch(`http://127.0.0.1:${one}/api/events`))
    await take(on(two))
    expect([await status(one), await status(two)]).toEqual(['refused', 200])
    clock.advance(999)
    streams[0]!.enqueue(' again')
    streams[0]!.close()
    expect(await answers[0]!.text()).toBe('hello again')
    clock.advance(1)
    expect(await answers[1]!.text().catch(() => 'cut')).toBe('cut')
  })

  test('goes when the config has none', async () => {
    const { host, take } = hosting()
    const [port = 0] = freePorts(1)
    await take(on(port))
    await take(undefined)
    expect([host.address, await status(port)]).toEqual([undefined, 'refused'])
  })

  test('stays as it was when the move is abandoned', async () => {
    const { host, events, prepare, take } = hosting()
    const [one = 0, two = 0] = freePorts(2)
    await take(on(one))
    const moves = [on(two), on(one, { token: new Secret('other'), open: false }), undefined]
    for (const next of moves) (await prepare(next)).abandon()
    expect([await status(one), await status(two), portOf(host.address)]).toEqual([200, 'refused', one])
    expect(events).toHaveLength(1)
  })

  test('ends whoever has found an address that comes to nothing', async () => {
    const { prepare } = hosting()
    const [port = 0] = freePorts(1)
    const move = await prepare(on(port))
    const answer = await fetch(`http://127.0.0.1:${port}/api/events`)
    move.abandon()
    expect(await answer.text().catch(() => 'cut')).toBe('cut')
  })

  test('is refused by its key where the address cannot be had', async () => {
    const { prepare } = hosting()
    const refusal = await prepare(on(0, { address: { kind: 'tcp', host: '192.0.2.1', port: 1 } })).catch(
      (error: unknown) => error,
    )
    expect((refusal as Refusal).problems).toEqual([
      { key: 'admin.address', message: '192.0.2.1:1 is no address of this machine', isLocal: true },
    ])
  })
})
