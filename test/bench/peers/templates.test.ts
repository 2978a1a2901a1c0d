import { describe, expect, test } from 'bun:test'
import { renderCaddyfile } from '../../../bench/peers/caddy.ts'
import { parseCommandPeer } from '../../../bench/peers/command.ts'
import { renderHaproxy, renderHaproxyTcp } from '../../../bench/peers/haproxy.ts'
import { renderNginx, renderNginxStream } from '../../../bench/peers/nginx.ts'
import { listTurns } from '../../../bench/peers/node.ts'
import { createSmartedge, renderSmartedge } from '../../../bench/peers/smartedge.ts'
import { renderRoutes, renderTraefik } from '../../../bench/peers/traefik.ts'
import { problemsOf } from '../../core/config/read-config.ts'

const job = { port: 4001, backendPorts: [5001, 5002], directory: '/tmp/x' }
const tcp = { ...job, mode: 'tcp' } as const
const weighted = { ...job, weights: [1, 4] }

const templates = {
  nginx: renderNginx(job),
  haproxy: renderHaproxy(job),
  caddy: renderCaddyfile(job),
  smartedge: renderSmartedge(job),
  traefik: renderTraefik(job) + renderRoutes(job),
  'nginx, passing on bytes': renderNginxStream(tcp),
  'haproxy, passing on bytes': renderHaproxyTcp(tcp),
  'smartedge, passing on bytes': renderSmartedge(tcp),
}

