import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const script = new URL('../../support/hanging-process.ts', import.meta.url).pathname
let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'smartedge-watchdog-'))
})
afterEach(() => rmSync(state, { recursive: true }))

interface Ending {
  readonly out: string
  readonly events: readonly Record<string, unknown>[]
  readonly signal: unknown
  readonly code: number | null
}

interface Setting {
  readonly env?: Readonly<Record<string, string>>
  /** Gets the process once it is going. */
  readonly meddle?: (pid: number) => Promise<void>
  /** What it is begun by. */
  readonly by?: readonly string[]
}

/** Runs `hanging-process.ts` in one of its ways. */
async function ending(how: string, { env = {}, meddle, by = [] }: Setting = {}): Promise<Ending> {
  await using child = Bun.spawn([...by, process.execPath, script, how], {
    env: { ...process.env, XDG_STATE_HOME: state, ...env },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let out = ''
  const decoder = new TextDecoder()
  for await (const piece of child.stdout) {
    const isFirst = out === ''
    out += decoder.decode(piece, { stream: true })
    if (isFirst) await meddle?.(child.pid)
  }
  const err = await child.stderr.text()
  await child.exited
  const events = err
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { out, events, signal: child.signalCode, code: child.exitCode }
}

const whole: Ending = { out: 'going\nnothing hung', events: [], signal: null, code: 0 }

/** Of who must not be ended: a call hangs after a second, so that a busy machine makes nobody seem to. */
const patient = { EVERY_MS: '200' }

/** The first process of processes of its own, as in a container. */
const asFirst = ['unshare', '--pid', '--fork', '--kill-child']
const mayBeFirst = Bun.which('unshare') !== null && Bun.spawnSync([...asFirst, 'true']).exitCode === 0

describe('the watchdog', () => {
  test.skipIf(!mayBeFirst)(
    'ends the first process of a container, which the system spares its own SIGKILL',
    async () => {
      const { code, events } = await ending('pick', { by: asFirst })
      expect(code).toBe(137)
      expect(events.map(({ event }) => event)).toEqual(['strategy-hung'])
    },
    20_000,
  )

  test.each(['pick', 'onEnd'])(
    'ends a process whose strategy does not return from %s, and names it',
    async (call) => {
      const { signal, events } = await ending(call)
      expect(signal).toBe('SIGKILL')
      expect(events).toEqual([
        {
          time: expect.any(String),
          level: 'error',
          event: 'strategy-hung',
          message: expect.stringMatching(
            new RegExp(`^web: strategy ./mine.ts has not returned from ${call} for 0.25 s`),
          ),
          pool: 'web',
          strategy: './mine.ts',
          detail: `has not returned from ${call} for 0.25 s (/etc/mine.ts, version 00112233445566aa): the process ends, the next one leaves this version out`,
        },
      ])
    },
    20_000,
  )

  test.each([
    ['create', 'has not returned from create for 0.25 s'],
    ['loading', 'has been loading for 0.25 s'],
  ])(
    'ends a process that hangs in %s, which no pool has asked for yet',
    async (call, words) => {
      const { signal, events } = await ending(call)
      expect(signal).toBe('SIGKILL')
      expect(events[0]?.['message']).toStartWith(`strategy /etc/mine.ts ${words}`)
    },
    20_000,
  )

  test('lets the next process know', async () => {
    await ending('pick')
    const memory = JSON.parse(readFileSync(join(state, 'smartedge/hung-strategies.json'), 'utf8')) as object
    expect(memory).toMatchObject({ format: 1, versions: [{ file: '/etc/mine.ts', call: 'pick' }] })
    expect((await ending('shipped')).out).toMatch(
      /version 00112233445566aa did not return from pick on 20\S+Z; it is tried again once it changes$/,
    )
  }, 20_000)

  test('says so when it cannot let the next one know', async () => {
    const { signal, events } = await ending('onEnd', { env: { XDG_STATE_HOME: '/proc/nowhere' } })
    expect(signal).toBe('SIGKILL')
    expect(events.map(({ event }) => event)).toEqual(['strategy-hung', 'fault'])
    expect(events[1]?.['message']).toStartWith('the next start will run that version again: ')
  }, 20_000)

  test('minds no strategy that is slow, as long as its calls return', async () => {
    expect(await ending('slow', { env: patient })).toEqual(whole)
  }, 20_000)

  test('minds nothing that hangs outside of strategies', async () => {
    expect(await ending('elsewhere')).toEqual(whole)
  }, 20_000)

  test('takes no process that was stopped in the middle of a call for one that hangs', async () => {
    const ended = await ending('stopped', {
      env: patient,
      async meddle(pid) {
        for (let times = 0; times < 3; times += 1) {
          process.kill(pid, 'SIGSTOP')
          await Bun.sleep(1500)
          process.kill(pid, 'SIGCONT')
          await Bun.sleep(100)
        }
      },
    })
    expect(ended).toEqual(whole)
  }, 20_000)

  test('begins no thread for shipped strategies alone', async () => {
    expect(await ending('shipped')).toEqual(whole)
  }, 20_000)

  test('begins no thread while few files can be opened, and says so', async () => {
    const { code, events } = await ending('brief', { env: { FREE: '31' } })
    expect(code).toBe(0)
    expect(events).toMatchObject([
      {
        event: 'fault',
        message:
          'nobody looks whether strategies return from their calls: no thread could be begun for it: too few files can be opened',
      },
    ])
  }, 20_000)

  test('says that it ignores a memory which is not its own', async () => {
    await ending('pick')
    await Bun.write(join(state, 'smartedge/hung-strategies.json'), 'garbage')
    const { events, out } = await ending('shipped')
    expect(events).toMatchObject([{ event: 'state-ignored', level: 'warn', reason: 'it is no JSON' }])
    expect(out).toEndWith('nothing hung')
  }, 20_000)
})
