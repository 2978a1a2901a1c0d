import { describe, expect, test } from 'bun:test'
import { type Claim, PasswordChecks } from '../../../core/admission/password-checks.ts'

/** Checks whose passwords are verified when the test says so. */
function checking(atOnce = 2) {
  const state = { now: 0, inEvents: 0 }
  const faults: unknown[] = []
  const under: { readonly hash: string; readonly end: (isRight: boolean) => void; readonly fail: () => void }[] = []
  const heard: string[] = []
  const checks = new PasswordChecks({
    now: () => state.now,
    atOnce,
    verify: (_password, hash) =>
      new Promise((resolve, reject) => under.push({ hash, end: resolve, fail: () => reject(new Error('odd')) })),
    inEvent(task) {
      state.inEvents += 1
      task()
    },
    reportFault: (error) => faults.push(error),
  })
  const claim = (name: string, changes: Partial<Claim> = {}): Claim => ({
    mark: checks.markOf(Buffer.from(name), 'hash'),
    password: Buffer.from(name),
    hash: name,
    isDecoy: false,
    address: '192.0.2.1',
    ...changes,
  })
  const check = (name: string, changes: Partial<Claim> = {}) =>
    checks.check(claim(name, changes), (isRight) => heard.push(`${name} ${isRight}`))
  const known = (name: string) => checks.known(claim(name).mark, state.now)
  /** The one under way longest comes to an end. */
  const end = async (isRight: boolean): Promise<void> => {
    under.shift()?.end(isRight)
    await settled()
  }
  return { checks, claim, check, known, end, under, heard, faults, state }
}

/** Everything that promises have to do is done. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}

describe('checks of passwords', () => {
  test('tell in an event of their own, and what they found out is known for a while', async () => {
    const { check, known, end, heard, state } = checking()
    check('right')
    check('wrong')
    expect([known('right'), heard]).toEqual([undefined, []])
    await end(true)
    await end(false)
    expect([heard, state.inEvents]).toEqual([['right true', 'wrong false'], 2])
    expect([known('right'), known('wrong')]).toEqual([true, false])
    state.now = 59_999
    expect(known('wrong')).toBe(false)
    state.now = 60_000
    expect([known('right'), known('wrong')]).toEqual([true, undefined])
    state.now = 600_000
    expect(known('right')).toBeUndefined()
  })

  test('are a few at once, the others in their order behind them', async () => {
    const { check, end, under } = checking(2)
    for (const name of ['a', 'b', 'c', 'd']) check(name)
    expect(under.map(({ hash }) => hash)).toEqual(['a', 'b'])
    await end(true)
    expect(under.map(({ hash }) => hash)).toEqual(['b', 'c'])
    await end(true)
    await end(true)
    expect(under.map(({ hash }) => hash)).toEqual(['d'])
  })

  test('of one site let those of others go between them', async () => {
    const { check, end, under } = checking(1)
    for (const name of ['a1', 'a2', 'a3']) check(name, { address: '10.0.0.1' })
    check('b1', { address: '10.0.0.2' })
    check('a4', { address: '10.0.0.1' })
    const order: string[] = []
    for (let count = 0; count < 5; count += 1) {
      order.push(...under.map(({ hash }) => hash))
      await end(false)
    }
    expect(order).toEqual(['a1', 'b1', 'a2', 'a3', 'a4'])
  })

  test('of the same are one', async () => {
    const { check, end, under, heard } = checking()
    check('a')
    check('a')
    expect(under).toHaveLength(1)
    await end(true)
    expect(heard).toEqual(['a true', 'a true'])
  })

  test('nobody waits for any more are not begun', async () => {
    const { check, end, under, heard } = checking(1)
    check('a')
    const cancels = [check('b'), check('b')]
    check('c')
    cancels[0]?.()
    cancels[0]?.()
    cancels[1]?.()
    await end(true)
    expect(under.map(({ hash }) => hash)).toEqual(['c'])
    await end(true)
    expect(heard).toEqual(['a true', 'c true'])
  })

  test('under way go on without who asked for them, for the next one', async () => {
    const { check, end, heard, known } = checking(1)
    check('a')()
    await end(true)
    expect([heard, known('a')]).toEqual([[], true])
  })

  test('of one site are eight at most', async () => {
    const { checks, check, claim, end } = checking(1)
    const fullFor = (name: string, address: string) => checks.fullFor(claim(name).mark, address)
    for (let index = 0; index < 8; index += 1) check(`a${index}`, { address: `2001:db8::${index}` })
    expect([fullFor('b', '2001:db8::ffff'), fullFor('b', '2001:db8:0:1::'), fullFor('a3', '2001:db8::1')]).toEqual([
      'site',
      undefined,
      undefined,
    ])
    await end(false)
    expect(fullFor('b', '2001:db8::ffff')).toBeUndefined()
  })

  test('of all are as many as there is room for in the line', () => {
    const { checks, check, claim } = checking(2)
    const fullFor = () => checks.fullFor(claim('last').mark, '192.0.2.1')
    for (let index = 0; index < 33; index += 1) check(`a${index}`, { address: `10.0.0.${index}` })
    expect(fullFor()).toBeUndefined()
    const cancel = check('a33', { address: '10.0.0.33' })
    expect(fullFor()).toBe('all')
    cancel()
    expect(fullFor()).toBeUndefined()
  })

  test('of a decoy come to nothing', async () => {
    const { check, end, heard, known } = checking()
    check('a', { isDecoy: true })
    await end(true)
    expect([heard, known('a')]).toEqual([['a false'], false])
  })

  test('that fail are wrong, and told of', async () => {
    const { check, under, heard, faults } = checking()
    check('a')
    under[0]?.fail()
    await settled()
    expect([heard, faults.map(String)]).toEqual([['a false'], ['Error: odd']])
  })

  test('mark credentials by a key of their own, and the hash apart from them', () => {
    const { checks } = checking()
    const mark = (text: string, hash: string, by = checks) => by.markOf(Buffer.from(text), hash)
    expect(mark('a:b', 'h')).toBe(mark('a:b', 'h'))
    expect(
      new Set([
        mark('a:b', 'h'),
        mark('a:c', 'h'),
        mark('a:b', 'g'),
        mark(':b', 'ha'),
        mark('a:b', 'h', checking().checks),
      ]).size,
    ).toBe(5)
  })
})
