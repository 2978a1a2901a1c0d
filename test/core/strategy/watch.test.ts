import { describe, expect, test } from 'bun:test'
import { CallMarks, markBytes, markedCall, PICK, readMarks } from '../../../core/strategy/call-marks.ts'
import { StrategyWatch, type WatchedVersion } from '../../../core/strategy/watch.ts'

const mine = { file: '/mine.ts', version: 'ab', isShipped: false }

function watching() {
  const memory = new SharedArrayBuffer(markBytes)
  const named: [number, WatchedVersion][] = []
  const watch = new StrategyWatch(new CallMarks(memory), (owner, version) => named.push([owner, version]))
  return { watch, named, marked: () => readMarks(memory).map(markedCall) }
}

describe('StrategyWatch', () => {
  test('says which version serves a pool, as it is configured then', () => {
    const { watch, named, marked } = watching()
    let use = './mine.ts'
    const pool = watch.ofPool('web', () => use)
    pool.serves({ ...mine, plugin: () => 'nothing that another thread could be given' } as typeof mine)
    use = 'p2c'
    pool.serves({ file: '/p2c.ts', version: 'cd', isShipped: true })
    expect(named).toEqual([
      [pool.owner, { ...mine, pool: 'web', use: './mine.ts' }],
      [pool.owner, { file: '/p2c.ts', version: 'cd', isShipped: true, pool: 'web', use: 'p2c' }],
    ])
    pool.marks.begin(pool.owner, PICK)
    expect(marked()[0]).toEqual({ owner: pool.owner, call: 'pick' })
  })

  test('numbers pools by their names, and all that are too many alike', () => {
    const { watch } = watching()
    const ownerOf = (pool: string): number => watch.ofPool(pool, () => 'p2c').owner
    const owners = Array.from({ length: 1100 }, (_, index) => ownerOf(`pool-${index}`))
    expect(new Set(owners.slice(0, 1022)).size).toBe(1022)
    expect(new Set(owners.slice(1022))).toEqual(new Set([0]))
    expect(ownerOf('pool-3')).toBe(owners[3]!)
    expect(owners).not.toContain(1)
  })

  test('names no version for pools that are too many: it would stand for all of them', () => {
    const { watch, named } = watching()
    for (let index = 0; index < 1022; index += 1) watch.ofPool(`pool-${index}`, () => 'p2c')
    watch.ofPool('one too many', () => './mine.ts').serves(mine)
    expect(named).toEqual([])
  })

  test('marks trials as calls of the version that is tried', () => {
    const { watch, named, marked } = watching()
    const result = watch.tries({ ...mine, plugin: () => undefined } as typeof mine, 'create', () => {
      expect(marked()[0]).toMatchObject({ call: 'create' })
      return 'made'
    })
    expect(result).toBe('made')
    expect(marked()).toEqual([undefined, undefined])
    expect(named).toEqual([[1, { ...mine, pool: undefined, use: '/mine.ts' }]])
  })

  test('marks a load until it ends', () => {
    const { watch, named, marked } = watching()
    const { beat, end } = watch.loads(mine)
    beat()
    expect(marked()).toEqual([undefined, { owner: 1, call: 'loading' }])
    end()
    expect(marked()).toEqual([undefined, undefined])
    expect(named).toHaveLength(1)
  })
})
