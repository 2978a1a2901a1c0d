/** A source of the user's own: real files in real threads. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../core/clock.ts'
import { ownSource } from '../../../core/discovery/own.ts'
import { createRunOwn } from '../../../core/discovery/own-thread.ts'
import { systemRandom } from '../../../core/random.ts'
import { sourceServices } from '../../../core/runtime/source-services.ts'
import { fail } from '../../support/fail.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { idsOf, record } from './recorder.ts'
import { sourceSuite } from './suite.ts'

setDefaultTimeout(60_000)

const sourceAt = (file: string, options?: unknown) =>
  ownSource(
    { kind: 'own', file, options },
    sourceServices({ clock: systemClock, random: systemRandom, reportFault: fail }),
  )

/** Looks into a file that the test writes, as people do who know no better. */
const LOOKING = `
import { readFileSync } from 'node:fs'
import { defineSource } from 'smartedge/source'

export default defineSource<string>({
  apiVersion: 1,
  parse: (raw) => String(raw),
  start(path, sink) {
    let seen = ''
    setInterval(() => {
      try {
        const text = readFileSync(path, 'utf8')
        if (text !== seen) sink.publish(JSON.parse(text))
        seen = text
      } catch (error) {
        seen = ''
        sink.lose(String(error))
      }
    }, 20)
  },
})
`

const urlOf = (port: number): string => `http://127.0.0.1:${port}`
const idOf = (port: number): string => `127.0.0.1:${port}`

sourceSuite('a file of one’s own', async () => {
  const folder = temporaryFolder()
  const [file, list] = [join(folder, 'mine.ts'), join(folder, 'list.json')]
  let text = '[]'
  const write = async (items: readonly unknown[]): Promise<void> => {
    text = JSON.stringify(items)
    writeFileSync(`${list}.new`, text)
    renameSync(`${list}.new`, list)
  }
  writeFileSync(file, LOOKING)
  await write([])
  return {
    source: sourceAt(file, list),
    list: (...ports) => write(ports.map(urlOf)),
    idOf,
    spoil: (...ports) => write([...ports.map(urlOf), 'ftp://a']),
    takeAway: async () => rmSync(list),
    bringBack: async () => writeFileSync(list, text),
    [Symbol.asyncDispose]: async () => undefined,
  }
})

