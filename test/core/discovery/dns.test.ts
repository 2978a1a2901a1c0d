import { describe, expect, test } from 'bun:test'
import type { DnsRecord } from '../../../core/names/dns-message.ts'
import { alias, asking, at, nobody, settle } from './dns-rig.ts'
import { shown } from './recorder.ts'

describe('a name', () => {
  test.each([
    [5, 5000],
    [0, 1000],
    [600, 30_000],
  ])('whose records hold for %d s is asked for again after %d ms', (ttl, afterMs) => {
    const rig = asking()
    rig.say('web.test A', { answers: [at('10.0.0.1', ttl)] })
    const told = rig.start()
    rig.say('web.test A', { answers: [at('10.0.0.2', ttl)] })
    rig.clock.advance(afterMs - 1)
    expect(shown(told.words)).toEqual([['10.0.0.1:80']])
    rig.clock.advance(1)
    settle(rig)
    expect(shown(told.words)).toEqual([['10.0.0.1:80'], ['10.0.0.2:80']])
  })

  test('of which an address cannot be reached is asked for again at once', () => {
    const rig = asking()
    rig.say('web.test A', { answers: [at('10.0.0.1', 60)] })
    const told = rig.start()
    rig.say('web.test A', { answers: [at('10.0.0.2', 60)] })
    rig.clock.advance(5000)
    rig.doubt()
    settle(rig)
    expect(shown(told.words)).toEqual([['10.0.0.1:80'], ['10.0.0.2:80']])
    rig.clock.advance(29_999)
    expect(rig.asked).toHaveLength(2)
    rig.clock.advance(1)
    expect(rig.asked).toHaveLength(3)
  })

  test('is asked for once a second at most, however often its addresses fail', () => {
    const rig = asking()
    rig.say('web.test A', { answers: [at('10.0.0.1', 60)] })
    const told = rig.start()
    for (let ms = 0; ms < 3000; ms += 10) {
      rig.doubt()
      rig.doubt()
      rig.clock.advance(10)
    }
    expect(rig.asked).toHaveLength(4)
    told.stop()
    rig.doubt()
    expect(rig.clock.pending()).toBe(0)
  })

  test('whose records run out sooner than it may be asked for again waits no longer for a doubt', () => {
    const rig = asking()
    rig.say('web.test A', { answers: [at('10.0.0.1', 1)] })
    rig.start()
    rig.doubt()
    rig.clock.advance(1000)
    expect(rig.asked).toHaveLength(2)
  })

  test('holds as long as the shortest of its records', () => {
    const rig = asking()
    rig.say('web.test A', {
      answers: [alias('web.test', 'b.test', 2), at('10.0.0.1', 9, 'b.test'), at('10.0.0.2', 4, 'b.test')],
    })
    rig.start()
    rig.clock.advance(1999)
    expect(rig.asked).toHaveLength(1)
    rig.clock.advance(1)
    expect(rig.asked).toHaveLength(2)
  })

  test('that is not there is asked for again after 1, 2, 4 and 8 s', () => {
    const rig = asking()
    const told = rig.start()
    rig.clock.advance(1000 + 2000 + 4000 + 8000 + 8000)
    settle(rig)
    expect(rig.asked).toHaveLength(6)
    expect(new Set(shown(told.words))).toEqual(new Set(['vanished there is no web.test']))
    rig.say('web.test A', { answers: [at('10.0.0.1')] })
    rig.clock.advance(8000)
    settle(rig)
    rig.say('web.test A', nobody)
    rig.clock.advance(5000)
    settle(rig)
    rig.clock.advance(1000)
    settle(rig)
    expect(shown(told.words).slice(6)).toEqual([
      ['10.0.0.1:80'],
      'vanished there is no web.test',
      'vanished there is no web.test',
    ])
  })

  test('without addresses of the family is told so', () => {
    const rig = asking()
    rig.say('web.test A', {})
    expect(shown(rig.start().words)).toEqual(['vanished web.test has no A records'])
  })

  test('has each address once', () => {
    const rig = asking()
    rig.say('web.test A', { answers: [at('10.0.0.1'), at('10.0.0.1'), at('10.0.0.2')] })
    expect(shown(rig.start().words)).toEqual([['10.0.0.1:80', '10.0.0.2:80']])
  })

  test('has no records of another name, whatever stands in the answer', () => {
    const rig = asking()
    rig.say('web.test A', { answers: [at('10.6.6.6', 5, 'evil.test'), at('10.0.0.1')] })
    expect(shown(rig.start().words)).toEqual([['10.0.0.1:80']])
  })

  test('is asked for no more once it is stopped', () => {
    const rig = asking()
    rig.say('web.test A', { answers: [at('10.0.0.1')] })
    rig.start().stop()
    expect(rig.clock.pending()).toBe(0)
    rig.say('web.test A', 'silent')
    rig.start().stop()
    expect(rig.clock.pending()).toBe(0)
  })
})

