/** HAProxy and nginx in front and behind: PROXY headers both ways, and TLS to them as backends. */
import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PoolConfig } from '../../core/config/config.ts'
import type { ProxyPolicy } from '../../core/proxy-protocol/policy.ts'
import { createAuthority, LOCAL_NAMES } from '../support/authority.ts'
import { startTestEdge, tcpListener, type TestEdge } from '../support/edge.ts'
import { makeMember } from '../support/make-backend.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { isMissing, NGINX_FOLDERS, startHaproxy, startNginx } from '../support/real-proxies.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const REQUIRED: ProxyPolicy = { from: undefined, others: 'refuse', timeoutMs: 5000 }
/** From another address of loopback, which nothing but a header could tell of. */
const CLIENT = '127.0.0.9'

const edgeBehind = (port: number): Promise<TestEdge> =>
  startTestEdge([port], { config: { listeners: [{ ...tcpListener('web', 0), proxyProtocol: REQUIRED }] } })

/** Asks for `/` from `CLIENT`. */
async function askFromClient(port: number, url = `http://127.0.0.1:${port}/`): Promise<string> {
  const child = Bun.spawn(['curl', '-sSk', '--max-time', '20', '--interface', CLIENT, url], { stderr: 'pipe' })
  return (await new Response(child.stdout).text()) + (await new Response(child.stderr).text())
}

const authority = createAuthority()
const issued = authority.issue({ names: [...LOCAL_NAMES, 'a.test'] })

function files() {
  const folder = temporaryFolder()
  const at = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  return {
    both: at('both.pem', issued.chain + issued.key),
    cert: at('cert.pem', issued.chain),
    key: at('key.pem', issued.key),
    ca: at('ca.pem', authority.cert),
  }
}

const secure = (port: number, ca: string, more: Partial<NonNullable<PoolConfig['tls']>> = {}): Partial<PoolConfig> => ({
  members: [makeMember(port, { id: `https://127.0.0.1:${port}`, scheme: 'https' })],
  tls: { ca: [ca], serverName: undefined, shown: undefined, verifies: true, ...more },
})

describe.skipIf(isMissing('haproxy'))('HAProxy', () => {
  test.each([
    ['send-proxy', ''],
    ['send-proxy-v2', ''],
    ['send-proxy-v2', ' proxy-v2-options crc32c,unique-id,authority,ssl'],
  ])('in front says who the client is, by %s%s, and checks us', async (header, options) => {
    await using backend = startRawBackend({ answer: answering(ok('hello')) })
    await using edge = await edgeBehind(backend.port)
    await using front = await startHaproxy(
      (port) => `listen front
  mode tcp
  bind 127.0.0.1:${port}
  unique-id-format %[uuid()]
  server one 127.0.0.1:${edge.port} ${header}${options} check inter 100ms`,
    )
    expect(await askFromClient(front.port)).toBe('hello')
    expect(valuesOf(backend.requests[0]!, 'x-forwarded-for')).toEqual([CLIENT])
    // Its checks go on, and none of them is a fault.
    const { connectionsAccepted } = edge.counters
    await turnUntil(() => edge.counters.connectionsAccepted > connectionsAccepted + 2, 'checks')
    expect(edge.counters.proxyHeadersRefused).toEqual({ invalid: 0, late: 0, cut: 0, stranger: 0 })
  })

  test('that ends TLS in front says so, and which name was asked for', async () => {
    const { both } = files()
    await using backend = startRawBackend({ answer: answering(ok('hello')) })
    await using edge = await edgeBehind(backend.port)
    await using front = await startHaproxy(
      (port) => `listen front
  mode tcp
  bind 127.0.0.1:${port} ssl crt ${both} alpn http/1.1
  server one 127.0.0.1:${edge.port} send-proxy-v2-ssl proxy-v2-options authority,ssl`,
    )
    expect(await askFromClient(front.port, `https://127.0.0.1:${front.port}/`)).toBe('hello')
    expect(valuesOf(backend.requests[0]!, 'x-forwarded-proto')).toEqual(['https'])
    expect(valuesOf(backend.requests[0]!, 'x-forwarded-for')).toEqual([CLIENT])
  })

  test.each(['v1', 'v2'] as const)('behind is told who the client is, by %s', async (version) => {
    await using behind = await startHaproxy(
      (port) => `frontend behind
  bind 127.0.0.1:${port} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst_port] %[fc_pp_unique_id,hex]"`,
    )
    await using edge = await startTestEdge([behind.port], {
      pool: {
        proxyProtocol: {
          version: version === 'v1' ? 1 : 2,
          tells: version === 'v1' ? [] : ['uniqueId'],
          hasChecksum: version === 'v2',
        },
      },
    })
    const told = await askFromClient(edge.port)
    expect(told).toMatch(
      version === 'v1'
        ? new RegExp(`^${CLIENT} \\d+ ${edge.port} $`)
        : new RegExp(`^${CLIENT} \\d+ ${edge.port} [0-9A-F]{32}$`),
    )
  })

  test('behind over TLS takes our certificate, and a PROXY header before it', async () => {
    const { both, ca, cert, key } = files()
    await using behind = await startHaproxy(
      (port) => `frontend behind
  bind 127.0.0.1:${port} accept-proxy ssl crt ${both} ca-file ${ca} verify required alpn h2,http/1.1
  http-request return status 200 content-type text/plain lf-string "%[src] %[ssl_fc_alpn] %[ssl_fc_sni] %[ssl_c_s_dn(cn)]"`,
    )
    await using edge = await startTestEdge([], {
      pool: {
        ...secure(behind.port, ca, { serverName: 'a.test', shown: { cert, key } }),
        proxyProtocol: { version: 2, tells: [], hasChecksum: true },
      },
    })
    expect(await askFromClient(edge.port)).toBe(`${CLIENT} http/1.1 a.test localhost`)
  })
})

