import { describe, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { createAuthority } from '../support/authority.ts'
import { startTestEdge } from '../support/edge.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { valuesOf } from '../support/raw-message.ts'
import { connectTo, get } from '../support/raw-client.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { askSecurely, save, tlsListener, tlsPolicy } from '../support/tls.ts'

const root = createAuthority()
const authority = root.below('Test Intermediate')
const fingerprintOf = ({ cert }: { readonly cert: string }): string => new X509Certificate(cert).fingerprint256

describe('a listener that ends TLS', () => {
  test('serves what a plain one serves, and tells backends so', async () => {
    await using backend = startRawBackend({ answer: answering(ok('hello')) })
    const files = save(temporaryFolder(), 'a', authority.issue({ names: ['a.test'] }))
    await using edge = await startTestEdge([backend.port], { config: { listeners: [tlsListener(tlsPolicy([files]))] } })
    const { text, socket } = await askSecurely(edge.port, { ca: root.cert, ALPNProtocols: ['h2', 'http/1.1'] })
    expect(text).toStartWith('HTTP/1.1 200 OK\r\n')
    expect(text).toEndWith('\r\n\r\nhello')
    expect(socket.alpnProtocol).toBe('http/1.1')
    expect(valuesOf(backend.requests[0]!, 'x-forwarded-proto')).toEqual(['https'])
  })

  test('answers a request in plain HTTP in words', async () => {
    const files = save(temporaryFolder(), 'a', authority.issue({ names: ['a.test'] }))
    await using edge = await startTestEdge([], { config: { listeners: [tlsListener(tlsPolicy([files]))] } })
    await using client = await connectTo(edge.port)
    client.send(get())
    await client.expectEnd()
    expect(client.text).toStartWith('HTTP/1.1 400 Bad Request\r\n')
    expect(client.text).toContain('Use https://')
  })

  test('shows each client the certificate of its name and of a key that it knows', async () => {
    const folder = temporaryFolder()
    const [a, old, wild] = [
      authority.issue({ names: ['a.test'] }),
      authority.issue({ names: ['a.test'], kind: 'rsa' }),
      authority.issue({ names: ['*.b.test'] }),
    ]
    const files = [save(folder, 'a', a), save(folder, 'old', old), save(folder, 'wild', wild)]
    await using edge = await startTestEdge([], { config: { listeners: [tlsListener(tlsPolicy(files))] } })
    const shown = async (servername: string, more = {}): Promise<string> =>
      (await askSecurely(edge.port, { ca: root.cert, servername, checkServerIdentity: () => undefined, ...more }))
        .fingerprint
    expect(await shown('a.test')).toBe(fingerprintOf(a))
    expect(await shown('a.test', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' })).toBe(
      fingerprintOf(old),
    )
    expect(await shown('x.b.test')).toBe(fingerprintOf(wild))
    expect(await shown('x.y.b.test')).toBe(fingerprintOf(a))
    expect(await shown('')).toBe(fingerprintOf(a))
  })
})
