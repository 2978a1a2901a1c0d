/** A URL that is asked again and again, on the virtual clock. */
import { describe, expect, test } from 'bun:test'
import { readAddress } from '../../../core/fleet/address.ts'
import { httpStore } from '../../../core/fleet/http-store.ts'
import { answered, answeredAtLength, failure, fakeAsk } from '../../support/fake-ask.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

function following() {
  const clock = virtualClock()
  const server = fakeAsk()
  const read = readAddress('https://config.test/edge.json', {})
  if (read.kind === 'fault') throw new Error(read.rule)
  const store = httpStore(read.source, { clock, random: () => 0, ask: server.ask, readPem: () => undefined })
  const told: string[] = []
  const stop = store.follow({
    value: (text) => void told.push(`value ${text}`),
    confirm: () => void told.push('confirmed'),
    lose: (reason) => void told.push(`lost ${reason}`),
  })
  return { clock, server, told: () => told.splice(0), stop }
}

describe('a URL', () => {
  test('is asked every five seconds, with the ETag of its last answer', () => {
    const rig = following()
    rig.server.last.answer(answered(200, [['etag', '"1"']], 'one'))
    rig.clock.advance(4999)
    expect(rig.server.asked.length).toBe(1)
    rig.clock.advance(1)
    expect(rig.server.last.field('if-none-match')).toBe('"1"')
    rig.server.last.answer(answered(304))
    rig.clock.advance(5000)
    rig.server.last.answer(answered(200, [], 'two'))
    expect(rig.told()).toEqual(['value one', 'confirmed', 'value two'])
    rig.clock.advance(5000)
    expect(rig.server.last.field('if-none-match')).toBeUndefined()
  })

  test.each([
    [failure(), 'lost cannot be asked: ECONNREFUSED'],
    [answered(500), 'lost answers with 500'],
    [answered(302, [['location', 'https://else.test']]), 'lost answers with 302'],
    [answered(404), 'lost has no such file'],
    [answeredAtLength(200), 'lost answers with more than 16777216 bytes'],
    // Who has sent nothing cannot say that it is still so.
    [answered(304), 'lost answers with 304'],
  ])('that fails is told, and asked again', (answer, word) => {
    const rig = following()
    rig.server.last.answer(answer)
    expect(rig.told()).toEqual([word])
    rig.clock.advance(5000)
    expect(rig.server.last.field('if-none-match')).toBeUndefined()
    rig.server.last.answer(answered(200, [], 'one'))
    expect(rig.told()).toEqual(['value one'])
  })

  test('that fails has not changed for that', () => {
    const rig = following()
    rig.server.last.answer(answered(200, [['etag', '"1"']], 'one'))
    rig.clock.advance(5000)
    rig.server.last.answer(failure())
    rig.clock.advance(5000)
    expect(rig.server.last.field('if-none-match')).toBe('"1"')
    rig.server.last.answer(answered(304))
    expect(rig.told()).toEqual(['value one', 'lost cannot be asked: ECONNREFUSED', 'confirmed'])
  })

  test('is asked no more once it is stopped', () => {
    const rig = following()
    rig.stop()
    expect(rig.server.last.isCancelled).toBe(true)
    rig.clock.advance(60_000)
    expect(rig.server.asked.length).toBe(1)
  })
})