describe.skipIf(isMissing('nginx'))('nginx', () => {
  test('in front says who the client is', async () => {
    await using backend = startRawBackend({ answer: answering(ok('hello')) })
    await using edge = await edgeBehind(backend.port)
    await using front = await startNginx(
      (port) => `stream { server { listen 127.0.0.1:${port}; proxy_pass 127.0.0.1:${edge.port}; proxy_protocol on; } }`,
    )
    expect(await askFromClient(front.port)).toBe('hello')
    expect(valuesOf(backend.requests[0]!, 'x-forwarded-for')).toEqual([CLIENT])
  })

  test.each([1, 2] as const)('behind is told who the client is, by version %p', async (version) => {
    await using behind = await startNginx(
      (port) => `http { ${NGINX_FOLDERS} server { listen 127.0.0.1:${port} proxy_protocol;
        location / { return 200 "$proxy_protocol_addr $proxy_protocol_server_port"; } } }`,
    )
    await using edge = await startTestEdge([behind.port], {
      pool: { proxyProtocol: { version, tells: [], hasChecksum: false } },
    })
    expect(await askFromClient(edge.port)).toBe(`${CLIENT} ${edge.port}`)
  })

  test.each(['TLSv1.2', 'TLSv1.3'])(
    'behind over %s serves one request after the other over one connection',
    async (version) => {
      const { cert, key, ca } = files()
      await using behind = await startNginx(
        (port) => `http { ${NGINX_FOLDERS} client_max_body_size 0; server { listen 127.0.0.1:${port} ssl;
        ssl_protocols ${version}; ssl_certificate ${cert}; ssl_certificate_key ${key};
        location / { return 200 "$connection_requests $ssl_protocol $ssl_server_name"; } } }`,
      )
      await using edge = await startTestEdge([], { pool: secure(behind.port, ca) })
      await using client = await connectTo(edge.port)
      const bodies: string[] = []
      for (let count = 0; count < 3; count += 1) bodies.push((await ask(client, get())).body)
      expect(bodies).toEqual([1, 2, 3].map((count) => `${count} ${version} `))
      expect(edge.backend().connections).toBe(1)
    },
  )
})
