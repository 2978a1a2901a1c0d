/** A node from its start to its end, with a store that the test speaks for. */
import { describe, expect, test } from 'bun:test'
import { parseListenAddress } from '../../../core/config/network.ts'
import { readAddress } from '../../../core/fleet/address.ts'
import { readCopy } from '../../../core/fleet/copy.ts'
import { createFleetNode, reachedAt } from '../../../core/fleet/node.ts'
import { writeOffer } from '../../../core/fleet/release.ts'
import type { ConfigStore, ValueSink } from '../../../core/fleet/store.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { homeOf } from '../../../core/own-files.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

function addressOf(text: string) {
  const parsed = parseListenAddress(text)
  if (parsed.kind === 'fault') throw new Error(text)
  return parsed.value
}

describe('the address of a node', () => {
  test.each([
    [['127.0.0.1:9900', '0.0.0.0:8080'], 'host:8080'],
    [['10.0.0.1:9900', '0.0.0.0:8080'], '10.0.0.1:9900'],
    [['127.0.0.1:9900', '127.0.0.1:8080'], '127.0.0.1:9900'],
    [['unix:/run/admin', '[::]:80'], 'host:80'],
    [['unix:/run/admin'], 'unix:/run/admin'],
    [[], '-'],
  ] as const)('of one that listens at %p is %p', (addresses, told) => {
    expect(reachedAt(addresses.map(addressOf), 'host')).toBe(told)
  })
})

describe('a node', () => {
  async function setUp(isHanging = false) {
    const read = readAddress('etcd://a/edge', {})
    if (read.kind === 'fault') throw new Error(read.rule)
    const { source } = read
    const home = homeOf({ XDG_STATE_HOME: temporaryFolder() })
    const clock = virtualClock()
    const events: EdgeEvent[] = []
    const written: string[] = []
    let sink: ValueSink | undefined
    let revoked = 0
    const hang = new Promise<void>(() => undefined)
    const store: ConfigStore = {
      name: source.name,
      follow(given) {
        sink = given
        return () => undefined
      },
      read: async () => ({ kind: 'absent' }),
      shared: {
        swap: async () => ({ kind: 'overtaken' }),
        list: async () => ({ kind: 'listed', values: new Map() }),
        lease: {
          grant: async () => ({ kind: 'granted', id: '1' }),
          renew: async () => ({ kind: 'renewed' }),
          async put(_id, _node, text) {
            written.push(text)
            return { kind: 'put' }
          },
          async revoke() {
            revoked += 1
            if (isHanging) await hang
          },
        },
      },
    }
    const inForce = { generation: 1, text: 'one' }
    const node = createFleetNode({ source, store, node: 'web-1', host: 'host', inForce, clock, home })
    const settle = async (): Promise<void> => {
      for (let turns = 0; turns < 50; turns++) await Promise.resolve()
    }
    const edge = {
      take: async () => ({ kind: 'taken' }) as const,
      addresses: () => [addressOf('0.0.0.0:80')],
      health: () => 'ready',
      emit: (event: EdgeEvent) => void events.push(event),
    }
    const begin = async (): Promise<void> => {
      node.begin(edge)
      await settle()
    }
    return {
      node,
      begin,
      clock,
      events,
      copy: () => readCopy(source, 'web-1', home),
      last: () => JSON.parse(written.at(-1) ?? '') as unknown,
      revoked: () => revoked,
      async say(generation: number) {
        sink?.value(writeOffer({ generation, text: `text ${generation}`, percent: 100, before: undefined }))
        await settle()
      },
    }
  }

  test('tells how it is before it follows, keeps what it runs, and tells the others what it runs next', async () => {
    const rig = await setUp()
    expect(rig.node.status()).toMatchObject({ presence: 'waiting', generation: 1, node: 'web-1' })
    await rig.begin()
    expect(rig.copy()).toMatchObject({ kind: 'copy', release: { generation: 1, text: 'one' } })
    expect(rig.last()).toMatchObject({
      name: 'web-1',
      address: 'host:80',
      generation: 1,
      health: 'ready',
      offered: null,
    })
    await rig.say(2)
    expect(rig.copy()).toMatchObject({ release: { generation: 2, text: 'text 2' } })
    expect(rig.last()).toMatchObject({ generation: 2, offered: 2, state: 'current', reason: null })
    await rig.node.end()
    await rig.node.end()
    expect(rig.revoked()).toBe(1)
    expect(rig.clock.pending()).toBe(0)
  })

  test('waits a second for a store that hangs when it ends', async () => {
    const rig = await setUp(true)
    await rig.begin()
    let hasEnded = false
    const ended = rig.node.end().then(() => (hasEnded = true))
    rig.clock.advance(999)
    await Promise.resolve()
    expect(hasEnded).toBe(false)
    rig.clock.advance(1)
    await ended
  })

  test('ends without having begun', async () => {
    const rig = await setUp()
    const ended = rig.node.end()
    rig.clock.advance(1000)
    await ended
  })
})
