/** Which version of a file of one's own is at work, on the virtual clock, in threads that the test speaks for. */
import { describe, expect, test } from 'bun:test'
import { readMember } from '../../../core/config/read-member.ts'
import { ownSource } from '../../../core/discovery/own.ts'
import type { OwnThreadSink } from '../../../core/discovery/own-thread.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { record, shown } from './recorder.ts'

interface Thread extends OwnThreadSink {
  isEnded: boolean
}

function following() {
  const clock = virtualClock()
  const threads: Thread[] = []
  const watched: string[] = []
  let version: string | Error = '1'
  let files = ['/mine.ts']
  let onChange = (): void => undefined
  const source = ownSource(
    { kind: 'own', file: '/mine.ts', options: undefined },
    {
      clock,
      random: () => 0,
      readMember,
      readVersion() {
        if (version instanceof Error) throw version
        return { files, version }
      },
      watchFile(path, told) {
        watched.push(path)
        onChange = told
        return () => void watched.splice(watched.indexOf(path), 1)
      },
      runOwn(_run, sink) {
        const thread: Thread = { ...sink, isEnded: false }
        threads.push(thread)
        return () => void (thread.isEnded = true)
      },
    },
  )
  const told = record(source)
  return {
    clock,
    threads,
    watched,
    told,
    last: () => threads.at(-1)!,
    list: (thread: Thread | undefined, host: string) => thread?.publish(`["http://${host}"]`, () => undefined),
    save: (next: string | Error, its = ['/mine.ts']): void => {
      version = next
      files = its
      onChange()
      clock.advance(20)
    },
  }
}

describe('a version', () => {
  test('is at work until the next has told its first list', () => {
    const { threads, list, save, told } = following()
    list(threads[0], 'a')
    save('2')
    list(threads[0], 'b')
    expect(threads.map(({ isEnded }) => isEnded)).toEqual([false, false])
    list(threads[1], 'c')
    expect(threads.map(({ isEnded }) => isEnded)).toEqual([true, false])
    expect(shown(told.words)).toEqual([['a:80'], ['b:80'], ['c:80']])
  })

  test('that is saved as it was is not begun again', () => {
    const { threads, save } = following()
    save('1')
    expect(threads).toHaveLength(1)
  })

  test('that fails beside one at work waits until it is saved again', () => {
    const { clock, threads, list, save, told } = following()
    list(threads[0], 'a')
    save('2')
    threads[1]?.failed('no')
    clock.advance(60_000)
    expect(threads).toHaveLength(2)
    list(threads[0], 'b')
    save('3')
    list(threads[2], 'c')
    expect(shown(told.words)).toEqual([['a:80'], 'lost no', ['b:80'], ['c:80']])
  })

  test('that nobody has heard gives way to the one that is saved', () => {
    const { threads, save } = following()
    save('2')
    save('3')
    expect(threads.map(({ isEnded }) => isEnded)).toEqual([true, true, false])
  })

  test('is begun again after 1, 2, 4 and 8 s, and after 1 s again once it has listed somebody', () => {
    const { clock, threads, list, last } = following()
    for (const [index, waitMs] of [1000, 2000, 4000, 8000, 8000].entries()) {
      last().failed('no')
      clock.advance(waitMs - 1)
      expect(threads).toHaveLength(1 + index)
      clock.advance(1)
      expect(threads).toHaveLength(2 + index)
    }
    list(last(), 'a')
    last().failed('no')
    clock.advance(1000)
    expect(threads).toHaveLength(7)
  })

  test('that cannot be read leaves the one at work alone, and is begun once it can', () => {
    const { threads, list, save, told } = following()
    list(threads[0], 'a')
    save(new Error('it is gone'))
    expect([threads.length, threads[0]?.isEnded]).toEqual([1, false])
    save('1')
    list(threads[1], 'b')
    expect(shown(told.words)).toEqual([['a:80'], 'lost it is gone', ['b:80']])
  })

  test('has all that it consists of watched, and nothing besides', () => {
    const { watched, save, told } = following()
    save('2', ['/mine.ts', '/other.ts'])
    expect(watched).toEqual(['/mine.ts', '/other.ts'])
    save('3')
    expect(watched).toEqual(['/mine.ts'])
    told.stop()
    expect(watched).toEqual([])
  })

  test('ends when it is stopped, and so does the next', () => {
    const { clock, threads, list, save, told } = following()
    list(threads[0], 'a')
    save('2')
    told.stop()
    expect([threads.map(({ isEnded }) => isEnded), clock.pending()]).toEqual([[true, true], 0])
  })
})
