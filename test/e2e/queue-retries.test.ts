/** Requests that a backend has failed, and that find all others at their bounds. */
import { describe, expect, test } from 'bun:test'
import { testPool } from '../support/edge.ts'
import { makeMember } from '../support/make-backend.ts'
import { closedPort } from '../support/ports.ts'
import { answer, poolOf, waiting } from '../support/queue-rig.ts'
import { ok } from '../support/raw-backend.ts'
import { get, nextResponse, post } from '../support/raw-client.ts'
import { startRig } from '../support/rig.ts'

const queue = { length: 2, timeoutMs: 10_000, order: 'fifo' } as const

describe('a request that is tried again, and finds all others full', () => {
  /** Beside a backend that has one request, one that refuses. */
  async function startRefused() {
    const rig = await startRig()
    const bounded = (port: number) => makeMember(port, { maxInflight: 1 })
    const members = [bounded(rig.backend.port), bounded(closedPort())]
    await rig.edge.apply({ pools: [testPool([rig.backend.port], { members, queue })] })
    rig.client.send(get('/first'))
    return { rig, first: await rig.backend.next() }
  }

  test('waits in turn, and goes over the connection that becomes free', async () => {
    const { rig, first } = await startRefused()
    await using _ = rig
    const others = [await rig.connect(), await rig.connect()]
    for (const [index, other] of others.entries()) {
      other.send(post(`${index}`, `/${index}`))
      await waiting(rig, index + 1)
    }
    const second = await answer(rig, first)
    expect([second.request.target, second.request.body, second.peer === first.peer]).toEqual(['/0', '0', true])
    const third = await answer(rig, second, 'zero')
    expect(third.request.target).toBe('/1')
    third.peer.send(ok('one'))
    expect([(await nextResponse(others[0]!)).body, (await nextResponse(others[1]!)).body]).toEqual(['zero', 'one'])
    expect(poolOf(rig)).toMatchObject({ queued: 2, queueTimeouts: 0, turnedAway: 0, waiting: 0, inflight: 0 })
    expect(rig.edge.counters).toMatchObject({ retries: 2, retriesAfter: { connect: 2 }, unavailable: 0 })
    await nextResponse(rig.client)
  })

  test('is told what has failed it when its time is over, and when there is no place', async () => {
    const { rig, first } = await startRefused()
    await using _ = rig
    const others = [await rig.connect(), await rig.connect(), await rig.connect()]
    for (const [index, other] of others.entries()) {
      other.send(get())
      await waiting(rig, Math.min(index + 1, queue.length))
    }
    expect((await nextResponse(others[2]!)).status).toBe(502)
    rig.edge.clock.advance(10_000)
    for (const other of others.slice(0, 2)) expect((await nextResponse(other)).status).toBe(502)
    expect(poolOf(rig)).toMatchObject({ queued: 2, queueTimeouts: 2, turnedAway: 0, waiting: 0 })
    expect(rig.edge.counters).toMatchObject({ retries: 2, unavailable: 0 })
    first.peer.send(ok())
    await nextResponse(rig.client)
  })
})
