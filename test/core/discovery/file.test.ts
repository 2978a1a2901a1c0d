import { describe, expect, test } from 'bun:test'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readMember } from '../../../core/config/read-member.ts'
import { fileSource, type ReadText } from '../../../core/discovery/file.ts'
import { systemClock } from '../../../core/clock.ts'
import { systemRandom } from '../../../core/random.ts'
import { sourceServices } from '../../../core/runtime/source-services.ts'
import { fail } from '../../support/fail.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { idsOf, record } from './recorder.ts'
import { sourceSuite } from './suite.ts'

const urlOf = (port: number): string => `http://127.0.0.1:${port}`

sourceSuite('file', async () => {
  const path = join(temporaryFolder(), 'list.json')
  let text = ''
  const write = async (items: readonly unknown[]): Promise<void> => {
    text = JSON.stringify({ backends: items })
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  }
  return {
    source: fileSource(
      { kind: 'file', path },
      sourceServices({ clock: systemClock, random: systemRandom, reportFault: fail }),
    ),
    list: (...ports) => write(ports.map(urlOf)),
    idOf: (port) => `127.0.0.1:${port}`,
    spoil: (...ports) => write([...ports.map(urlOf), 'ftp://a']),
    takeAway: async () => rmSync(path),
    bringBack: async () => writeFileSync(path, text),
    [Symbol.asyncDispose]: async () => undefined,
  }
})

/** A file as the test says that it is, on a clock that stands still. */
function reading() {
  const clock = virtualClock()
  let file: ReturnType<ReadText> = { kind: 'missing' }
  let onChange = (): void => undefined
  let isWatched = true
  const source = fileSource(
    { kind: 'file', path: '/list.json' },
    {
      clock,
      readMember,
      readText: () => file,
      watchFile(_path, told) {
        onChange = told
        return () => void (isWatched = false)
      },
    },
  )
  const told = record(source)
  return {
    told,
    clock,
    isWatched: () => isWatched,
    kinds: () => told.words.map(({ kind }) => kind),
    /** It is told that it has changed. */
    become: (next: ReturnType<ReadText>): void => {
      file = next
      onChange()
    },
    /** It is another, and nobody is told. */
    turnInto: (next: ReturnType<ReadText>) => void (file = next),
  }
}

const text = (content: string) => ({ kind: 'text', text: content }) as const

describe('a file of members', () => {
  test('is looked at once it has settled', () => {
    const { told, clock, become, kinds } = reading()
    become(text('["http://a"]'))
    expect(kinds()).toEqual(['lost'])
    clock.advance(20)
    const word = told.words.at(-1)
    expect(word?.kind === 'listing' && idsOf(word.listing)).toEqual(['a:80'])
  })

  test('that is half written is looked at again before it is a fault', () => {
    const { clock, become, kinds, turnInto } = reading()
    become(text('["http://a"'))
    clock.advance(20)
    expect(kinds()).toEqual(['lost'])
    turnInto(text('["http://a"]'))
    clock.advance(200)
    expect(kinds()).toEqual(['lost', 'listing'])
  })

  test('that is half written once more is looked at again as it was the first time', () => {
    const { clock, become, kinds, turnInto } = reading()
    become(text('["http://a"]'))
    clock.advance(20)
    for (const _ of ['once', 'once more']) {
      become(text('["http://a"'))
      clock.advance(20)
      turnInto(text('["http://a"]'))
      clock.advance(200)
    }
    expect(kinds()).toEqual(['lost', 'listing', 'confirmed', 'confirmed'])
  })

  test.each([
    ['is not JSON', text('{'), 'it is not JSON'],
    ['holds no list', text('{}'), 'it is neither a list nor { "backends": [ … ] }'],
    ['is too large', { kind: 'fault', rule: 'must be at most 4 MiB' } as const, 'must be at most 4 MiB'],
  ])('that %s leaves what was known, and says why', (_what, file, reason) => {
    const { told, clock, become } = reading()
    become(text('["http://a"]'))
    clock.advance(20)
    become(file)
    clock.advance(220)
    expect(told.words.slice(1).map((word) => (word.kind === 'lost' ? word.reason : word.kind))).toEqual([
      'listing',
      reason,
    ])
  })

  test('is looked at every ten seconds where no change is told of', () => {
    const { clock, turnInto, kinds } = reading()
    turnInto(text('["http://a"]'))
    clock.advance(10_000)
    clock.advance(10_000)
    turnInto(text('["http://b"]'))
    clock.advance(10_000)
    expect(kinds()).toEqual(['lost', 'listing', 'confirmed', 'listing'])
  })

  test('is listed again when it is back as it was', () => {
    const { clock, become, kinds } = reading()
    become(text('["http://a"]'))
    clock.advance(20)
    become({ kind: 'missing' })
    clock.advance(20)
    become(text('["http://a"]'))
    clock.advance(20)
    expect(kinds()).toEqual(['lost', 'listing', 'lost', 'listing'])
  })

  test('is neither looked at nor watched once it is stopped', () => {
    const { told, clock, isWatched } = reading()
    told.stop()
    expect([clock.pending(), isWatched()]).toEqual([0, false])
  })
})
