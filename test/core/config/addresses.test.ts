import { describe, expect, test } from 'bun:test'
import { configOf, problemsOf, withTop } from './read-config.ts'

const addressesOf = (address: unknown, more: object = {}) =>
  configOf(withTop({ listeners: { a: { address, ...more } } })).listeners.map((listener) => listener.address)

const at = (host: string, port: number, more: object = {}) => ({ kind: 'tcp', host, port, ...more })

describe('where a listener listens', () => {
  test.each([
    ['one', '0.0.0.0:80', [at('0.0.0.0', 80)]],
    ['a list of one', ['0.0.0.0:80'], [at('0.0.0.0', 80)]],
    ['both families', ['0.0.0.0:80', '[::]:80'], [at('0.0.0.0', 80), at('::', 80, { isV6Only: true })]],
    ['both, the other way round', ['[::]:80', '127.0.0.1:80'], [at('::', 80, { isV6Only: true }), at('127.0.0.1', 80)]],
    ['both on other ports', ['0.0.0.0:80', '[::]:81'], [at('0.0.0.0', 80), at('::', 81)]],
    ['all of IPv6, IPv4 included', '[::]:80', [at('::', 80)]],
    ['any port of both', ['0.0.0.0:0', '[::]:0'], [at('0.0.0.0', 0), at('::', 0)]],
    ['an interface', '[FE80::1%eth0]:80', [at('fe80::1%eth0', 80)]],
    ['an interface by number', '[fe80::1%2]:80', [at('fe80::1%2', 80)]],
    ['what systemd has', 'systemd:web', [{ kind: 'systemd', name: 'web' }]],
    [
      'all of it',
      ['systemd:web', 'unix:/a', '0.0.0.0:1'],
      [{ kind: 'systemd', name: 'web' }, { kind: 'unix', path: '/a' }, at('0.0.0.0', 1)],
    ],
  ])('may be %s', (_, address, expected) => {
    expect(addressesOf(address)).toEqual(expected as never)
  })

  test('has each of its addresses what is for that', () => {
    const source = { address: ['unix:/a', '0.0.0.0:1'], permissions: '0660', reusePort: true, backlog: 9 }
    expect(configOf(withTop({ listeners: { a: source } })).listeners).toMatchObject([
      { name: 'a', permissions: 0o660, reusePort: false, deferAccept: false, options: { backlog: 9 } },
      { name: 'a', permissions: undefined, reusePort: true, deferAccept: true, options: { backlog: 9 } },
    ])
  })

  test.each([
    [[], 'listeners.a.address must not be empty'],
    [['0.0.0.0:1', 5], 'listeners.a.address[1] must be an address such as'],
    [{}, 'listeners.a.address must be an address, or a list of them'],
    [['0.0.0.0:1', '0.0.0.0:1'], 'listeners.a.address[1] must differ from the others there'],
    [['0.0.0.0:0', '0.0.0.0:0'], 'listeners.a.address[1] must differ from the others there'],
    [['[::]:1', '[::1]:1', '0.0.0.0:1'], 'listeners.a.address[1] must differ from the others there'],
    [['systemd:a', 'systemd:a'], 'listeners.a.address[1] must differ from the others there'],
    ['systemd:', 'must be systemd: and the FileDescriptorName of a socket unit'],
    ['systemd:a:b', 'must be systemd: and the FileDescriptorName of a socket unit'],
    ['[fe80::1]:80', 'must name the interface of a link-local address'],
    ['[2001:db8::1%eth0]:80', 'must name an interface for a link-local address only'],
    ['[fe80::1%]:80', 'must be an address such as'],
    ['[fe80::1%eth0/../x]:80', 'must be an address such as'],
  ])('must not be %j', (address, part) => {
    const problems = problemsOf(withTop({ listeners: { a: { address } } }))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(part)
  })
})

describe('what the system does with the sockets of a listener', () => {
  test('is said by name', () => {
    const options = { backlog: 100, keepAlive: { idle: '2m', count: 3 }, userTimeout: '30s', sendBuffer: '256KiB' }
    expect(configOf(withTop({ listeners: { a: options } })).listeners[0]?.options).toEqual({
      backlog: 100,
      keepAlive: { idleMs: 120_000, intervalMs: 10_000, count: 3 },
      userTimeoutMs: 30_000,
      sendBufferBytes: 262_144,
    })
  })

  test('is left to it otherwise', () => {
    expect(configOf(withTop({ listeners: { a: {} } })).listeners[0]).not.toHaveProperty('options')
  })

  test.each([
    [{ backlog: 0 }, 'backlog must be a whole number from 1 to 65535'],
    [{ keepAlive: true }, 'keepAlive must be an object with the keys idle, interval, count'],
    [{ keepAlive: { idle: '10ms' } }, 'keepAlive.idle must be a duration from 1s'],
    [{ userTimeout: 30 }, 'userTimeout must be a duration'],
    [{ sendBuffer: '1B' }, 'sendBuffer must be a size'],
    [{ address: 'unix:/a', keepAlive: {} }, 'keepAlive is not for a unix: address'],
    [{ address: 'unix:/a', userTimeout: '1s' }, 'userTimeout is not for a unix: address'],
  ])('must not be %j', (options, part) => {
    expect(problemsOf(withTop({ listeners: { a: options } }))[0]).toContain(part)
  })
})

describe('addresses that cannot be bound together', () => {
  test.each([
    [
      { listeners: { a: { address: '0.0.0.0:1' }, b: { address: '127.0.0.1:1' } } },
      'listeners.b.address must differ from the address of listeners.a: both',
    ],
    [
      { listeners: { a: { address: '127.0.0.1:9900' } } },
      'listeners.a.address must differ from the address of admin: both',
    ],
    [{ admin: { address: '127.0.0.1:8080' } }, 'admin.address must differ from the address of listeners.default: both'],
    [
      { listeners: { a: { address: 'localhost:1' }, b: { address: '[::1]:1' } } },
      'listeners.b.address must differ from the address of listeners.a: both',
    ],
    [
      { listeners: { a: { address: '0.0.0.0:1' }, b: { address: 'localhost:1' } } },
      'listeners.b.address must differ from the address of listeners.a: both',
    ],
    [{ listeners: { a: {}, b: {} } }, 'listeners.b must differ from the address of listeners.a: both'],
  ])('%j are one problem', (top, part) => {
    const problems = problemsOf(withTop(top))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(part)
  })

  test('are not guessed from an address that is itself faulty', () => {
    expect(problemsOf(withTop({ listeners: { a: { address: 'x' }, b: { address: '0.0.0.0:8080' } } }))).toHaveLength(1)
  })
})
