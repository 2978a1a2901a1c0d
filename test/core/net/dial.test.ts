import { describe, expect, test } from 'bun:test'
import type { Socket } from 'bun'
import { formatAddress, type SocketAddress } from '../../../core/address.ts'
import type { Found, LookUp } from '../../../core/names/look-up.ts'
import { createNameTable } from '../../../core/names/resolver.ts'
import type { ConnectEvents } from '../../../core/net/connect.ts'
import { createDial } from '../../../core/net/dial.ts'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import { Wire } from '../../../core/net/wire.ts'
import type { SocketOwner } from '../../../core/net/wire-socket.ts'
import { fail } from '../../support/fail.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const ip: SocketAddress = { kind: 'tcp', host: '10.0.0.1', port: 80 }
const named: SocketAddress = { kind: 'tcp', host: 'app.test', port: 80 }
const at = (...addresses: string[]): Found => ({ kind: 'addresses', addresses, ttlMs: 30_000 })

/** Connects and look-ups that are answered by hand; with `found`, look-ups are answered at once, as by the hosts file. */
function makeDial(found?: () => Found, canMakeRoom = false) {
  const clock = virtualClock()
  const log: string[] = []
  const connects: ConnectEvents[] = []
  const lookUps: ((found: Found) => void)[] = []
  const lookUp: LookUp = (_host, done) => {
    log.push('look-up')
    if (found === undefined) lookUps.push(done)
    else done(found())
  }
  const wheel = new TimerWheel(clock, fail)
  const dial = createDial({
    connect: (endpoint, events) => {
      const to = endpoint.kind === 'ip' ? endpoint.address : endpoint.path
      log.push(`to ${to}`)
      connects.push(events)
      return () => {
        log.push(`gives up ${to}`)
        connects.splice(connects.indexOf(events), 1)
      }
    },
    secure: fail,
    names: createNameTable(clock, lookUp),
    clock,
    wheel,
    reportFault: fail,
    relieve: () => canMakeRoom,
    onShortage: (detail) => log.push(`short: ${detail}`),
    onUnreachable: (address) => log.push(`unreachable: ${formatAddress(address)}`),
  })
  const wire = new Wire(
    {
      onOpen: () => log.push('open'),
      onConnectError: ({ isLocal, detail }) => log.push(`${isLocal ? 'local' : 'failed'}: ${detail}`),
      onData() {},
      onBlocked() {},
      onDrained() {},
      onEnd() {},
      onClose() {},
      onTimeout() {},
      onSent() {},
    },
    wheel,
  )
  /** The oldest connect succeeds, or fails for `code`. */
  const succeed = (): void => connects.shift()?.onConnected({} as Socket<SocketOwner>)
  const refuse = (code = 'ECONNREFUSED'): void => connects.shift()?.onFailed(code)
  const answer = (what: Found): void => lookUps.shift()?.(what)
  return { clock, log, wire, dial, succeed, refuse, answer }
}

