import { expect, test } from 'bun:test'
import type { Config } from '../../../core/config/config.ts'
import type { EdgeLoad } from '../../../core/control/edge-control.ts'
import { planChanges } from '../../../core/control/plan.ts'
import { configOf, withTop } from '../config/read-config.ts'

const noLoad: EdgeLoad = { listeners: new Map(), pools: new Map() }

/** Changes as `key: text`, with what they end when that is not nothing. */
const changes = (from: object, to: object, load: EdgeLoad): string[] =>
  planChanges(configOf(from), configOf(to), load).map(({ key, text, connections, tunnels }) =>
    connections + tunnels === 0 ? `${key}: ${text}` : `${key}: ${text} (${connections}, ${tunnels})`,
  )

test('a listener that is only renamed ends nothing', () => {
  const edge = { ...noLoad, listeners: new Map([['0.0.0.0:1', { connections: 9, tunnels: 4 }]]) }
  const listening = (name: string) => withTop({ listeners: { [name]: { address: '0.0.0.0:1' } } })
  expect(changes(listening('a'), listening('b'), edge)).toEqual([
    'listeners.b: added on 0.0.0.0:1',
    'listeners.a: removed from 0.0.0.0:1',
  ])
})

test('a listener that leaves one of its addresses ends what is connected there', () => {
  const at = (port: number) => [`0.0.0.0:${port}`, { connections: port, tunnels: 0 }] as const
  const edge = { ...noLoad, listeners: new Map([at(1), at(2)]) }
  const listening = (...address: string[]) => withTop({ listeners: { a: { address, backlog: address.length } } })
  expect(changes(listening('0.0.0.0:1', '0.0.0.0:2'), listening('0.0.0.0:2'), edge)).toEqual([
    'listeners.a: moved 0.0.0.0:1, 0.0.0.0:2 -> 0.0.0.0:2 (1, 0)',
    'listeners.a: backlog 2 -> 1',
  ])
})

test('socket options of a listener are told by the keys of the file', () => {
  const listening = (options: object) => withTop({ listeners: { a: { address: ['0.0.0.0:1', '[::]:1'], ...options } } })
  const options = { backlog: 10, userTimeout: '30s', sendBuffer: '1MiB', keepAlive: { idle: '2m' } }
  expect(changes(listening({ keepAlive: {} }), listening(options), noLoad)).toEqual([
    'listeners.a: backlog none -> 10',
    'listeners.a: keepAlive.idle 1m -> 2m',
    'listeners.a: userTimeout none -> 30s',
    'listeners.a: sendBuffer none -> 1MiB',
  ])
})

test('the engine of a listener is told by its name, whether it is written out or not', () => {
  const own = (more: object) => configOf(withTop({ listeners: { a: { address: '0.0.0.0:1', ...more } } }))
  const plain = own({})
  const listeners = plain.listeners.map((one) => ({ ...one, engine: 'serve' as const, http3: true as const }))
  const served = { ...plain, listeners }
  const told = (from: Config, to: Config) => planChanges(from, to, noLoad).map(({ key, text }) => `${key}: ${text}`)
  const away = ['listeners.a: engine "serve" -> "own"', 'listeners.a: http3 true -> false']
  expect(told(served, own({ engine: 'own' }))).toEqual(away)
  expect(told(served, own({}))).toEqual(away)
  expect(told(own({}), own({ engine: 'own', http3: false }))).toEqual([])
  expect(told(own({}), served)).toEqual(['listeners.a: engine "own" -> "serve"', 'listeners.a: http3 false -> true'])
})

test('what a listener in TCP mode says of its connections is told by the keys of the file', () => {
  const at = (more: object) =>
    withTop({ listeners: { a: { address: '0.0.0.0:1', mode: 'tcp', pool: 'web', ...more } } })
  const next = { idleTimeout: '5m', maxDuration: '2h', limits: [{ rate: '1/s' }] }
  expect(changes(at({}), at(next), noLoad)).toEqual([
    'routes: tcp a * to web: idleTimeout 1h -> 5m',
    'routes: tcp a * to web: maxDuration none -> 2h',
    'routes: tcp a * to web: limits added',
  ])
})
