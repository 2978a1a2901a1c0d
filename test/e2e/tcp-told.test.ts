/** What is told of a connection in TCP mode: to the access log, and to strategies. */
import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { writeV1 } from '../../core/proxy-protocol/write.ts'
import { helloFor } from '../support/client-hello.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { startTcpRig, tcpRoute, type TcpRigOptions } from '../support/tcp-rig.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const fields = ['client', 'protocol', 'method', 'host', 'status', 'ending', 'requestBytes', 'responseBytes'] as const

async function logged(options: TcpRigOptions) {
  const path = `${temporaryFolder()}/access.log`
  const accessLog = { path, format: { kind: 'json', fields }, always: undefined, sampleRatio: 1, hidden: [] } as const
  const rig = await startTcpRig({ ...options, config: { accessLog } })
  return {
    rig,
    /** The first, once there is one: time stands still but for what the log needs. */
    async line(isOver: () => boolean): Promise<unknown> {
      await turnUntil(isOver, 'the end')
      rig.edge.clock.advance(100)
      const text = () => (existsSync(path) ? readFileSync(path, 'utf8') : '')
      await turnUntil(() => text().includes('\n'), 'a line')
      return JSON.parse(text().split('\n')[0] ?? '')
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  }
}

describe('the line of a connection in TCP mode', () => {
  test('counts what has passed, what was read first as well', async () => {
    await using made = await logged({ mode: 'passthrough', routes: [tcpRoute({ host: 'db.example' })] })
    const { rig } = made
    const client = await rig.connect()
    const hello = helloFor('db.example')
    client.send(hello)
    const peer = await rig.backends[0]!.connection(0)
    await peer.expectBytes(hello.toString('latin1'))
    client.send('more')
    await peer.expectBytes('more')
    peer.send('back')
    await client.expectBytes('back')
    client.end()
    peer.end()
    expect(await made.line(() => rig.edge.counters.connectionsOpen === 0)).toEqual({
      client: '127.0.0.1',
      protocol: 'TCP',
      host: 'db.example',
      status: 101,
      ending: 'tunnel',
      requestBytes: hello.length + 4,
      responseBytes: 4,
    })
  })

  test('says that it was refused', async () => {
    const limits = [{ kind: 'connections', name: 'l', by: [{ kind: 'address' }], report: false, most: 1 }] as const
    await using made = await logged({ routes: [tcpRoute({ limits })] })
    await made.rig.join()
    await made.rig.connect().catch(() => undefined)
    const line = await made.line(() => made.rig.edge.counters.refused.concurrency === 1)
    expect(line).toMatchObject({ protocol: 'TCP', status: 429, ending: 'refused', requestBytes: 0 })
  })
})

describe('a strategy', () => {
  test('hears of a connection as of a request that is answered by a 101 once it stands', async () => {
    const heard: string[] = []
    ;(globalThis as { heardOfTcp?: string[] }).heardOfTcp = heard
    const folder = temporaryFolder()
    const file = `${folder}/telling.ts`
    await Bun.write(
      file,
      `const tell = (text) => globalThis.heardOfTcp?.push(text)
      export default { apiVersion: 2, name: 'telling', create: () => ({
        pick(candidates, context) { tell('pick ' + context.client.address + ' ' + context.key); return candidates[0] },
        onStart: () => tell('start'),
        onResponse: (attempt, status) => tell('response ' + status),
        onEnd: (attempt, outcome) => tell('end ' + outcome.kind + ' ' + outcome.status),
      }) }`,
    )
    const strategy = { use: file, options: undefined }
    await using rig = await startTcpRig({ pool: { strategy, affinity: [{ kind: 'client' }] } })
    heard.length = 0
    const { client, peer } = await rig.join()
    client.send('x')
    await peer.expectBytes('x')
    expect(heard).toEqual(['pick 127.0.0.1 127.0.0.1', 'start', 'response 101'])
    client.end()
    peer.end()
    await turnUntil(() => heard.length === 4, 'its end')
    expect(heard.at(-1)).toBe('end completed 101')
  })
})

describe('a PROXY header', () => {
  const route = { source: { address: '192.0.2.7', port: 4711 }, destination: { address: '198.51.100.1', port: 5432 } }

  test('says who the client is, and is told on to the backend', async () => {
    await using rig = await startTcpRig({ pool: { proxyProtocol: { version: 1, tells: [], hasChecksum: false } } })
    const { listeners } = rig.edge.edge.control.config
    const proxyProtocol = { from: undefined, others: 'refuse', timeoutMs: 5000 } as const
    await rig.edge.apply({ listeners: [{ ...listeners[0]!, proxyProtocol }] })
    const client = await rig.connect()
    client.send(Buffer.concat([writeV1(route), Buffer.from('at once')]))
    const peer = await rig.backends[0]!.connection(0)
    await peer.expectBytes('PROXY TCP4 192.0.2.7 198.51.100.1 4711 5432\r\nat once')
    peer.send('back')
    await client.expectBytes('back')
    client.send('later')
    await peer.expectBytes('later')
    client.end()
    await peer.expectEnd()
    peer.end()
  })
})