describe('a dial to an IP address or a Unix socket', () => {
  test('opens the wire without asking anybody for a name', () => {
    const { clock, log, wire, dial, succeed } = makeDial()
    dial(ip, wire, 2000)
    succeed()
    expect(log).toEqual(['to 10.0.0.1', 'open'])
    expect(wire.socket).toBeDefined()
    clock.advance(10_000)
    expect(log).toHaveLength(2)
    dial({ kind: 'unix', path: '/run/app.sock' }, wire, 2000)
    expect(log).toContain('to /run/app.sock')
  })

  test('is given up when its time is over', () => {
    const { clock, log, wire, dial } = makeDial()
    dial(ip, wire, 2000)
    clock.advance(1900)
    expect(log).toEqual(['to 10.0.0.1'])
    clock.advance(400)
    expect(log).toEqual([
      'to 10.0.0.1',
      'gives up 10.0.0.1',
      'unreachable: 10.0.0.1:80',
      'failed: no connection within 2000 ms',
    ])
    expect(clock.pending()).toBe(0)
  })

  test('fails with the reason of the system', () => {
    const { clock, log, wire, dial, refuse } = makeDial()
    dial(ip, wire, 2000)
    refuse('EHOSTUNREACH')
    clock.advance(10_000)
    expect(log).toEqual(['to 10.0.0.1', 'unreachable: 10.0.0.1:80', 'failed: EHOSTUNREACH'])
  })

  test.each(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM'])('tells %s as a lack of our own', (code) => {
    const { log, wire, dial, refuse } = makeDial()
    dial(ip, wire, 2000)
    refuse(code)
    expect(log).toHaveLength(3)
    expect(log[1]).toStartWith('short: no ')
    expect(log[2]).toStartWith('local: no ')
    expect(log[2]).toEndWith(` (${code})`)
  })

  test('tries once more where room can be made for what is lacking', () => {
    const { log, wire, dial, refuse, succeed } = makeDial(undefined, true)
    dial(ip, wire, 2000)
    refuse('EADDRNOTAVAIL')
    succeed()
    expect(log).toEqual(['to 10.0.0.1', 'to 10.0.0.1', 'open'])
    dial(ip, wire, 2000)
    refuse('EMFILE')
    refuse('EMFILE')
    expect(log.at(-1)).toBe('local: no descriptor is free (EMFILE)')
  })

  test('is silent once its wire is destroyed', () => {
    const { clock, log, wire, dial } = makeDial()
    dial(ip, wire, 2000)
    wire.destroy()
    clock.advance(10_000)
    expect(log).toEqual(['to 10.0.0.1', 'gives up 10.0.0.1'])
    expect(clock.pending()).toBe(0)
  })
})

