import { afterEach, describe, expect, test } from 'bun:test'
import { type FakeAdmin, startFakeAdmin } from '../support/fake-admin.ts'
import { sampleFrames } from '../support/feed-frames.ts'

const main = new URL('../../cli/main.ts', import.meta.url).pathname
const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

function startAdmin(): FakeAdmin {
  const admin = startFakeAdmin({ first: sampleFrames(2) })
  endings.push(() => admin.stop())
  return admin
}

const enter = '\u001B[?1049h'
const leave = '\u001B[?1049l'

/** `smartedge top` on a terminal of its own. */
function open(url: string, options: { readonly args?: readonly string[]; readonly env?: Record<string, string> } = {}) {
  let written = ''
  const waiting = new Set<() => void>()
  const decoder = new TextDecoder()
  const child = Bun.spawn([process.execPath, main, 'top', '--url', url, ...(options.args ?? [])], {
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', TERM: 'xterm-256color', ...options.env },
    terminal: {
      cols: 100,
      rows: 30,
      data(_, bytes) {
        written += decoder.decode(bytes, { stream: true })
        for (const check of waiting) check()
      },
    },
  })
  endings.push(() => child.kill('SIGKILL'))
  /** Resolves when `words` are on the screen, written after the call before. */
  let seenTo = 0
  const until = (words: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        const at = Bun.stripANSI(written.slice(seenTo)).indexOf(words)
        if (at === -1) return
        seenTo = written.length
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  return { child, until, type: (keys: string) => child.terminal?.write(keys), all: () => written }
}

describe('top on a terminal', () => {
  test('draws on the alternate screen and gives the old one back at q', async () => {
    const { child, until, type, all } = open(startAdmin().url)
    await until('localhost:8102 fails')
    expect(all()).toContain(enter)
    type('q')
    expect(await child.exited).toBe(0)
    expect(all().lastIndexOf(leave)).toBeGreaterThan(all().lastIndexOf(enter))
    expect(all()).toEndWith('\u001B[?25h')
  }, 20_000)

  test('gives the screen back when it is ended by a signal', async () => {
    const { child, until, all } = open(startAdmin().url)
    await until('localhost:8102 fails')
    child.kill('SIGTERM')
    expect(await child.exited).toBe(143)
    expect(all()).toContain(leave)
  }, 20_000)

  test('drains the sick backend with two keys, and says so', async () => {
    const admin = startAdmin()
    const { child, until, type } = open(admin.url)
    await until('localhost:8102 fails')
    type('d')
    await until('Drain localhost:8102 in web?')
    type('y')
    await until('localhost:8102 drains: generation 43.')
    expect(admin.asked).toEqual(['PATCH /api/pools/web/backends/localhost%3A8102 {"state":"draining"}'])
    type('q')
    await child.exited
  }, 20_000)

  test('says that the connection is lost and goes on when it is back', async () => {
    const admin = startAdmin()
    const { child, until, type } = open(admin.url)
    await until('localhost:8102 fails')
    admin.cut()
    await until('Lost: ')
    await until('localhost:8102 fails')
    expect(admin.streams).toHaveLength(2)
    type('q')
    expect(await child.exited).toBe(0)
  }, 20_000)

  test('follows the size of the window', async () => {
    const { child, until, type } = open(startAdmin().url)
    await until('localhost:8102 fails')
    child.terminal?.resize(60, 20)
    await until('smartedge top needs 80x24, this is 60x20')
    child.terminal?.resize(120, 40)
    await until('in flight')
    type('q')
    await child.exited
  }, 20_000)

  test('uses neither colours nor other than ASCII where told so', async () => {
    const { child, until, type, all } = open(startAdmin().url, { env: { LANG: 'C', NO_COLOR: '1' } })
    await until('localhost:8102 fails')
    type('q')
    await child.exited
    expect(all()).not.toMatch(/\u001B\[[\d;]*(?:3[0-8]|4[0-8])[;m]/)
    expect(all()).not.toMatch(/[^\x00-\x7f]/)
  }, 20_000)

  test('ends with one line when nobody is there, the screen untouched', async () => {
    const { child, all } = open('http://127.0.0.1:1')
    expect(await child.exited).toBe(69)
    expect(all()).toContain('nothing listens there')
    expect(all()).not.toContain(enter)
  }, 20_000)
})
