import { describe, expect, test } from 'bun:test'
import { endsOf } from '../../../core/net/ends.ts'
import { socketKinds } from '../../support/socket-kinds.ts'

describe.each(socketKinds)('both ends of sockets by %s', (_name, { sides, open }) => {
  test.each([
    ['IPv4', '127.0.0.1'],
    ['IPv6', '::1'],
  ] as const)('by %s are told while it is open', async (family, address) => {
    using rig = open(family)
    for (const side of sides) {
      const { ear } = await rig.pair(side)
      const { local, remote } = endsOf(ear.socket) ?? {}
      expect([local?.address, remote?.address]).toEqual([address, address])
      const ours = rig.endpoint.kind === 'ip' ? rig.endpoint.port : 0
      if (side === 'accepted') expect([local?.port === ours, remote?.port === ours]).toEqual([true, false])
      expect(remote?.port).toBeGreaterThan(0)
      ear.socket.terminate()
      expect(endsOf(ear.socket)).toBeUndefined()
    }
  })

  test('of a Unix socket there are none', async () => {
    using rig = open('Unix')
    for (const side of sides) {
      const { ear } = await rig.pair(side)
      expect(endsOf(ear.socket)).toBeUndefined()
      ear.socket.end()
    }
  })
})

test('of nothing there are none', () => expect(endsOf(undefined)).toBeUndefined())

test('an IPv4 address within IPv6 is told as IPv4', () => {
  const socket = { localAddress: '::ffff:10.0.0.1', localPort: 1, remoteAddress: '::ffff:10.0.0.2', remotePort: 2 }
  expect(endsOf(socket as object)).toEqual({
    local: { address: '10.0.0.1', port: 1 },
    remote: { address: '10.0.0.2', port: 2 },
  })
})
