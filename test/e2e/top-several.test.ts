// `smartedge top` and `status` with two edges, processes of their own, on a terminal.
import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRawBackend } from '../support/raw-backend.ts'
import { onTerminal } from '../support/on-terminal.ts'
import { type RunningProcess, startProcess } from '../support/running-process.ts'

const main = new URL('../../cli/main.ts', import.meta.url).pathname
const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

/** Where both keep their tokens, and where who asks them finds these. */
const state = mkdtempSync(join(tmpdir(), 'smartedge-several-'))
afterAll(() => rmSync(state, { recursive: true }))
const home = { XDG_STATE_HOME: state, XDG_RUNTIME_DIR: state }

async function end({ child }: RunningProcess): Promise<void> {
  child.kill('SIGKILL')
  await child.exited
}

/** Two edges before the same two backends. */
async function twoEdges(): Promise<readonly [RunningProcess, RunningProcess]> {
  const backends = [startRawBackend(), startRawBackend()]
  endings.push(() => Promise.all(backends.map((one) => one[Symbol.asyncDispose]())))
  const pool = { backends: backends.map(({ port }) => `http://127.0.0.1:${port}`) }
  const start = async () => {
    const edge = await startProcess({ pool, env: home })
    endings.push(() => edge[Symbol.asyncDispose]())
    await edge.event('ready')
    return edge
  }
  return [await start(), await start()]
}

const urlsOf = (edges: readonly RunningProcess[]): string[] => edges.flatMap(({ adminUrl }) => ['--url', adminUrl])
const nameOf = ({ adminUrl }: RunningProcess): string => adminUrl.replace('http://', '')

async function ask(...words: string[]) {
  const child = Bun.spawn([process.execPath, main, ...words], {
    env: { ...process.env, ...home },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, err, code }
}

describe('top with two edges', () => {
  test('shows the sum, goes on without one of them, and acts on both', async () => {
    const [one, two] = await twoEdges()
    const { child, until, type } = onTerminal([process.execPath, main, 'top', ...urlsOf([one, two])], { env: home })
    endings.push(() => child.kill('SIGKILL'))
    await until('2 of 2 edges')
    type('d')
    await until('All 2 edges: Drain')
    type('y')
    await until('drains, at 2 edges')
    // Its own reload knows of it, too.
    for (const edge of [one, two]) await edge.event('reloaded')
    two.child.kill('SIGSTOP')
    await until('is away (no word from it)')
    await until('1 of 2 edges')
    type('u')
    await until(`${nameOf(one)}: Resume`)
    type('n')
    two.child.kill('SIGCONT')
    await until('2 of 2 edges')
    type('e')
    await until(`1/2 ${nameOf(one)}`)
    type('q')
    expect(await child.exited).toBe(0)
  }, 20_000)

  test('--once prints those that are there, and says who is not', async () => {
    const [one, two] = await twoEdges()
    const both = await ask('top', '--once', ...urlsOf([one, two]))
    expect([both.code, both.err]).toEqual([0, ''])
    expect(both.out).toContain('2 of 2 edges')
    for (const edge of [one, two]) expect(both.out).toContain(nameOf(edge))
    await end(two)
    const alone = await ask('top', '--once', '--json', ...urlsOf([one, two]))
    expect(alone.code).toBe(69)
    expect(alone.err).toStartWith(`smartedge: no admin API at ${two.adminUrl} (nothing listens there)`)
    const told = JSON.parse(alone.out) as { together: object; edges: readonly object[] }
    expect(told.together).toMatchObject({ pools: [{ name: 'web', usable: 2 }] })
    expect(told.edges).toMatchObject([
      { url: one.adminUrl, phase: 'serving' },
      { url: two.adminUrl, away: 'nothing listens there' },
    ])
  }, 20_000)
})

describe('status of two edges', () => {
  test('shows each under its address, as JSON a line each', async () => {
    const [one, two] = await twoEdges()
    const { out, code } = await ask('status', ...urlsOf([one, two]))
    expect(code).toBe(0)
    for (const edge of [one, two]) expect(out).toContain(`== ${edge.adminUrl}\nSmartEdge`)
    const lines = (await ask('status', '--json', ...urlsOf([two, one]))).out.trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { url: string }).url)).toEqual([two.adminUrl, one.adminUrl])
    await end(two)
    const alone = await ask('status', ...urlsOf([two, one]))
    expect([alone.code, alone.out.includes(one.adminUrl)]).toEqual([69, true])
    expect(alone.err).toContain(two.adminUrl)
  }, 20_000)
})