describe.each(Object.entries(templates))('the configuration of %s', (_, text) => {
  test('listens on loopback and names every backend', () => {
    for (const port of [4001, 5001, 5002]) expect(text).toContain(`127.0.0.1:${port}`)
  })

  test('leaves nothing unfilled', () => {
    expect(text).not.toMatch(/undefined|NaN|\[object/)
  })

  test('opens no other address', () => {
    expect(text).not.toMatch(/0\.0\.0\.0|listen (?!127\.)|bind \*/)
  })
})

test('where backends speak TLS, all of them judge who is there', () => {
  const secured = { ...job, backendTls: { cert: '/tmp/x/a.pem', key: '/tmp/x/a.key', both: '/tmp/x/b.pem' } }
  expect(renderNginx(secured)).toContain('proxy_pass https://backends;\n      proxy_ssl_verify on;')
  expect(renderHaproxy(secured).match(/ssl verify required ca-file \/tmp\/x\/a\.pem/g)).toHaveLength(2)
  expect(problemsOf(renderSmartedge(secured), { present: ['/tmp/x/a.pem'] })).toEqual([])
  expect(renderSmartedge(secured)).toContain('"url": "https://127.0.0.1:5001"')
})

describe('templates of one worker without a log', () => {
  test('say so', () => {
    expect(templates.nginx).toContain('worker_processes 1;')
    expect(templates.nginx).toContain('access_log off;')
    expect(templates.haproxy).toContain('nbthread 1')
    expect(templates.haproxy).not.toContain('\nlog ')
  })
})

describe('weights', () => {
  test('stand beside their backends', () => {
    expect(renderNginx(weighted)).toContain('server 127.0.0.1:5002 weight=4;')
    expect(renderHaproxy(weighted)).toContain('127.0.0.1:5002 weight 4')
    expect(renderCaddyfile(weighted)).toContain('lb_policy weighted_round_robin 1 4')
    expect(JSON.parse(renderSmartedge(weighted)).pools.web.backends[1]).toEqual({
      url: 'http://127.0.0.1:5002',
      weight: 4,
    })
  })

  test('are turns where there is nothing else', () => {
    expect(listTurns(weighted)).toEqual([5001, 5002, 5002, 5002, 5002])
    expect(listTurns(job)).toEqual([5001, 5002])
  })
})

describe('SmartEdge as a contestant', () => {
  test('is told its strategy and a key to hash only when one is asked for', () => {
    expect(JSON.parse(renderSmartedge(job)).pools.web.strategy).toBeUndefined()
    const { strategy, affinity } = JSON.parse(renderSmartedge(job, 'consistent-hash')).pools.web
    expect({ strategy, affinity }).toEqual({ strategy: 'consistent-hash', affinity: 'query:id' })
    expect(createSmartedge('p2c').name).toBe('smartedge:p2c')
  })
})

describe('TLS', () => {
  const tls = { cert: '/tmp/x/a.pem', key: '/tmp/x/a.key', both: '/tmp/x/a.both.pem' }
  const secured = { ...job, tls }

  test('is absent unless asked for', () => {
    for (const text of [templates.nginx, templates.haproxy, templates.smartedge]) expect(text).not.toMatch(/ssl|tls/)
  })

  test('has the same certificate and versions everywhere', () => {
    const nginx = renderNginx(secured)
    expect(nginx).toContain('listen 127.0.0.1:4001 ssl backlog=4096;')
    expect(nginx).toContain(`ssl_certificate ${tls.cert};`)
    expect(nginx).toContain('ssl_protocols TLSv1.2 TLSv1.3;')
    expect(renderHaproxy(secured)).toContain(`bind 127.0.0.1:4001 ssl crt ${tls.both} ssl-min-ver TLSv1.2`)
    expect(problemsOf(renderSmartedge(secured), { present: [tls.cert, tls.key] })).toEqual([])
    const { listeners } = JSON.parse(renderSmartedge(secured))
    expect(listeners.web.tls.certificates).toEqual([{ cert: tls.cert, key: tls.key }])
  })
})

describe('HTTP/2', () => {
  const tls = { cert: '/tmp/x/a.pem', key: '/tmp/x/a.key', both: '/tmp/x/a.both.pem' }
  const front = { ...job, http2: 'front' } as const
  const both = { ...job, http2: 'both' } as const

  test('is absent unless asked for', () => {
    for (const text of [templates.nginx, templates.haproxy, templates.smartedge]) expect(text).not.toMatch(/http2|h2/)
  })

  test('is what clients speak, by prior knowledge or over TLS', () => {
    expect(renderNginx(front)).toContain('listen 127.0.0.1:4001 http2 backlog=4096;')
    expect(renderNginx({ ...front, tls })).toContain('listen 127.0.0.1:4001 ssl http2 backlog=4096;')
    expect(renderHaproxy(front)).toContain('bind 127.0.0.1:4001 proto h2\n')
    expect(renderHaproxy({ ...front, tls })).toContain('ssl-min-ver TLSv1.2 alpn h2,http/1.1\n')
    expect(problemsOf(renderSmartedge(front))).toEqual([])
    expect(JSON.parse(renderSmartedge(front)).listeners.web.http2).toBe(true)
    expect(JSON.parse(renderSmartedge(front)).pools.web.protocol).toBeUndefined()
  })

  test('is what backends speak where that is asked for', () => {
    expect(renderHaproxy(front)).not.toMatch(/server.* proto h2/)
    expect(renderHaproxy(both).match(/server .* proto h2$/gm)).toHaveLength(2)
    expect(problemsOf(renderSmartedge(both))).toEqual([])
    expect(JSON.parse(renderSmartedge(both)).pools.web.protocol).toBe('h2c')
  })
})

describe('safeguards', () => {
  const room = { maxInflight: 2, queueLength: 20, queueMs: 200 }
  const bare = { ...job, safeguards: { tryMs: 250 } }
  const whole = { ...job, safeguards: { tryMs: 250, slowMs: 20, hedge: true, room } }

  test('are absent unless asked for', () => {
    expect(templates.nginx).not.toMatch(/next_upstream|max_fails|proxy_read_timeout/)
    expect(templates.haproxy).not.toMatch(/retry-on|check|timeout queue/)
    const { routes, pools } = JSON.parse(templates.smartedge)
    expect({ routes, keys: Object.keys(pools.web) }).toEqual({
      routes: undefined,
      keys: ['backends', 'maxIdleConnections'],
    })
  })

  test('are retries, time-outs and failing servers left out', () => {
    const nginx = renderNginx(bare)
    expect(nginx).toContain('server 127.0.0.1:5002 weight=1 max_fails=3 fail_timeout=1s;')
    expect(nginx).toContain('proxy_next_upstream error timeout http_502 http_503 http_504;')
    expect(nginx).toContain('proxy_read_timeout 250ms;')
    const haproxy = renderHaproxy(bare)
    expect(haproxy).toContain('retry-on conn-failure empty-response response-timeout 502 503 504')
    expect(haproxy).toContain('observe layer7')
    expect(haproxy).toContain('timeout server 250ms')
    expect(nginx + haproxy).not.toMatch(/max_conns|check.* maxconn|timeout queue/)
  })

  test('are room and a queue where there is one', () => {
    expect(renderNginx(whole)).toContain(' max_conns=2;')
    expect(renderHaproxy(whole)).toContain(' maxconn 2\n')
    expect(renderHaproxy(whole)).toContain('timeout queue 200ms')
  })

  test.each([bare, whole])('make a configuration that SmartEdge takes', (guarded) => {
    expect(problemsOf(renderSmartedge(guarded))).toEqual([])
  })

  test('are in SmartEdge what they say', () => {
    const { routes, pools } = JSON.parse(renderSmartedge(whole))
    expect(routes).toEqual([{ pool: 'web', timeouts: { request: '5s', try: '250ms' }, hedge: {} }])
    expect(pools.web).toMatchObject({
      backends: [{ maxInflight: 2 }, { maxInflight: 2 }],
      breaker: { slowCalls: { latency: '20ms' } },
      queue: { length: 20, timeout: '200ms' },
    })
    expect(JSON.parse(renderSmartedge(bare)).pools.web.breaker).toEqual({})
  })
})

describe('a contestant given as a command', () => {
  test('gets its port and its backend', () => {
    const peer = parseCommandPeer('mine=my-proxy --listen {port} --to={backend} --x=y')
    expect(peer.name).toBe('mine')
    expect(peer.launch(job).command).toEqual(['my-proxy', '--listen', '4001', '--to=127.0.0.1:5001', '--x=y'])
  })

  test.each(['', 'mine', 'mine=', '=command', 'mine=   '])('is refused as %p', (text) => {
    expect(() => parseCommandPeer(text)).toThrow('--contestant must be NAME=COMMAND')
  })

  test('is missing when there is no such program', () => {
    expect(parseCommandPeer('mine=no-such-program-anywhere').version()).toBeUndefined()
  })
})