/** A file with this text for `start`, to be saved again. */
function following(start: string, options?: unknown) {
  const file = join(temporaryFolder(), 'mine.ts')
  const write = (text: string): void => {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
  const save = (body: string): void => write(`export default { apiVersion: 1, start(options, sink) { ${body} } }`)
  save(start)
  const told = record(sourceAt(file, options))
  const lost = async (): Promise<string> => {
    const word = await told.next(({ kind }) => kind === 'lost')
    return 'reason' in word ? word.reason : ''
  }
  return {
    file,
    told,
    write,
    save,
    lost,
    [Symbol.dispose]: () => told.stop(),
  }
}

const LISTS = (port: number): string => `sink.publish(['${urlOf(port)}'])`

describe('a file of one’s own', () => {
  test('is live once it is saved, and goes on until the new one lists somebody', async () => {
    using mine = following(`${LISTS(1)}; setInterval(() => sink.confirm(), 20)`)
    await mine.told.lists(idOf(1))
    mine.save('')
    await mine.told.next(({ kind }) => kind === 'confirmed', mine.told.words.length)
    mine.save(LISTS(2))
    await mine.told.lists(idOf(2))
    const before = mine.told.words.length
    mine.save(LISTS(3))
    await mine.told.lists(idOf(3))
    expect(mine.told.words.slice(before).map(({ kind }) => kind)).toEqual(['listing'])
  })

  test('is live when what it imports is saved', async () => {
    using mine = following('')
    const port = join(mine.file, '../port.ts')
    writeFileSync(port, 'export const port = 1')
    mine.write(`import { port } from './port.ts'
      export default { apiVersion: 1, start: (_, sink) => sink.publish(['http://127.0.0.1:' + port]) }`)
    await mine.told.lists(idOf(1))
    writeFileSync(port, 'export const port = 2')
    await mine.told.lists(idOf(2))
  })

  test.each([
    ['no JavaScript', 'export default {', /mine\.ts:1:\d+: Expected/],
    ['no source', 'export default 3', /mine\.ts: the default export must be defineSource/],
    [
      'of another version',
      'export default { apiVersion: 2, start() {} }',
      /mine\.ts: the default export must be defineSource/,
    ],
    ['a throw', 'throw new Error("no")', /mine\.ts:1:\d+: no$/],
  ])('that becomes %s leaves the one at work alone', async (_what, text, reason) => {
    using mine = following(`${LISTS(1)}; setInterval(() => sink.confirm(), 20)`)
    await mine.told.lists(idOf(1))
    mine.write(text)
    expect(await mine.lost()).toMatch(reason)
    await mine.told.next(({ kind }) => kind === 'confirmed', mine.told.words.length)
    mine.save(LISTS(2))
    await mine.told.lists(idOf(2))
  })

  test.each([
    ['throws', 'throw new Error("no")', /: no$/],
    ['rejects', 'return Promise.reject(new Error("no"))', /: no$/],
    ['throws later', 'setTimeout(() => { throw new Error("late") }, 1)', /\blate$/m],
    ['rejects later', 'setTimeout(() => Promise.reject(new Error("late")), 1)', /\blate$/m],
    ['ends the process', 'setTimeout(() => process.exit(3), 1)', /^has ended its thread; does it call process.exit\?$/],
    ['lists what is no list', 'sink.publish({})', /publish must be given a list, got object$/],
    ['lists too much', 'sink.publish(["x".repeat(5e6)])', /^lists more than 4194304 bytes$/],
    ['lists what is no JSON', 'sink.publish([1n])', /BigInt/],
    ['loops', 'for (;;);', /^must have started within 5000 ms; does it loop/],
  ])('that %s is lost, and says why', async (_how, body, reason) => {
    using mine = following(body)
    expect(await mine.lost()).toMatch(reason)
  })

  test('that tells without a pause is heard now and then, the newest first', async () => {
    // Each list is another one; ten words a second are heard, of the hundreds that are told meanwhile.
    using mine = following(`let port = 0
      const tell = () => {
        for (let word = 0; word < 100; word += 1) sink.publish(['http://127.0.0.1:' + (port = 1 + (port % 60000))])
        setImmediate(tell)
      }
      tell()`)
    await mine.told.next(({ kind }) => kind === 'listing')
    await mine.told.next(({ kind }) => kind === 'listing', 1)
    await mine.told.next(({ kind }) => kind === 'listing', 2)
    const [first, , third] = mine.told.words.map((word) =>
      word.kind === 'listing' ? Number(idsOf(word.listing)[0]?.split(':')[1]) : undefined,
    )
    expect(first).toBe(1)
    expect(third).toBeGreaterThan(100)
  })

  test('is begun in no thread while there is no descriptor for one', () => {
    const clock = virtualClock()
    const reasons: string[] = []
    const failed = (reason: string): void => void reasons.push(reason)
    const sink = { publish: fail, confirm: () => fail('confirmed'), lose: fail, failed }
    const end = createRunOwn(clock, fail, () => 3)({ file: '/mine.ts', options: undefined }, sink)
    expect(reasons).toEqual([])
    clock.advance(0)
    expect(reasons).toEqual(['no descriptor is free for its thread'])
    end()
  })

  test('that fails once is begun again', async () => {
    using mine = following(`${LISTS(1)}; setTimeout(() => { throw new Error('late') }, 50)`)
    await mine.told.lists(idOf(1))
    await mine.lost()
    await mine.told.next(({ kind }) => kind === 'listing', mine.told.words.length)
  })

  test.each([
    ['new Error("no lease")', 'no lease'],
    ['{ code: 7 }', '[object Object]'],
    ['undefined', 'undefined'],
  ])('that says %s is away for a reason in words', async (said, reason) => {
    const file = join(temporaryFolder(), 'mine.ts')
    writeFileSync(file, `export default { apiVersion: 1, start: (_, sink) => sink.lose(${said}) }`)
    const told = record(sourceAt(file))
    expect(await told.next(({ kind }) => kind === 'lost')).toEqual({ kind: 'lost', reason })
    told.stop()
  })

  test('that is gone is begun once it is there', async () => {
    using mine = following('')
    rmSync(mine.file)
    await mine.told.next((word) => 'reason' in word && word.reason.includes('ENOENT'))
    mine.save(LISTS(1))
    await mine.told.lists(idOf(1))
  })

  test('takes options where it says so', async () => {
    using none = following('', { a: 1 })
    expect(await none.lost()).toMatch(/mine\.ts: takes no options$/)
    using mine = following('', { port: 7 })
    mine.write(`export default {
      apiVersion: 1,
      parse: ({ port }) => port,
      start: (port, sink) => sink.publish(['http://127.0.0.1:' + port]),
    }`)
    await mine.told.lists(idOf(7))
  })

  test('is what the documentation shows', async () => {
    const page = readFileSync(new URL('../../../docs/discovery.md', import.meta.url), 'utf8')
    const [, example = ''] = /^( {4}import \{ defineSource \}[^]*?\n {4}\}\)\n)/m.exec(page) ?? []
    using server = Bun.serve({ port: 0, fetch: () => Response.json([{ host: '10.0.0.7', cores: 4 }]) })
    using mine = following('', { url: server.url.href })
    mine.write(example)
    const { members } = await mine.told.lists('10.0.0.7:8080')
    expect(members.map(({ weight }) => weight)).toEqual([4])
    using faulty = following('', { url: 3 })
    faulty.write(example)
    await faulty.told.next((word) => 'reason' in word && word.reason.endsWith('url must be a text'))
  })
})
