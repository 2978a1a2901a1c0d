import { describe, expect, test } from 'bun:test'
import { Secret } from '../../../core/secrets.ts'
import { configOf, problemsOf, withTop } from './read-config.ts'

const present = { present: ['/app/a.pem', '/app/a.key', '/app/ca.pem'], env: { PASSPHRASE: 'open sesame' } }
const certificates = [{ cert: 'a.pem', key: 'a.key' }]
const listening = (tls: unknown, more: object = {}) =>
  withTop({ listeners: { web: { address: '0.0.0.0:443', tls, ...more } } })
const tlsOf = (tls: unknown) => configOf(listening(tls), present).listeners[0]?.tls
const clients = { certificate: 'required', ca: ['ca.pem'] }

describe('tls of a listener', () => {
  test('is absent unless it is asked for', () => {
    expect(configOf(withTop({})).listeners[0]).not.toHaveProperty('tls')
  })

  test('is read with its defaults', () => {
    expect(tlsOf({ certificates })).toEqual({
      certificates: [{ cert: '/app/a.pem', key: '/app/a.key', passphrase: undefined }],
      preset: 'intermediate',
      minVersion: '1.2',
      strict: false,
      handshakeTimeoutMs: 10_000,
      maxHandshakes: 1000,
    })
    expect(tlsOf({ certificates, preset: 'modern' })?.minVersion).toBe('1.3')
    expect(tlsOf({ certificates, hsts: {} })?.hsts).toEqual({
      maxAgeMs: 365 * 24 * 60 * 60 * 1000,
      includeSubDomains: false,
      preload: false,
    })
  })

  test('has passphrases that nothing shows', () => {
    const tls = tlsOf({ certificates: [{ ...certificates[0], passphrase: '${PASSPHRASE}' }] })
    expect(tls?.certificates[0]?.passphrase).toEqual(new Secret('open sesame'))
    expect(JSON.stringify(tls)).not.toContain('sesame')
  })

  test('asks clients for certificates by one rule, or by several', () => {
    const rule = {
      names: undefined,
      certificate: 'required',
      ca: ['/app/ca.pem'],
      crl: [],
      tell: ['client-cert'],
    } as const
    expect(tlsOf({ certificates, clients })?.clients).toEqual([rule])
    const several = [
      { ...clients, names: ['*.A.test'], tell: ['xfcc'] },
      { ...clients, certificate: 'optional', tell: [] },
    ]
    expect(tlsOf({ certificates, clients: several })?.clients).toEqual([
      { ...rule, names: ['*.a.test'], tell: ['xfcc'] },
      { ...rule, certificate: 'optional', tell: [] },
    ])
  })

  test.each([
    [true, 'tls must be an object with the keys certificates'],
    [{}, 'tls.certificates is required'],
    [{ certificates: [] }, 'tls.certificates must name at least one certificate'],
    [{ certificates: [{ cert: 'a.pem' }] }, 'tls.certificates[0].key is required'],
    [{ certificates: [{ cert: 'gone.pem', key: 'a.key' }] }, 'tls.certificates[0].cert must name a file that exists'],
    [{ certificates, preset: 'old' }, 'tls.preset must be one of "intermediate", "modern"'],
    [{ certificates, preset: 'modern', minVersion: '1.2' }, 'tls.minVersion must not be below 1.3'],
    [{ certificates, minVersion: '1.0' }, 'tls.minVersion must be one of "1.2", "1.3"'],
    [{ certificates, handshakeTimeout: '1ms' }, 'tls.handshakeTimeout must be'],
    [{ certificates, maxHandshakes: 0 }, 'tls.maxHandshakes must be'],
    [{ certificates, hsts: { maxAge: 'forever' } }, 'tls.hsts.maxAge must be'],
    [{ certificates, clients: 'required' }, 'tls.clients must be an object with certificate and ca, or a list'],
    [{ certificates, clients: {} }, 'tls.clients.certificate is required'],
    [{ certificates, clients: { certificate: 'required' } }, 'tls.clients.ca is required'],
    [{ certificates, clients: { ...clients, ca: [] } }, 'tls.clients.ca must name at least one authority'],
    [{ certificates, clients: { ...clients, names: ['a b'] } }, 'tls.clients.names[0] must be a host name'],
    [{ certificates, clients: { ...clients, names: [] } }, 'tls.clients.names must not be empty'],
    [{ certificates, clients: { ...clients, tell: ['all'] } }, 'tls.clients.tell[0] must be one of'],
  ])('%j is told what is wrong', (tls, problem) => {
    expect(problemsOf(listening(tls), present).join('\n')).toContain(`listeners.web.${problem}`)
  })

  test('of an empty passphrase is told without it', () => {
    const [problem] = problemsOf(listening({ certificates: [{ ...certificates[0], passphrase: 7 }] }), present)
    expect(problem).toContain('passphrase must be 1 to 1024 characters')
    expect(problem).not.toContain('7 ')
  })
})

describe('redirect of a listener', () => {
  const leading = (redirect: unknown, listeners: object = {}) =>
    withTop({ listeners: { plain: { redirect }, ...listeners } })
  const secure = (port: number) => ({ address: `0.0.0.0:${port}`, tls: { certificates } })
  const portOf = (redirect: string, listeners: object = {}) =>
    configOf(leading(redirect, listeners), present).listeners[0]?.redirect?.port

  test('leads to the only listener with tls, or to 443, or where it says', () => {
    expect(portOf('https')).toBe(443)
    expect(portOf('https', { web: secure(8443) })).toBe(8443)
    expect(portOf('https', { web: secure(8443), other: secure(9443) })).toBe(443)
    expect(portOf('https:444', { web: secure(8443) })).toBe(444)
  })

  test.each(['http', 'https:', 'https:0', 'https:65536', 'https://a', 443, true])(
    '%j is told what is wrong',
    (redirect) => {
      expect(problemsOf(leading(redirect)).join('\n')).toContain(
        'listeners.plain.redirect must be "https", or with a port',
      )
    },
  )

  test('does not stand beside tls', () => {
    expect(problemsOf(listening({ certificates }, { redirect: 'https' }), present).join('\n')).toContain(
      'redirect must not stand beside tls',
    )
  })
})

describe('access by certificate', () => {
  const withAccess = (certificate: unknown) => withTop({ routes: [{ pool: 'web', access: { certificate } }] })
  const read = (certificate: unknown) => configOf(withAccess(certificate)).routes[0]?.access?.certificate

  test('is read', () => {
    expect(read('required')).toEqual({})
    expect(read({})).toEqual({})
    const digits = 'ab'.repeat(32)
    expect(read({ subjects: ['CN=a'], names: ['URI:b*'], fingerprints: [digits] })).toEqual({
      subjects: ['CN=a'],
      names: ['URI:b*'],
      fingerprints: [`${'AB:'.repeat(31)}AB`],
    })
  })

  test.each([
    ['optional', 'certificate must be "required", or an object with subjects'],
    [true, 'certificate must be "required", or an object'],
    [{ subjects: [] }, 'certificate.subjects must not be empty'],
    [{ subjects: ['alice'] }, 'certificate.subjects[0] must be a subject'],
    [{ names: ['alice'] }, 'certificate.names[0] must be a name with its kind'],
    [{ fingerprints: ['AB'] }, 'certificate.fingerprints[0] must be a SHA-256'],
  ])('%j is told what is wrong', (certificate, problem) => {
    expect(problemsOf(withAccess(certificate)).join('\n')).toContain(problem)
  })
})
