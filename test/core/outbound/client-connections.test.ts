import { expect, test } from 'bun:test'
import { ClientConnections } from '../../../core/outbound/client-connections.ts'
import type { Http1Connection } from '../../../core/outbound/http1-connection.ts'
import { peerAt } from '../../support/peer-at.ts'

/** A connection that is for that client, as far as it matters here. */
function connectionFor(client: ReturnType<typeof peerAt>) {
  let discards = 0
  const one = { begun: { client }, discard: () => void (discards += 1) } as unknown as Http1Connection
  return { one, discards: () => discards }
}

test('of a client one connection is kept idle, until it leaves', () => {
  const connections = new ClientConnections()
  const [ann, bob] = [peerAt('192.0.2.1'), peerAt('192.0.2.2')]
  for (const client of [ann, bob, ann]) connections.welcome(client)
  const [first, second, others] = [connectionFor(ann), connectionFor(ann), connectionFor(bob)]
  expect([first, second, others].map(({ one }) => connections.keeps(one))).toEqual([true, false, true])
  expect(connections.idleOf(ann)).toBe(first.one)
  // It is in use, and another may be kept.
  connections.forget(first.one)
  expect(connections.idleOf(ann)).toBeUndefined()
  expect(connections.keeps(second.one)).toBe(true)
  connections.forget(first.one)
  expect(connections.idleOf(ann)).toBe(second.one)
  ann.gone()
  expect([first.discards(), second.discards(), others.discards()]).toEqual([0, 1, 0])
  // Whoever is gone has none kept.
  expect(connections.keeps(first.one)).toBe(false)
})