describe('a dial to a name', () => {
  test('waits for its addresses, then tries one', () => {
    const { log, wire, dial, answer, succeed } = makeDial()
    dial(named, wire, 2000)
    expect(log).toEqual(['look-up'])
    answer(at('10.0.0.1'))
    succeed()
    expect(log).toEqual(['look-up', 'to 10.0.0.1', 'open'])
    expect(wire.resolvedAddress).toBe('10.0.0.1')
  })

  test('spreads over several addresses', () => {
    const { log, wire, dial } = makeDial(() => at('10.0.0.1', '10.0.0.2'))
    for (let time = 0; time < 4; time += 1) dial(named, wire, 2000)
    expect(log.slice(1).toSorted((one, other) => one.localeCompare(other))).toEqual([
      'to 10.0.0.1',
      'to 10.0.0.1',
      'to 10.0.0.2',
      'to 10.0.0.2',
    ])
  })

  test('goes on to the next address when one refuses, and later begins elsewhere', () => {
    const { log, wire, dial, refuse, succeed } = makeDial(() => at('10.0.0.1', '10.0.0.2'))
    dial(named, wire, 2000)
    refuse()
    succeed()
    expect(log).toEqual(['look-up', 'to 10.0.0.1', 'to 10.0.0.2', 'open'])
    expect(wire.resolvedAddress).toBe('10.0.0.2')
    for (let time = 0; time < 3; time += 1) dial(named, wire, 2000)
    expect(log.slice(4)).toEqual(['to 10.0.0.2', 'to 10.0.0.2', 'to 10.0.0.2'])
  })

  test('leaves a silent address for the next while there is time', () => {
    const { clock, log, wire, dial, succeed } = makeDial(() => at('10.0.0.1', '10.0.0.2'))
    dial(named, wire, 2000)
    clock.advance(1300)
    expect(log.slice(1)).toEqual(['to 10.0.0.1', 'gives up 10.0.0.1', 'look-up', 'to 10.0.0.2'])
    succeed()
    expect(log.at(-1)).toBe('open')
  })

  test('takes no more time than it has for all addresses together', () => {
    const { clock, log, wire, dial } = makeDial(() => at('10.0.0.1', '10.0.0.2', '10.0.0.3'))
    dial(named, wire, 3000)
    clock.advance(3300)
    expect(log.filter((line) => line.startsWith('to '))).toHaveLength(3)
    expect(log.at(-1)).toBe('failed: no connection within 3000 ms')
    expect(clock.pending()).toBe(0)
  })

  test('tries no further address once its time is over', () => {
    const { clock, log, wire, dial } = makeDial(() => at('10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'))
    dial(named, wire, 450)
    clock.advance(10_000)
    expect(log.filter((line) => line.startsWith('to '))).toHaveLength(2)
    expect(log.at(-1)).toBe('failed: no connection within 450 ms')
  })

  test('forgives an address that has failed once it has let a wire in', () => {
    const { log, wire, dial, refuse, succeed } = makeDial(() => at('10.0.0.1', '10.0.0.2'))
    dial(named, wire, 2000)
    refuse()
    succeed()
    dial(named, wire, 2000)
    refuse()
    succeed()
    const before = log.length
    for (let time = 0; time < 3; time += 1) dial(named, wire, 2000)
    expect(log.slice(before)).toEqual(['to 10.0.0.1', 'to 10.0.0.1', 'to 10.0.0.1'])
  })

  test('tries four addresses at most', () => {
    const { log, wire, dial, refuse } = makeDial(() => at('10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'))
    dial(named, wire, 2000)
    for (let time = 0; time < 10; time += 1) refuse()
    expect(log.filter((line) => line.startsWith('to '))).toHaveLength(4)
    expect(log.at(-1)).toBe('failed: ECONNREFUSED')
  })

  test('tries no further address when something of our own is lacking', () => {
    const { log, wire, dial, refuse } = makeDial(() => at('10.0.0.1', '10.0.0.2'))
    dial(named, wire, 2000)
    refuse('EMFILE')
    expect(log.slice(2)).toEqual(['short: no descriptor is free (EMFILE)', 'local: no descriptor is free (EMFILE)'])
  })

  test('follows a name that has moved when its old address refuses', () => {
    let where = '10.0.0.1'
    const { clock, log, wire, dial, refuse, succeed } = makeDial(() => at(where))
    dial(named, wire, 2000)
    succeed()
    clock.advance(1000)
    where = '10.0.0.2'
    dial(named, wire, 2000)
    refuse()
    succeed()
    expect(log.slice(3)).toEqual(['to 10.0.0.1', 'look-up', 'to 10.0.0.2', 'open'])
  })

  test('waits a moment for a name server to say that the name has moved', () => {
    const { clock, log, wire, dial, answer, refuse, succeed } = makeDial()
    dial(named, wire, 2000)
    answer(at('10.0.0.1'))
    succeed()
    clock.advance(1000)
    dial(named, wire, 2000)
    refuse()
    expect(log.slice(3)).toEqual(['to 10.0.0.1', 'look-up'])
    answer(at('10.0.0.2'))
    succeed()
    expect(log.slice(5)).toEqual(['to 10.0.0.2', 'open'])
  })

  test('fails a moment later when the name server is silent or the name has not moved', () => {
    for (const isSilent of [true, false]) {
      const { clock, log, wire, dial, answer, refuse } = makeDial()
      dial(named, wire, 2000)
      answer(at('10.0.0.1'))
      clock.advance(1000)
      refuse()
      expect(log.at(-1)).toBe('look-up')
      if (isSilent) clock.advance(400)
      else answer(at('10.0.0.1'))
      expect(log.at(-1)).toBe('failed: ECONNREFUSED')
    }
  })

  test('fails in a later event when the name is known to have no address', async () => {
    const { log, wire, dial } = makeDial(() => ({ kind: 'failure', code: 'ENOTFOUND' }))
    dial(named, wire, 2000)
    expect(log).toEqual(['look-up'])
    await Promise.resolve()
    expect(log).toEqual(['look-up', 'failed: the name app.test has no address'])
    dial(named, wire, 2000)
    wire.destroy()
    await Promise.resolve()
    expect(log).toHaveLength(2)
  })

  test('fails when no name server has answered in time', () => {
    const { clock, log, wire, dial, answer } = makeDial()
    dial(named, wire, 2000)
    answer({ kind: 'failure', code: 'ESERVFAIL' })
    expect(log.at(-1)).toBe('failed: no name server has told the address of app.test: ESERVFAIL')
    clock.advance(2000)
    dial(named, wire, 2000)
    clock.advance(2300)
    expect(log.at(-1)).toBe('failed: no name server has told the address of app.test: ETIMEDOUT')
  })

  test('is silent once its wire is destroyed, whatever comes of the name', () => {
    const { clock, log, wire, dial, answer } = makeDial()
    dial(named, wire, 2000)
    wire.destroy()
    answer(at('10.0.0.1'))
    clock.advance(10_000)
    expect(log).toEqual(['look-up'])
    expect(clock.pending()).toBe(0)
  })
})
