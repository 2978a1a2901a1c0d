import { describe, expect, test } from 'bun:test'
import type { Found } from '../../../core/names/look-up.ts'
import { Name } from '../../../core/names/name.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const at = (ttlMs: number, ...addresses: string[]): Found => ({ kind: 'addresses', addresses, ttlMs })
const failed = (code: string): Found => ({ kind: 'failure', code })

/** A name whose look-ups are answered by hand; with `instantly`, by itself as the hosts file does. */
function makeName(instantly?: () => Found) {
  const clock = virtualClock()
  const open: ((found: Found) => void)[] = []
  let lookUps = 0
  const name = new Name('app.test', clock, (_host, done) => {
    lookUps += 1
    if (instantly === undefined) open.push(done)
    else done(instantly())
  })
  /** Answers the oldest look-up that is still open. */
  const answer = (found: Found): void => open.shift()?.(found)
  return { clock, name, answer, lookUps: () => lookUps }
}

const known = (name: Name): readonly string[] => {
  const knowledge = name.read()
  return knowledge.kind === 'addresses' ? knowledge.addresses : []
}

describe('what is known of a name', () => {
  test('is nothing until the first look-up is over, and many wait for the same one', () => {
    const { name, answer, lookUps } = makeName()
    const told: string[] = []
    expect(name.read()).toEqual({ kind: 'nothing' })
    expect(name.read()).toEqual({ kind: 'nothing' })
    name.wait(() => told.push('one'))
    const cancel = name.wait(() => told.push('two'))
    name.wait(() => told.push('three'))
    cancel()
    answer(at(5000, '10.0.0.1'))
    expect(told).toEqual(['one', 'three'])
    expect(known(name)).toEqual(['10.0.0.1'])
    expect(lookUps()).toBe(1)
  })

  test('is told of once to each who waits, and to nobody who leaves meanwhile', () => {
    const { clock, name, answer } = makeName()
    const told: string[] = []
    name.read()
    name.wait(() => {
      told.push('one')
      cancel()
      name.wait(() => told.push('one again'))
    })
    const cancel = name.wait(() => told.push('two'))
    answer(at(1000, '10.0.0.1'))
    expect(told).toEqual(['one'])
    clock.advance(1000)
    name.read()
    answer(at(1000, '10.0.0.1'))
    expect(told).toEqual(['one', 'one again'])
  })

  test('is there at once when it needs no name server', () => {
    const { name } = makeName(() => at(5000, '127.0.0.1'))
    expect(known(name)).toEqual(['127.0.0.1'])
    expect(name.isAsking).toBe(false)
  })

  test('lasts as long as its records, and serves on while it is asked for anew', () => {
    const { clock, name, answer, lookUps } = makeName()
    name.read()
    answer(at(5000, '10.0.0.1'))
    clock.advance(4999)
    expect(known(name)).toEqual(['10.0.0.1'])
    expect(lookUps()).toBe(1)
    clock.advance(1)
    expect(known(name)).toEqual(['10.0.0.1'])
    expect(lookUps()).toBe(2)
    answer(at(5000, '10.0.0.2'))
    expect(known(name)).toEqual(['10.0.0.2'])
  })

  test.each([
    [0, 1000],
    [600_000, 30_000],
  ])('lasts within bounds for a TTL of %i ms: %i ms', (ttlMs, lastsMs) => {
    const { clock, name, lookUps } = makeName(() => at(ttlMs, '10.0.0.1'))
    name.read()
    clock.advance(lastsMs - 1)
    name.read()
    expect(lookUps()).toBe(1)
    clock.advance(1)
    name.read()
    expect(lookUps()).toBe(2)
  })

  test('is a failure when the look-up fails, for a second', () => {
    const { clock, name, answer, lookUps } = makeName()
    name.read()
    answer(failed('ESERVFAIL'))
    clock.advance(999)
    expect(name.read()).toEqual({ kind: 'failure', code: 'ESERVFAIL' })
    expect(lookUps()).toBe(1)
    clock.advance(1)
    name.read()
    expect(lookUps()).toBe(2)
  })

  test('fails when the name servers are silent, and a late answer counts no more', () => {
    const { clock, name, answer } = makeName()
    let told = 0
    name.read()
    name.wait(() => (told += 1))
    clock.advance(4999)
    expect(told).toBe(0)
    clock.advance(1)
    expect(told).toBe(1)
    expect(name.read()).toEqual({ kind: 'failure', code: 'ETIMEOUT' })
    answer(at(5000, '10.0.0.1'))
    expect(known(name)).toEqual([])
  })

  test('stays for as long as name servers fail', () => {
    const { clock, name } = makeName(() => (clock.now() === 0 ? at(1000, '10.0.0.1') : failed('ESERVFAIL')))
    name.read()
    for (let minute = 0; minute < 10; minute += 1) {
      clock.advance(60_000)
      expect(known(name)).toEqual(['10.0.0.1'])
    }
  })

  test('stays for half a minute after the name has gone, counted anew when it was back', () => {
    let answers: Found = at(1000, '10.0.0.1')
    const { clock, name } = makeName(() => answers)
    const after = (ms: number): readonly string[] => {
      clock.advance(ms)
      return known(name)
    }
    name.read()
    answers = failed('ENOTFOUND')
    expect(after(1000)).toEqual(['10.0.0.1'])
    expect(after(29_000)).toEqual(['10.0.0.1'])
    answers = at(1000, '10.0.0.1')
    expect(after(1000)).toEqual(['10.0.0.1'])
    answers = failed('ENOTFOUND')
    expect(after(1000)).toEqual(['10.0.0.1'])
    expect(after(29_000)).toEqual(['10.0.0.1'])
    expect(after(1000)).toEqual([])
  })
})

