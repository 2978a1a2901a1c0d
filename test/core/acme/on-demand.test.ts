/** Names that handshakes make up: which are asked about, how often, and how many at once. */
import { expect, test } from 'bun:test'
import { OnDemand } from '../../../core/acme/on-demand.ts'
import { answered, failure, fakeAsk } from '../../support/fake-ask.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { turn } from '../../support/raw-peer.ts'

function rig(url = 'http://ask.test/may?key=1') {
  const clock = virtualClock()
  const server = fakeAsk()
  const allowed: string[] = []
  const { promise: keeping, resolve: keep } = Promise.withResolvers<void>()
  const onDemand = new OnDemand({
    url,
    ask: server.ask,
    clock,
    has: (name) => name === 'known.test',
    onAllowed: (name) => {
      allowed.push(name)
      return keeping
    },
  })
  /** What was said is taken in a task of its own. */
  const settle = (): Promise<void> => turn()
  return { clock, server, allowed, onDemand, settle, keep }
}

test('one that is agreed to is told, once it has been asked about', async () => {
  const { onDemand, server, allowed, settle, keep } = rig()
  onDemand.want('a.test')
  onDemand.want('a.test')
  expect(server.asked.map(({ question }) => question.url)).toEqual(['http://ask.test/may?key=1&domain=a.test'])
  server.last.answer(answered(204))
  await settle()
  expect(allowed).toEqual(['a.test'])
  // Until it is kept, too.
  onDemand.want('a.test')
  expect(server.asked).toHaveLength(1)
  keep()
  await settle()
  onDemand.want('a.test')
  expect(server.asked).toHaveLength(2)
})

test('what is no name, or kept already, is not asked about', () => {
  const { onDemand, server } = rig()
  const names = [
    '',
    'localhost',
    '127.0.0.1',
    '*.a.test',
    'known.test',
    'a..test',
    `${'a'.repeat(300)}.test`,
    '../x.test',
  ]
  for (const name of [...names, 'a.test\r\nx: y', 'a.test?domain=b.test']) onDemand.want(name)
  expect(server.asked).toEqual([])
})

test('one that is refused is left for ten minutes, whatever the refusal', async () => {
  for (const answer of [answered(404), answered(302), answered(500), failure()]) {
    const { onDemand, server, allowed, settle, clock } = rig()
    onDemand.want('a.test')
    server.last.answer(answer)
    await settle()
    clock.advance(9 * 60_000)
    onDemand.want('a.test')
    expect(server.asked).toHaveLength(1)
    clock.advance(2 * 60_000)
    onDemand.want('a.test')
    expect([server.asked.length, allowed]).toEqual([2, []])
  }
})

test('ten are asked about at once, and ten thousand refusals remembered', async () => {
  const { onDemand, server, settle } = rig()
  for (let number = 0; number < 50; number += 1) onDemand.want(`n${number}.test`)
  expect(server.asked).toHaveLength(10)
  for (const asking of server.asked) asking.answer(answered(404))
  await settle()
  for (let number = 100; number < 10_200; number += 1) {
    onDemand.want(`n${number}.test`)
    server.last.answer(answered(404))
    if (number % 10 === 0) await settle()
  }
  await settle()
  const asked = server.asked.length
  onDemand.want('n5000.test')
  expect(server.asked).toHaveLength(asked)
  onDemand.want('n0.test')
  expect(server.asked).toHaveLength(asked + 1)
})
