import { Crowd } from '../../../core/inbound/crowd.ts'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RequestHandler, TcpHandler } from '../../../core/inbound/request-handler.ts'
import type { Transport } from '../../../core/net/transport.ts'
import { edgeLedger } from '../../../core/observe/counters.ts'
import { keyOf } from '../../../core/runtime/listener-places.ts'
import { RunningListener } from '../../../core/runtime/running-listener.ts'
import { openBudget } from '../../support/budget.ts'
import { tcpListener, testConfig, unixListener } from '../../support/edge.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { systemTransport } from '../../support/transports.ts'
import { withoutTls } from '../../support/tls.ts'

let folder = ''
let open: RunningListener[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smartedge-listener-'))
})
afterEach(() => {
  for (const listener of open) listener.shut()
  open = []
  rmSync(folder, { recursive: true })
})

/** A listener to which nobody comes. */
function start(config = unixListener('local', join(folder, 'a.sock')), transport = systemTransport) {
  const faults: unknown[] = []
  const listener = new RunningListener(config, {
    handler: {} as RequestHandler & TcpHandler,
    clock: virtualClock(),
    crowd: new Crowd(virtualClock()),
    counters: edgeLedger.create(),
    emit: () => undefined,
    transport,
    reportFault: (error) => void faults.push(error),
    onShortage() {},
    budget: openBudget(virtualClock()),
    maxConnections: () => 1,
    drainTimeoutMs: () => 5000,
    isUnwanted: () => false,
    onClosed: () => undefined,
    ...withoutTls,
  })
  open.push(listener)
  return { listener, config, faults, path: join(folder, 'a.sock') }
}

describe('a running listener', () => {
  test('is shut and opened again where it was', () => {
    const { listener, path } = start()
    for (let count = 0; count < 2; count += 1) {
      listener.shut()
      expect([existsSync(path), listener.addresses]).toEqual([false, []])
    }
    listener.reopen()
    listener.reopen()
    expect([existsSync(path), listener.addresses]).toEqual([true, [listener.address]])
  })

  test('has its new settings from the commit on', () => {
    const { listener, config } = start()
    const next = { ...config, name: 'other', permissions: 0o660 }
    const move = listener.prepare(next)
    expect([listener.config, listener.title]).toEqual([config, 'listener "local"'])
    move.commit()
    expect([listener.config, listener.title]).toEqual([next, 'listener "other"'])
  })

  test('has other options of its socket without another socket, and another where one cannot be set back', () => {
    const bound: string[] = []
    const transport: Transport = {
      ...systemTransport,
      bindPath(...args) {
        bound.push('bound')
        return Object.assign(systemTransport.bindPath(...args), {
          setOptions: (options: object) => void bound.push(JSON.stringify(options)),
        })
      },
    }
    const { listener, config } = start(undefined, transport)
    listener.prepare({ ...config, options: { backlog: 9, sendBufferBytes: 5000 } }).commit()
    listener.prepare({ ...config, options: { backlog: 9, sendBufferBytes: 5000 } }).commit()
    listener.prepare({ ...config, options: { sendBufferBytes: 6000 } }).commit()
    expect(bound).toEqual(['bound', '{"backlog":9,"sendBufferBytes":5000}', '{"sendBufferBytes":6000}'])
    listener.prepare(config).commit()
    expect(bound.slice(3)).toEqual(['bound', '{}'])
  })

  test('tells of permissions that cannot be given, and goes on', () => {
    const { listener, config, faults, path } = start()
    rmSync(path)
    listener.prepare({ ...config, permissions: 0o660 }).commit()
    expect(faults.map(String)).toEqual([expect.stringContaining('ENOENT')])
  })

  test('tells when it cannot be bound as it was, which only somebody quicker can bring about', () => {
    const { listener, config, faults } = start(tcpListener('web', 0))
    const move = listener.prepare({ ...config, reusePort: true })
    const { address } = listener
    const where = { hostname: '127.0.0.1', port: address.kind === 'tcp' ? address.port : 0, reusePort: true }
    const other = Bun.listen({ ...where, socket: { data: () => undefined } })
    move.abandon()
    expect(faults.map(String)).toEqual([expect.stringContaining('is already in use')])
    // It goes on as it is.
    Bun.listen({ ...where, socket: { data: () => undefined } }).stop(true)
    other.stop(true)
    expect(listener.addresses).toEqual([address])
  })

  test('is not bound anew once it is shut', () => {
    const { listener, config } = start(tcpListener('web', 0))
    const move = listener.prepare({ ...config, reusePort: true })
    listener.shut()
    move.abandon()
    expect([listener.addresses, listener.countQueued()]).toEqual([[], 0])
  })

  test('is wanted by a config that names its address, unless it is on its way out', () => {
    const { listener, config } = start()
    expect(listener.isWantedBy(testConfig({ listeners: [{ ...config, name: 'other' }] }))).toBe(true)
    expect(listener.isWantedBy(testConfig())).toBe(false)
    listener.letGo()
    expect(listener.isWantedBy(testConfig({ listeners: [config] }))).toBe(false)
  })
})

describe('what a listener is known by', () => {
  test('is its address, and its name where the system chooses the port', () => {
    expect(keyOf(tcpListener('a', 80))).toBe(keyOf(tcpListener('b', 80)))
    expect(keyOf(tcpListener('a', 0))).not.toBe(keyOf(tcpListener('b', 0)))
    expect(keyOf(tcpListener('a', 80))).not.toBe(keyOf(tcpListener('a', 80, '::')))
  })
})
