import { describe, expect, test } from 'bun:test'
import {
  asRefusal,
  type Move,
  NO_MOVE,
  type Part,
  prepareAll,
  prepareInOrder,
  Refusal,
  together,
} from '../../core/part.ts'

/** Parts that write down what is done with them, in order. */
function scripted() {
  const log: string[] = []
  const move = (name: string, facts: Partial<Move> = {}): Move => ({
    isNews: false,
    commit: () => void log.push(`commit ${name}`),
    abandon: () => void log.push(`abandon ${name}`),
    ...facts,
  })
  const part = (name: string, outcome: Partial<Move> | Error = {}): Part<string> => ({
    async prepare(config) {
      log.push(`prepare ${name} for ${config}`)
      if (outcome instanceof Error) throw outcome
      return move(name, outcome)
    },
  })
  const step = (name: string, outcome?: Partial<Move> | Error) => ({
    key: `key.${name}`,
    prepare: () => part(name, outcome).prepare('it'),
  })
  return { log, move, part, step }
}

const problemsOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'prepared',
    (error: unknown) => (error instanceof Refusal ? error.problems : error),
  )

describe('parts in order', () => {
  test('get ready one after the other, and commit in the same order', async () => {
    const { log, part } = scripted()
    const move = await prepareInOrder([part('a'), part('b')], 'it')
    expect(log).toEqual(['prepare a for it', 'prepare b for it'])
    move.commit()
    expect(log.slice(2)).toEqual(['commit a', 'commit b'])
  })

  test('are not asked behind one that refuses, and those before it abandon', async () => {
    const { log, part } = scripted()
    const problems = [{ key: 'k', message: 'no' }]
    const parts = [part('a'), part('b'), part('c', new Refusal(problems)), part('d')]
    expect(await problemsOf(prepareInOrder(parts, 'it'))).toEqual(problems)
    expect(log.slice(3)).toEqual(['abandon b', 'abandon a'])
  })

  test('refuse also for an error that nobody expected', async () => {
    const { part } = scripted()
    expect(await problemsOf(prepareInOrder([part('a', new TypeError('oh'))], 'it'))).toEqual([
      { key: '', message: 'oh' },
    ])
  })
})

describe('all steps', () => {
  test('are tried, so that every problem is told at once', async () => {
    const { log, step } = scripted()
    const steps = [step('a', new Error('one')), step('b'), step('c', new Refusal([{ key: 'own', message: 'two' }]))]
    expect(await problemsOf(prepareAll(steps))).toEqual([
      { key: 'key.a', message: 'one' },
      { key: 'own', message: 'two' },
    ])
    expect(log.at(-1)).toBe('abandon b')
  })

  test('make one move', async () => {
    const { log, step } = scripted()
    const move = await prepareAll([step('a'), step('b')])
    move.commit()
    expect(log.slice(2)).toEqual(['commit a', 'commit b'])
  })

  test('may be none', async () => {
    const move = await prepareAll([])
    expect([move.isNews, move.kept]).toEqual([false, undefined])
    move.commit()
  })
})

describe('moves together', () => {
  test('abandon the other way round', () => {
    const { log, move } = scripted()
    together([move('a'), move('b'), NO_MOVE]).abandon()
    expect(log).toEqual(['abandon b', 'abandon a'])
  })

  test('tell the same news once', () => {
    const { move } = scripted()
    const news = (...texts: string[]) => move('a', { isNews: true, news: texts })
    expect(together([news('a', 'b'), news(), news('b', 'c')]).news).toEqual(['a', 'b', 'c'])
    expect(together([NO_MOVE]).news).toBeUndefined()
  })

  test('are news when one of them is, and keep what each keeps', () => {
    const { move } = scripted()
    const kept = [{ key: 'k', message: 'kept' }]
    const both = together([move('a', { isNews: true }), move('b', { kept }), move('c', { kept })])
    expect([both.isNews, both.kept]).toEqual([true, [...kept, ...kept]])
    expect(together([NO_MOVE, NO_MOVE]).isNews).toBe(false)
  })
})

describe('a refusal', () => {
  test('tells each problem on a line, with its key where there is one', () => {
    const refusal = new Refusal([
      { key: 'a.b', message: 'is wrong' },
      { key: '', message: 'it ends' },
    ])
    expect(refusal.message).toBe('a.b: is wrong\nit ends')
  })

  test('is made of any thrown thing', () => {
    expect(asRefusal('text', 'k').problems).toEqual([{ key: 'k', message: 'text' }])
    const refusal = new Refusal([])
    expect(asRefusal(refusal, 'k')).toBe(refusal)
  })
})
