import { describe, expect, test } from 'bun:test'
import { bindHosts, type HostAddress, hostsOf } from '../../core/bind-hosts.ts'

const at = (host: string, port: number): HostAddress => ({ kind: 'tcp', host, port })

/** Binds what `refuses` lets through; a port that the system chooses counts up from 5000. */
function binding(refuses: (address: HostAddress) => string | undefined = () => undefined) {
  const log: string[] = []
  let chosen = 5000
  const bind = (address: HostAddress) => {
    const code = refuses(address)
    log.push(`${code ?? 'bind'} ${address.host} ${address.port}`)
    if (code !== undefined) throw Object.assign(new Error(code), { code })
    const real = { ...address, port: address.port === 0 ? chosen++ : address.port }
    return { address: real, stop: () => void log.push(`stop ${address.host} ${real.port}`) }
  }
  const open = (host: string, port: number) => bindHosts(at(host, port), bind).map(({ address }) => address)
  return { log, open }
}

const isV6 = ({ host }: HostAddress): boolean => host.includes(':')

describe('a host', () => {
  test.each([
    ['localhost', ['127.0.0.1', '::1']],
    ['127.0.0.1', ['127.0.0.1']],
    ['edge.internal', ['edge.internal']],
  ])('%s stands for %j', (host, hosts) => expect(hostsOf(host)).toEqual(hosts))
})

describe('binding', () => {
  test('opens every address of a name on the same port', () => {
    expect(binding().open('localhost', 80)).toEqual([at('127.0.0.1', 80), at('::1', 80)])
    expect(binding().open('localhost', 0)).toEqual([at('127.0.0.1', 5000), at('::1', 5000)])
    expect(binding().open('10.0.0.1', 80)).toEqual([at('10.0.0.1', 80)])
  })

  test.each(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])('does without a family that the machine lacks: %s', (code) => {
    expect(binding((address) => (isV6(address) ? code : undefined)).open('localhost', 80)).toEqual([
      at('127.0.0.1', 80),
    ])
    expect(binding((address) => (isV6(address) ? undefined : code)).open('localhost', 80)).toEqual([at('::1', 80)])
  })

  test('fails when the machine has none of the addresses', () => {
    const { open } = binding(() => 'EADDRNOTAVAIL')
    expect(() => open('localhost', 80)).toThrow('EADDRNOTAVAIL')
    expect(() => open('10.0.0.1', 80)).toThrow('EADDRNOTAVAIL')
  })

  test('leaves nothing open when one of the addresses is taken', () => {
    const { log, open } = binding((address) => (isV6(address) ? 'EADDRINUSE' : undefined))
    expect(() => open('localhost', 80)).toThrow('EADDRINUSE')
    expect(log).toEqual(['bind 127.0.0.1 80', 'EADDRINUSE ::1 80', 'stop 127.0.0.1 80'])
  })

  test('has the system choose again when its choice is taken at the other address', () => {
    const { log, open } = binding(({ port }) => (port === 5000 ? 'EADDRINUSE' : undefined))
    expect(open('localhost', 0)).toEqual([at('127.0.0.1', 5001), at('::1', 5001)])
    expect(log.slice(0, 3)).toEqual(['bind 127.0.0.1 0', 'EADDRINUSE ::1 5000', 'stop 127.0.0.1 5000'])
  })

  test('gives up when no choice will do', () => {
    const { log, open } = binding((address) => (isV6(address) ? 'EADDRINUSE' : undefined))
    expect(() => open('localhost', 0)).toThrow('EADDRINUSE')
    expect(log.filter((line) => line.startsWith('bind'))).toHaveLength(20)
  })
})
