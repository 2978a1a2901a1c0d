import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { followMembers } from '../support/found-members.ts'
import { startDnsmasq } from '../support/dnsmasq.ts'
import { freePorts } from '../support/ports.ts'
import { registries } from '../support/registries.ts'
import { startProcess } from '../support/running-process.ts'

setDefaultTimeout(60_000)

describe('no request fails while members come and go, and their server dies and comes back', () => {
  test.each(Object.entries(registries))('found by %s', async (_kind, start) => {
    expect((await followMembers(start)).failures).toEqual([])
  })
})

describe('a name that has moved', () => {
  test('is followed as soon as its old address refuses, however long its records hold', async () => {
    await using dns = await startDnsmasq({ ttl: 600 })
    const [port = 0] = freePorts(1)
    const at = (hostname: string) => Bun.serve({ hostname, port, fetch: () => new Response(hostname) })
    const old = at('127.0.0.2')
    using _fresh = at('127.0.0.3')
    await dns.addresses({ 'web.test': ['127.0.0.2'] })
    const { address, port: at53 } = dns.server
    const discovery = [{ dns: { name: 'web.test', port, resolvers: [`${address}:${at53}`] } }]
    await using edge = await startProcess({ pool: { discovery } })
    await edge.event('ready')
    const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${edge.port}/`)).text()
    expect(await ask()).toBe('127.0.0.2')
    await dns.addresses({ 'web.test': ['127.0.0.3'] })
    await old.stop(true)
    // Without the early look-up this would take 30 s, and so end in the time-out of this test.
    while ((await ask()) !== '127.0.0.3');
  }, 20_000)
})