describe('a watched name', () => {
  test('is kept current without anybody asking, and tells of changes alone', () => {
    const { clock, name, answer, lookUps } = makeName()
    const told: (readonly string[])[] = []
    name.read()
    answer(at(2000, '10.0.0.1', '10.0.0.2'))
    const cancel = name.watch(() => told.push(known(name)))
    clock.advance(2000)
    answer(at(2000, '10.0.0.2', '10.0.0.1'))
    expect(told).toEqual([])
    clock.advance(2000)
    answer(at(2000, '10.0.0.2', '10.0.0.3'))
    expect(told).toEqual([['10.0.0.2', '10.0.0.3']])
    clock.advance(2000)
    expect(lookUps()).toBe(4)
    answer(failed('ETIMEOUT'))
    expect(told).toHaveLength(1)
    cancel()
    clock.advance(60_000)
    expect(lookUps()).toBe(4)
    expect(clock.pending()).toBe(0)
  })

  test('is watched until the last watcher has gone', () => {
    const { clock, name, lookUps } = makeName(() => at(1000, '10.0.0.1'))
    name.read()
    const [one, two] = [name.watch(() => {}), name.watch(() => {})]
    one()
    one()
    clock.advance(1000)
    expect(lookUps()).toBe(2)
    two()
    clock.advance(10_000)
    expect(lookUps()).toBe(2)
    expect(clock.pending()).toBe(0)
  })
})

describe('several addresses', () => {
  test('begin in turn, IPv6 behind IPv4', () => {
    const { name } = makeName(() => at(5000, '::1', '10.0.0.1', '10.0.0.2'))
    name.read()
    expect([name.inOrder(), name.inOrder(), name.inOrder()]).toEqual([
      ['10.0.0.1', '10.0.0.2', '::1'],
      ['10.0.0.2', '10.0.0.1', '::1'],
      ['10.0.0.1', '10.0.0.2', '::1'],
    ])
  })

  test('come last for ten seconds after a failure, unless one succeeds meanwhile', () => {
    const { clock, name } = makeName(() => at(30_000, '10.0.0.1', '10.0.0.2', '10.0.0.3'))
    const firsts = (): string[] => [0, 1, 2].map(() => name.inOrder()[0] ?? '').toSorted()
    name.read()
    name.onFailure('10.0.0.1')
    expect(firsts()).not.toContain('10.0.0.1')
    expect(name.inOrder().at(-1)).toBe('10.0.0.1')
    clock.advance(9999)
    expect(firsts()).not.toContain('10.0.0.1')
    clock.advance(1)
    expect(firsts()).toContain('10.0.0.1')
    name.onFailure('10.0.0.2')
    name.onSuccess('10.0.0.2')
    expect(firsts()).toContain('10.0.0.2')
  })

  test('are forgiven when they have left and come back', () => {
    let answers = at(1000, '10.0.0.1', '10.0.0.2')
    const { clock, name } = makeName(() => answers)
    const ask = (addresses: Found): void => {
      answers = addresses
      clock.advance(1000)
      name.read()
    }
    name.read()
    name.onFailure('10.0.0.1')
    ask(at(1000, '10.0.0.2'))
    ask(at(1000, '10.0.0.1', '10.0.0.2'))
    expect(new Set([name.inOrder()[0], name.inOrder()[0]]).size).toBe(2)
  })

  test('are asked for anew after a failure, five times a second at most', () => {
    const { clock, name, lookUps } = makeName(() => at(30_000, '10.0.0.1'))
    name.read()
    clock.advance(199)
    name.onFailure('10.0.0.1')
    expect(lookUps()).toBe(1)
    clock.advance(1)
    name.read()
    expect(lookUps()).toBe(2)
    clock.advance(200)
    name.read()
    expect(lookUps()).toBe(2)
    for (let time = 0; time < 100; time += 1) name.onFailure('10.0.0.1')
    expect(lookUps()).toBe(3)
  })
})