describe('an alias', () => {
  test('is followed where the server does not', () => {
    const rig = asking()
    rig.say('web.test A', { answers: [alias('web.test', 'b.test')] })
    rig.say('b.test A', { answers: [alias('b.test', 'c.test'), at('10.0.0.1', 5, 'c.test')] })
    const told = rig.start()
    settle(rig)
    expect(shown(told.words)).toEqual([['10.0.0.1:80']])
  })

  test.each([
    ['in one answer', { 'web.test A': [alias('web.test', 'b.test'), alias('b.test', 'web.test')] }],
    ['to itself', { 'web.test A': [alias('web.test', 'web.test')] }],
    [
      'over several answers',
      { 'web.test A': [alias('web.test', 'b.test')], 'b.test A': [alias('b.test', 'web.test')] },
    ],
  ])('that leads back %s is away', (_how, records: Readonly<Record<string, readonly DnsRecord[]>>) => {
    const rig = asking()
    for (const [what, answers] of Object.entries(records)) rig.say(what, { answers })
    const told = rig.start()
    settle(rig)
    expect(shown(told.words)).toEqual(['lost web.test leads from alias to alias'])
  })

  test('to nobody tells whom it leads to', () => {
    const rig = asking()
    rig.say('web.test A', { code: 3, answers: [alias('web.test', 'gone.test')] })
    expect(shown(rig.start().words)).toEqual(['vanished there is no gone.test'])
  })
})

describe('name servers', () => {
  const resolvers = ['10.0.0.1', '10.0.0.2'].map((address) => ({ address, port: 53 }))

  test('are asked in turn until one answers, twice each', () => {
    const rig = asking({ resolvers })
    rig.say('web.test A', 'silent')
    const told = rig.start()
    rig.clock.advance(3999)
    expect(told.words).toEqual([])
    rig.clock.advance(1)
    expect(rig.asked.map((question) => question.split(' ')[2])).toEqual([
      '10.0.0.1',
      '10.0.0.2',
      '10.0.0.1',
      '10.0.0.2',
    ])
    expect(shown(told.words)).toEqual(['lost 10.0.0.2 is silent'])
  })

  test.each([
    [1, 'did not understand the question'],
    [2, 'failed'],
    [5, 'refused to answer'],
    [9, 'answered with code 9'],
  ])('that answer with code %d are passed over', (code, words) => {
    const rig = asking({ resolvers })
    rig.say('web.test A 10.0.0.1', { code })
    rig.say('web.test A 10.0.0.2', { answers: [at('10.0.0.9')] })
    const told = rig.start()
    settle(rig)
    expect(shown(told.words)).toEqual([['10.0.0.9:80']])
    rig.say('web.test A 10.0.0.2', { code })
    rig.clock.advance(5000)
    settle(rig)
    expect(shown(told.words).at(-1)).toBe(`lost 10.0.0.2:53 ${words}`)
  })

  test('of this machine are asked for the names that a short one may stand for', () => {
    const rig = asking({ resolvers: undefined, name: 'web' }, ['a.test', 'b.test'])
    rig.say('web.b.test A', { answers: [at('10.0.0.1', 5, 'web.b.test')] })
    const told = rig.start()
    settle(rig)
    expect(rig.asked).toEqual(['web.a.test A 127.0.0.53', 'web.b.test A 127.0.0.53'])
    expect(shown(told.words)).toEqual([['10.0.0.1:80']])
  })

  test('that fail are not taken for ones that know no name', () => {
    const rig = asking({ resolvers: undefined, name: 'web' }, ['a.test'])
    rig.say('web.a.test A', { code: 2 })
    const told = rig.start()
    settle(rig)
    expect(shown(told.words)).toEqual(['lost 127.0.0.53:53 failed'])
  })
})

describe('both families', () => {
  test('are asked for in turn: IPv6 where there is no IPv4', () => {
    const rig = asking({ family: 'auto' })
    rig.say('web.test A', {})
    rig.say('web.test AAAA', { answers: [at('2001:db8::1')] })
    const told = rig.start()
    settle(rig)
    expect(shown(told.words)).toEqual([['[2001:db8::1]:80']])
  })

  test('are nobody where neither has an address', () => {
    const rig = asking({ family: 'auto' })
    const told = rig.start()
    settle(rig)
    expect(shown(told.words)).toEqual(['vanished there is no web.test'])
  })

  test.each(['auto', 'both'] as const)('are lost where one of them is, for %s', (family) => {
    const rig = asking({ family })
    rig.say('web.test A', family === 'auto' ? { code: 2 } : { answers: [at('10.0.0.1')] })
    rig.say('web.test AAAA', { code: 2 })
    const told = rig.start()
    settle(rig)
    expect(shown(told.words)).toEqual(['lost 10.0.0.53:53 failed'])
  })
})
