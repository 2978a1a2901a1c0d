import { describe, expect, test } from 'bun:test'
import { fail } from '../../support/fail.ts'
import { sliced } from '../../../core/admin/sliced.ts'

const type = 'text/plain'

function* slices(log: string[], texts: readonly string[]): Generator<string, void> {
  for (const text of texts) {
    log.push(`made ${text}`)
    yield text
  }
}

describe('an answer in slices', () => {
  test('is all of them, empty ones too, each made in a turn of its own', async () => {
    const log: string[] = []
    const turn = async () => void log.push('turn')
    const response = sliced(slices(log, ['a', '', 'é']), turn, type)
    expect([await response.text(), response.headers.get('content-type')]).toEqual(['aé', type])
    expect(log).toEqual(['made a', 'turn', 'made ', 'turn', 'made é', 'turn'])
  })

  test('may be none', async () => {
    expect(await sliced(slices([], []), async () => undefined, type).text()).toBe('')
  })

  test('is not made further than it is taken', async () => {
    const log: string[] = []
    const reader = sliced(slices(log, ['a', 'b', 'c', 'd']), async () => undefined, type).body!.getReader()
    expect(log).toEqual(['made a'])
    await reader.read()
    expect(log).toEqual(['made a', 'made b'])
    await reader.cancel()
  })

  test('throws what its first slice throws', () => {
    const broken = slices([], [''])
    broken.next = () => fail('a bug')
    expect(() => sliced(broken, async () => undefined, type)).toThrow('a bug')
  })
})
