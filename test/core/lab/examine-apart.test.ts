import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { examineApart } from '../../../core/lab/examine-apart.ts'
import { refusalOf } from '../../../core/lab/examine.ts'
import { StrategyFileError } from '../../../core/strategy/load.ts'
import { pluginText, type StrategyFiles, strategyFiles } from '../../support/strategy-files.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { turn } from '../../support/raw-peer.ts'

let files: StrategyFiles
beforeAll(async () => {
  files = await strategyFiles()
})
afterAll(() => files[Symbol.asyncDispose]())

interface Case {
  readonly loops?: boolean
  readonly options?: unknown
}

/** Ends at the deadline when told that the strategy will not return: the clock is virtual, so nobody waits for it. */
async function verdict(name: string, text: string, { loops = false, options }: Case = {}) {
  const clock = virtualClock()
  const file = await files.write(name, text)
  const examining = examineApart({ use: file, file, options, isFull: false, clock, deadlineMs: 2000 })
  if (loops) clock.advance(2000)
  const said = await examining.then(
    ({ report }) => refusalOf(file, report),
    (error: unknown) => {
      expect(error).toBeInstanceOf(StrategyFileError)
      return (error as Error).message
    },
  )
  expect(clock.pending()).toBe(0)
  return said?.replaceAll(files.folder, '')
}

describe('examineApart', () => {
  test('accepts a sound strategy, with its name', async () => {
    const file = await files.write('sound.ts', pluginText('{ pick: (c: any) => c[0] }'))
    const clock = virtualClock()
    const request = { use: file, file, options: undefined, isFull: false, clock, deadlineMs: 2000 }
    const { name, report } = await examineApart(request)
    expect(name).toBe('mine')
    expect(refusalOf(file, report)).toBeUndefined()
    expect(report.nsPerPick).toBeGreaterThan(0)
  })

  test.each([
    ['syntax.ts', 'const a = ;', /^\/syntax\.ts:1:11: Unexpected ;$/],
    ['missing.ts', `import './absent.ts'`, /^\/missing\.ts: Cannot find module/],
    ['empty.ts', '', /^\/empty\.ts: the default export must be/],
    ['throws.ts', '\n\nthrow new Error("boom")', /^\/throws\.ts:3:11: threw while loading: boom$/],
    ['exits.ts', 'process.exit(0)', /^\/exits\.ts: ended its thread; does it call process\.exit\?$/],
    ['pick.ts', pluginText('{\n  pick() { throw new Error("no") } }'), /^\/pick\.ts:3:\d+: pick threw: no$/],
    ['stranger.ts', pluginText('{ pick: () => ({}) }'), /^\/stranger\.ts: pick returned something/],
    ['sleeps.ts', pluginText('{ pick: (c: any) => (Bun.sleepSync(20), c[0]) }'), /^\/sleeps\.ts: it takes \d{5} µs/],
    [
      'pick-exits.ts',
      pluginText('{ pick: () => process.exit(0) }'),
      /^\/pick-exits\.ts: ended its thread; does it call process\.exit\?$/,
    ],
    [
      'late.ts',
      pluginText(
        '{ pick: (c: any) => c[0] }',
        'queueMicrotask(() => { throw new Error("late") })\nawait 1\nawait Bun.sleep(50)',
      ),
      /late$/,
    ],
  ])('refuses %s', async (name, text, message) => {
    expect(await verdict(name, text)).toMatch(message)
  })

  test.each([
    ['loop.ts', 'for (;;) {}'],
    ['await.ts', 'await new Promise(() => {})'],
  ])('ends %s at the deadline', async (name, text) => {
    expect(await verdict(name, text, { loops: true })).toBe(
      `/${name}: must load within 2000 ms; does it loop or await something that never comes?`,
    )
  })

  test.each([
    ['parse', `export default { apiVersion: 1, name: 'p', parse() { for (;;) {} }, create() {} }`],
    ['create', `export default { apiVersion: 1, name: 'p', parse() {}, create() { for (;;) {} } }`],
    ['pick', pluginText('{ pick() { for (;;) {} } }')],
    ['onStart', pluginText('{ pick: (c: any) => c[0], onStart() { for (;;) {} } }')],
    ['onEnd', pluginText('{ pick: (c: any) => c[0], onEnd() { for (;;) {} } }')],
  ])('says that it was %s which did not return', async (call, text) => {
    const file = await files.write(`loops-${call}.ts`, text)
    // The one thing no virtual clock can know is when the worker has got there: it says so in a file.
    const mark = files.path(`reached-${call}`)
    await files.write(
      `loops-${call}.ts`,
      text.replace('for (;;)', `require('fs').writeFileSync('${mark}', ''); for (;;)`),
    )
    const clock = virtualClock()
    const examining = examineApart({ use: file, file, options: undefined, isFull: false, clock, deadlineMs: 2000 })
    while (!(await Bun.file(mark).exists())) await turn()
    clock.advance(2000)
    expect(await examining.catch(({ message }: Error) => message)).toEndWith(
      `the checks must be over within 2000 ms, ${call} was still running; does it loop or block?`,
    )
  })

  test('hands over the options', async () => {
    const text = `export default { apiVersion: 1, name: 'p', parse(raw: any) { throw raw.text }, create() {} }`
    expect(await verdict('options.ts', text, { options: { text: 'as given' } })).toStartWith('as given')
  })
})
