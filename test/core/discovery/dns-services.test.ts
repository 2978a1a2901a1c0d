import { describe, expect, test } from 'bun:test'
import type { DnsPolicy } from '../../../core/discovery/policy.ts'
import { asking, at, nobody, service, settle } from './dns-rig.ts'
import { shown, type Word } from './recorder.ts'

describe('services', () => {
  const services = (facts: Partial<DnsPolicy> = {}) => asking({ records: { kind: 'srv' }, ...facts })
  const listed = ({ words }: { readonly words: readonly Word[] }) =>
    words.map((word) =>
      word.kind === 'listing' ? word.listing.members.map(({ id, weight, tier }) => `${id} ${weight} ${tier}`) : word,
    )

  test('have the addresses that come with them, and others are asked for', () => {
    const rig = services()
    rig.say('web.test SRV', {
      answers: [service('b.test', 81), service('c.test', 82)],
      additional: [at('10.0.0.1', 5, 'b.test')],
    })
    rig.say('c.test A', { answers: [at('10.0.0.2', 5, 'c.test')] })
    const told = rig.start()
    settle(rig)
    expect(listed(told)).toEqual([['10.0.0.1:81 1 0', '10.0.0.2:82 1 0']])
    expect(rig.asked.map((question) => question.split(' ').slice(0, 2).join(' '))).toEqual(['web.test SRV', 'c.test A'])
  })

  test('have the weights of their records, shared by the addresses of a target, and priorities as tiers', () => {
    const rig = services()
    rig.say('web.test SRV', {
      answers: [
        service('b.test', 81, [10, 60]),
        service('c.test', 82, [10, 0]),
        service('d.test', 83, [20, 0]),
        service('d.test', 84, [30, 5]),
      ],
      additional: [
        at('10.0.0.1', 5, 'b.test'),
        at('10.0.0.2', 5, 'b.test'),
        at('10.0.0.3', 5, 'c.test'),
        at('10.0.0.4', 5, 'd.test'),
      ],
    })
    expect(listed(rig.start())).toEqual([
      ['10.0.0.1:81 30 0', '10.0.0.2:81 30 0', '10.0.0.3:82 0.001 0', '10.0.0.4:83 1 1', '10.0.0.4:84 5 2'],
    ])
  })

  test('with more priorities than there are tiers share the last one', () => {
    const rig = services()
    const answers = Array.from({ length: 20 }, (_, index) => service('b.test', index + 1, [index, 0]))
    rig.say('web.test SRV', { answers, additional: [at('10.0.0.1', 5, 'b.test')] })
    expect(listed(rig.start())[0]).toEqual(answers.map((_, index) => `10.0.0.1:${index + 1} 1 ${Math.min(15, index)}`))
  })

  test('with more addresses together than a pool may have members are left out, each as a whole', () => {
    const rig = services()
    rig.say('web.test SRV', {
      answers: Array.from({ length: 1000 }, (_, index) => service('b.test', index + 1)),
      additional: Array.from({ length: 400 }, (_, index) => at(`10.0.${index >> 8}.${index & 255}`, 5, 'b.test')),
    })
    const [word] = rig.start().words
    const { members, skipped } = (word as Word & { readonly kind: 'listing' }).listing
    expect([members.length, skipped.count, skipped.first[0]]).toEqual([
      50_000,
      1000 - 125,
      { entry: 'b.test:126', reason: 'is one of more than 50000' },
    ])
  })

  test('that are decidedly not there are nobody', () => {
    const rig = services()
    rig.say('web.test SRV', { answers: [service('', 0)] })
    expect(shown(rig.start().words)).toEqual(['vanished web.test says that there is no such service'])
  })

  test('stay what they were where nobody answers for their target', () => {
    const rig = services()
    rig.say('web.test SRV', { answers: [service('b.test', 81), service('c.test', 82)] })
    rig.say('b.test A', { answers: [at('10.0.0.1', 5, 'b.test')] })
    rig.say('c.test A', { answers: [at('10.0.0.2', 5, 'c.test')] })
    const told = rig.start()
    settle(rig)
    rig.say('c.test A', { code: 2 })
    rig.clock.advance(5000)
    settle(rig)
    rig.say('c.test A', nobody)
    rig.clock.advance(5000)
    settle(rig)
    expect(shown(told.words)).toEqual([['10.0.0.1:81', '10.0.0.2:82'], ['10.0.0.1:81', '10.0.0.2:82'], ['10.0.0.1:81']])
  })

  test('are left out one by one, each with its reason', () => {
    const rig = services()
    rig.say('web.test SRV', {
      answers: [service('b.test', 0), service('gone.test', 81), service('b.test', 82), service('b.test', 82)],
      additional: [at('10.0.0.1', 5, 'b.test')],
    })
    const told = rig.start()
    settle(rig)
    const [word] = told.words
    expect(word?.kind === 'listing' && word.listing.skipped.first).toEqual([
      { entry: 'b.test:0', reason: 'has the port 0' },
      { entry: 'gone.test:81', reason: 'there is no gone.test' },
      { entry: 'b.test:82', reason: 'is 10.0.0.1:82 once more' },
    ])
  })

  test('of a thousand targets are asked for 16 at a time', () => {
    const rig = services()
    const targets = Array.from({ length: 1000 }, (_, index) => `t${index}.test`)
    rig.say('web.test SRV', { answers: targets.map((target) => service(target, 80)) })
    for (const [index, target] of targets.entries())
      rig.say(`${target} A`, { answers: [at(`10.0.${index >> 8}.${index & 255}`, 5, target)] })
    const told = rig.start()
    expect([rig.asked.length, rig.open.most]).toEqual([1 + 1000, 16])
    const [word] = told.words
    expect(word?.kind === 'listing' && word.listing.members.length).toBe(1000)
  })

  test('are asked for again as soon as an address has run out', () => {
    const rig = services()
    rig.say('web.test SRV', { answers: [service('b.test', 81)], additional: [at('10.0.0.1', 2, 'b.test')] })
    rig.start()
    rig.clock.advance(1999)
    expect(rig.asked).toHaveLength(1)
    rig.clock.advance(1)
    expect(rig.asked).toHaveLength(2)
  })

  test('ask for nothing more once they are stopped', () => {
    const rig = services()
    rig.say('web.test SRV', { answers: [service('b.test', 81), service('c.test', 81)] })
    rig.say('b.test A', 'silent')
    rig.say('c.test A', 'silent')
    rig.start().stop()
    expect(rig.clock.pending()).toBe(0)
  })
})
