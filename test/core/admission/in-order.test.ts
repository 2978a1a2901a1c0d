import { describe, expect, test } from 'bun:test'
import { type Admission, type Asked, everybody, nobody, type Verdict } from '../../../core/admission/admission.ts'
import { inOrder } from '../../../core/admission/in-order.ts'
import type { RequestHead } from '../../../core/http1/request-head.ts'

/** Admissions that write down who was asked, gave or got back, and an asker who can be told later. */
function lane() {
  const log: string[] = []
  const waiting: ((verdict: Verdict) => void)[] = []
  const giving = (name: string): Admission => ({
    admit(_asked, head, now) {
      log.push(`${name} asked with ${head as unknown as string} at ${now}`)
      const release = (): void => void log.push(`${name} back`)
      const pass = {
        requestDrops: [name],
        responseDrops: [name],
        requestLines: `${name}: 1\r\n`,
        responseLines: `${name}: 2\r\n`,
      }
      return { kind: 'admitted', pass: { ...pass, release } }
    },
  })
  const late = (name: string): Admission => ({
    admit: () => ({
      kind: 'later',
      wait(decide) {
        waiting.push(decide)
        return () => void log.push(`${name} cancelled`)
      },
    }),
  })
  const asked = { client: { readHead: () => 'later head' as unknown as RequestHead }, now: () => 7 } as unknown as Asked
  const ask = (...admissions: Admission[]): Verdict => inOrder(admissions).admit(asked, 'head' as never, 5)
  return { ask, giving, late, log, waiting }
}

const no = nobody({ status: 403, detail: 'no' })

describe('admissions in order', () => {
  test('are nothing more than the only one, and let everybody in when there are none', () => {
    expect([inOrder([]), inOrder([no])]).toEqual([everybody, no])
  })

  test('admit when all do, with all that they gave', () => {
    const { ask, giving, log } = lane()
    const verdict = ask(giving('a'), everybody, giving('b'), giving('c'))
    expect(verdict).toMatchObject({
      kind: 'admitted',
      pass: {
        requestDrops: ['a', 'b', 'c'],
        requestLines: 'a: 1\r\nb: 1\r\nc: 1\r\n',
        responseDrops: ['a', 'b', 'c'],
        responseLines: 'a: 2\r\nb: 2\r\nc: 2\r\n',
      },
    })
    if (verdict.kind === 'admitted') verdict.pass?.release?.()
    expect(log).toEqual([
      'a asked with head at 5',
      'b asked with head at 5',
      'c asked with head at 5',
      'a back',
      'b back',
      'c back',
    ])
  })

  test('hide what one of them would hide', () => {
    const hiding: Admission = { admit: () => ({ kind: 'admitted', pass: { queryDrop: 'key' } }) }
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const { ask, giving } = lane()
      const [first, second] = order.map((index) => [hiding, giving('a')][index]!)
      expect(ask(first!, second!)).toMatchObject({ pass: { queryDrop: 'key', requestDrops: ['a'] } })
    }
  })

  test('refuse with the first that does; nobody behind it is asked, and those before it have back what they gave', () => {
    const { ask, giving, log } = lane()
    expect(ask(giving('a'), giving('b'), no, giving('c'))).toEqual({
      kind: 'refused',
      problem: { status: 403, detail: 'no', lines: 'b: 2\r\na: 2\r\n' },
    })
    expect(log.slice(2)).toEqual(['b back', 'a back'])
  })

  test('go on behind one that decides later, with the head as it is then', () => {
    const { ask, giving, late, log, waiting } = lane()
    const verdict = ask(giving('a'), late('b'), giving('c'))
    const heard: Verdict[] = []
    if (verdict.kind === 'later') verdict.wait((next) => heard.push(next))
    expect([heard, log]).toEqual([[], ['a asked with head at 5']])
    waiting[0]?.({ kind: 'admitted', pass: { responseLines: 'b: 2\r\n' } })
    expect(heard).toMatchObject([{ kind: 'admitted', pass: { responseLines: 'a: 2\r\nb: 2\r\nc: 2\r\n' } }])
    expect(log).toEqual(['a asked with head at 5', 'c asked with later head at 7'])
  })

  test('may wait for one after the other, and refuse then', () => {
    const { ask, giving, late, log, waiting } = lane()
    const verdict = ask(giving('a'), late('b'), late('c'), no)
    const heard: Verdict[] = []
    const follow = (next: Verdict): void => {
      if (next.kind === 'later') next.wait(follow)
      else heard.push(next)
    }
    follow(verdict)
    waiting[0]?.({ kind: 'admitted' })
    expect([waiting.length, heard.length]).toEqual([2, 0])
    waiting[1]?.({ kind: 'admitted' })
    expect(heard).toMatchObject([{ kind: 'refused', problem: { detail: 'no', lines: 'a: 2\r\n' } }])
    expect(log.at(-1)).toBe('a back')
  })

  test('have back what they gave when nobody waits any more', () => {
    const { ask, giving, late, log } = lane()
    const verdict = ask(giving('a'), giving('b'), late('c'))
    if (verdict.kind === 'later') verdict.wait(() => undefined)()
    expect(log.slice(2)).toEqual(['c cancelled', 'b back', 'a back'])
  })
})
