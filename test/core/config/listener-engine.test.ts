import { describe, expect, test } from 'bun:test'
import { configOf, problemsOf } from './read-config.ts'

const present = ['/app/a.pem', '/app/a.key']
const tls = { certificates: [{ cert: 'a.pem', key: 'a.key' }] }
const withListener = (listener: object, more: object = {}): object => ({
  listeners: { web: { address: '0.0.0.0:443', ...listener } },
  pools: { web: { backends: ['http://localhost:8081'] } },
  ...more,
})
const problems = (listener: object): string[] => problemsOf(withListener(listener), { present })

describe('the engine of a listener', () => {
  test('is our own unless it says otherwise', () => {
    expect(configOf(withListener({})).listeners[0]).not.toContainKeys(['engine', 'http3'])
    expect(configOf(withListener({ engine: 'own', http3: false })).listeners[0]).not.toContainKeys(['engine', 'http3'])
    expect(configOf(withListener({ engine: 'serve' })).listeners[0]).toMatchObject({ engine: 'serve' })
  })

  test('may be Bun.serve, with TLS, HTTP/2 alone and HTTP/3', () => {
    const source = withListener({
      engine: 'serve',
      http2: 'only',
      http3: true,
      tls: { ...tls, minVersion: '1.3', hsts: {} },
    })
    expect(configOf(source, { present }).listeners[0]).toMatchObject({ engine: 'serve', http2: 'only', http3: true })
    expect(configOf(withListener({ engine: 'serve', reusePort: true, redirect: 'https' })).listeners).toHaveLength(1)
  })

  test.each<[string, object, string]>([
    ['proxyProtocol', { proxyProtocol: { from: ['10.0.0.0/8'] } }, 'Bun.serve reads no PROXY header'],
    ['deferAccept', { deferAccept: false }, 'lets clients in itself'],
    ['backlog', { backlog: 5 }, 'the sockets are those of Bun.serve'],
    ['keepAlive', { keepAlive: {} }, 'the sockets are those of Bun.serve'],
    ['userTimeout', { userTimeout: '10s' }, 'the sockets are those of Bun.serve'],
    ['sendBuffer', { sendBuffer: '64KiB' }, 'the sockets are those of Bun.serve'],
    ['tls.clients', { tls: { ...tls, clients: { certificate: 'required', ca: ['a.pem'] } } }, 'who has shown which'],
    ['tls.strict', { tls: { ...tls, strict: true } }, 'shows its first certificate'],
    ['tls.handshakeTimeout', { tls: { ...tls, handshakeTimeout: '1s' } }, 'handshakes are those of Bun.serve'],
    ['tls.maxHandshakes', { tls: { ...tls, maxHandshakes: 5 } }, 'handshakes are those of Bun.serve'],
  ])('does not stand beside %s', (key, listener, words) => {
    expect(problems(listener)).toEqual([])
    const told = problems({ engine: 'serve', ...listener }).join('\n')
    expect(told).toContain(`listeners.web.${key} `)
    expect(told).toContain(words)
    expect(told).toContain('"engine": "own" has it')
  })

  test('does not stand beside certificates that are ordered', () => {
    const acme = { names: ['a.test'], email: 'a@a.test', agreed: true }
    expect(problems({ engine: 'serve', tls: { acme } }).join('\n')).toContain('takes its certificates as it begins')
  })

  test('speaks HTTP alone, at addresses of TCP', () => {
    expect(problems({ engine: 'serve', mode: 'tcp', pool: 'web' }).join('\n')).toContain(
      'must not be "serve" in TCP mode',
    )
    for (const address of ['unix:/run/a.sock', 'systemd:web'])
      expect(problems({ engine: 'serve', address }).join('\n')).toContain('must not be "serve" at')
  })

  test('is one that there is', () => {
    expect(problems({ engine: 'Serve' }).join('\n')).toContain('must be one of "own", "serve"')
    expect(problems({ engine: 3 }).join('\n')).toContain('must be one of')
    expect(problems({ engine: '' }).join('\n')).toContain('must be one of')
  })
})

describe('HTTP/3', () => {
  test('says all that is missing at once, each with a way out', () => {
    const listener = { http3: true }
    expect(problems(listener)).toEqual([
      expect.stringContaining(
        'listeners.web.http3 must not be true without "engine": "serve", got true (add "engine": "serve")',
      ),
      expect.stringContaining(
        'listeners.web.http3 must not be true without tls: there is no HTTP/3 without it, got true (add "tls" with certificates)',
      ),
    ])
  })

  test.each<[string, object, string]>([
    ['without Bun.serve', { tls, http3: true }, 'must not be true without "engine": "serve"'],
    ['with our own engine', { tls, http3: true, engine: 'own' }, 'must not be true without "engine": "serve"'],
    ['without TLS', { http3: true, engine: 'serve' }, 'must not be true without tls'],
    ['at a shared port', { http3: true, engine: 'serve', tls, reusePort: true }, 'must not be true beside http3'],
    ['by another word', { http3: 'yes', engine: 'serve', tls }, 'must be true or false'],
  ])('is not to be had %s', (_, listener, words) => {
    expect(problems(listener).join('\n')).toContain(words)
  })
})
