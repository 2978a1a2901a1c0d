import { describe, expect, onTestFinished, test } from 'bun:test'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { createAuthority } from '../support/authority.ts'
import { makeMember } from '../support/make-backend.ts'
import { peerTls } from '../support/peer-tls.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { startTcpRig } from '../support/tcp-rig.ts'
import { save, tlsPolicy } from '../support/tls.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const root = createAuthority()

describe('a listener in TCP mode that ends TLS', () => {
  test('passes on what is inside, both ways, and each end', async () => {
    const files = save(temporaryFolder(), 'a', root.issue({ names: ['db.test'] }))
    await using rig = await startTcpRig()
    const { listeners } = rig.edge.edge.control.config
    await rig.edge.apply({ listeners: [{ ...listeners[0]!, tls: tlsPolicy([files]) }] })
    const client = connect({ port: rig.edge.port, host: '127.0.0.1', servername: 'db.test', ca: root.cert })
    let heard = ''
    let hasEnded = false
    client.on('data', (bytes) => (heard += bytes.toString('latin1')))
    client.on('end', () => (hasEnded = true))
    client.write('inside, at once')
    const peer = await rig.backends[0]!.connection(0)
    await peer.expectBytes('inside, at once')
    peer.send('as plain\x00bytes')
    await turnUntil(() => heard === 'as plain\x00bytes', 'what the backend says')
    peer.end()
    await turnUntil(() => hasEnded, 'its end')
    client.end()
    await peer.expectEnd()
    expect(rig.edge.counters).toMatchObject({ tunnels: 1, bytesFromClients: 15, bytesToClients: 14 })
  })

  test.each([
    [['postgresql'], 'postgresql'],
    [['h2', 'http/1.1'], 'http/1.1'],
    [['mqtt', 'x'], 'mqtt'],
  ])('agrees to what the client offers: %p', async (offered, agreed) => {
    const files = save(temporaryFolder(), 'a', root.issue({ names: ['db.test'] }))
    await using rig = await startTcpRig()
    const { listeners } = rig.edge.edge.control.config
    await rig.edge.apply({ listeners: [{ ...listeners[0]!, tls: tlsPolicy([files]) }] })
    const client = connect({
      port: rig.edge.port,
      host: '127.0.0.1',
      servername: 'db.test',
      ca: root.cert,
      ALPNProtocols: offered,
    })
    await turnUntil(() => rig.edge.counters.tunnels === 1, 'a tunnel')
    await turnUntil(() => client.alpnProtocol !== null && client.alpnProtocol !== undefined, 'the end of the handshake')
    expect(client.alpnProtocol).toBe(agreed)
    client.destroy()
    ;(await rig.backends[0]!.connection(0)).end()
  })
})

describe('a backend over TLS', () => {
  test('gets what a client in TCP mode sends as it is, inside', async () => {
    const server = createServer(peerTls().server, (socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (bytes) => socket.write(bytes.toString().toUpperCase()))
      socket.on('end', () => socket.end())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const members = [makeMember(port, { id: `https://127.0.0.1:${port}`, scheme: 'https' })]
    await using rig = await startTcpRig({ backends: 0, pool: { members, tls: peerTls().policy } })
    const client = await rig.connect()
    client.send('hello')
    await client.expectBytes('HELLO')
    client.end()
    await client.expectEnd()
  })
})
