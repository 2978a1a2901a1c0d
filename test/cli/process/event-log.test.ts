import { describe, expect, test } from 'bun:test'
import { createLog, type LogOptions } from '../../../cli/process/event-log.ts'
import { describeEvent } from '../../../core/view/event-words.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const down: EdgeEvent = { kind: 'backend-down', pool: 'web', backend: 'a:80', detail: 'refused' }
const listening: EdgeEvent = { kind: 'listening', listener: 'web', address: '127.0.0.1:8080' }

function logged(event: EdgeEvent, options: Partial<LogOptions> = {}): string {
  let text = ''
  const write = (line: string) => (text += `${line}\n`)
  createLog({ write, format: 'text', color: false, quiet: false, clock: virtualClock(), ...options })(event)
  return text
}

describe('event log', () => {
  test('writes lines for people with time and severity', () => {
    expect(logged(listening)).toBe('00:00:00.000 web: listening on 127.0.0.1:8080\n')
    expect(logged(down)).toBe('00:00:00.000 warning: web: a:80 is down (refused)\n')
  })

  test('writes one JSON object a line otherwise', () => {
    const text = logged({ ...down, detail: 'a\nb' }, { format: 'json' })
    expect(text.indexOf('\n')).toBe(text.length - 1)
    expect(JSON.parse(text)).toEqual({
      time: '2026-01-01T00:00:00.000Z',
      level: 'warn',
      event: 'backend-down',
      message: 'web: a:80 is down (a\nb)',
      pool: 'web',
      backend: 'a:80',
      detail: 'a\nb',
    })
  })

  test('leaves out what is only information when quiet', () => {
    expect(logged(listening, { quiet: true })).toBe('')
    expect(logged(down, { quiet: true })).not.toBe('')
  })

  test('lets no event pass for another, nor reach the terminal', () => {
    const text = logged({ ...down, detail: 'x\u001B[2J\r\n00:00:00.000 web: fine\u009B1m\u202E' })
    for (const character of ['\u001B', '\r', '\u009B', '\u202E']) expect(text).not.toContain(character)
    expect(text.split('\n').slice(1)).toEqual(['    00:00:00.000 web: fine 1m )', ''])
  })

  test('keeps the lines of a stack, set in', () => {
    expect(logged({ kind: 'fault', detail: 'Error: x\n    at y' })).toBe('00:00:00.000 error: Error: x\n    at y\n')
  })

  test('colours only when asked', () => {
    expect(logged(down, { color: true })).toContain('\u001B[33mwarning\u001B[39m')
    expect(logged(down)).not.toContain('\u001B')
  })
})

describe('event description', () => {
  test('tells where the admin API has put its token, or that it could not', () => {
    const event = { kind: 'admin-listening', address: '127.0.0.1:9900' } as const
    expect(describeEvent(event)).toEqual({ level: 'info', message: 'admin API: listening on 127.0.0.1:9900' })
    expect(describeEvent({ ...event, ownToken: { kind: 'kept', file: '/run/t' } })).toEqual({
      level: 'info',
      message: 'admin API: listening on 127.0.0.1:9900, changes take the token in /run/t',
    })
    const { level, message } = describeEvent({ ...event, ownToken: { kind: 'fault', reason: 'EROFS' } })
    expect([level, message]).toEqual([
      'warn',
      expect.stringContaining("changes are refused: its token can't be kept: EROFS"),
    ])
  })

  test('tells of a reload, of a failed one with every problem on its line, and of an audit', () => {
    const problems = ['a.json:1:2: x is not a known key', 'a.json:3:4: y is required']
    const failed = (...kept: string[]): EdgeEvent => ({ kind: 'reload-failed', origin: 'watch', problems, kept })
    expect(describeEvent(failed())).toEqual({
      level: 'error',
      message: `reload (watch): the configuration in force stays as it is\n${problems.join('\n')}`,
    })
    expect(describeEvent(failed('web')).message).toStartWith('reload (watch): web stays as before\n')
    expect(describeEvent(failed('web', 'api')).message).toStartWith('reload (watch): web, api stay as before\n')
    expect(describeEvent({ kind: 'reloaded', generation: 7, origin: 'SIGHUP', summary: 'x' })).toEqual({
      level: 'info',
      message: 'generation 7 (SIGHUP): x',
    })
    const audit: EdgeEvent = { kind: 'audit', what: 'web: remove a:80', from: 'api from ::1', outcome: 'done' }
    expect(describeEvent(audit).message).toBe('api from ::1: web: remove a:80: done')
  })

  test('tells of a client that was changed, field by field, and of many', () => {
    const changed = { kind: 'client-changed', from: 'admin API ::1', what: 'client ann changed' } as const
    const before = { name: 'A\u001b[2J', note: 'x'.repeat(100) }
    const { message, level } = describeEvent({ ...changed, before, after: { name: 'B', plan: 'gold' } })
    const note = `note "${'x'.repeat(59)}… -> none`
    expect([level, message]).toEqual([
      'info',
      `admin API ::1: client ann changed: name "A\\u001b[2J" -> "B", ${note}, plan none -> "gold"`,
    ])
    const many = { ...changed, what: 'clients imported', before: {}, after: {} }
    expect(describeEvent(many).message).toBe('admin API ::1: clients imported')
  })

  test("tells of the clients' database, and what it means that it is away", () => {
    const event: EdgeEvent = { kind: 'store-away', reason: 'the disk fails', clients: 2 }
    expect(describeEvent(event)).toEqual({
      level: 'error',
      message:
        "the clients' database is away: the disk fails; what is known of 2 clients stays in force, none can be changed, and it is tried again",
    })
    expect(describeEvent({ ...event, clients: 0 }).message).toContain('; no client is known, none can')
    expect(describeEvent({ kind: 'store-back', forMs: 1250, clients: 1 })).toEqual({
      level: 'info',
      message: "the clients' database is back after 1.3 s, with 1 client",
    })
  })

  test('warns of what is hardly meant, a line each', () => {
    const warnings = ['a.json:1:2: warning: routes is empty', 'a.json:3:4: warning: x is empty']
    const event: EdgeEvent = { kind: 'config-warning', warnings }
    expect(describeEvent(event)).toEqual({ level: 'warn', message: warnings.join('\n') })
  })

  test('tells of a strategy that is live, failing, or taken back', () => {
    const facts = { pool: 'web', strategy: './mine.ts', detail: 'version 1f is live' }
    expect(describeEvent({ kind: 'strategy-swapped', ...facts })).toEqual({
      level: 'info',
      message: 'web: strategy ./mine.ts: version 1f is live',
    })
    expect(describeEvent({ kind: 'strategy-reverted', ...facts }).level).toBe('error')
    expect(describeEvent({ kind: 'strategy-fault', ...facts }).level).toBe('error')
  })

  test('tells of a strategy that hangs, and of a memory that is not ours', () => {
    const hung = { kind: 'strategy-hung', strategy: './mine.ts', detail: 'has not returned from pick for 5 s' } as const
    expect(describeEvent({ ...hung, pool: 'web' })).toEqual({
      level: 'error',
      message: 'web: strategy ./mine.ts has not returned from pick for 5 s',
    })
    expect(describeEvent({ ...hung, pool: undefined }).message).toStartWith('strategy ./mine.ts has')
    expect(describeEvent({ kind: 'sticky-key-unkept', reason: 'EROFS' })).toEqual({
      level: 'warn',
      message: 'sticky cookies will not outlive this process: its key could not be kept (EROFS); set sticky.cookie.key',
    })
    expect(describeEvent({ kind: 'state-ignored', file: '/s/hung.json', reason: 'it is no JSON' })).toEqual({
      level: 'warn',
      message: '/s/hung.json is ignored: it is no JSON',
    })
  })

  test('says when a process that died is started again', () => {
    const restarting = { kind: 'restarting', ending: 'was ended by SIGKILL' } as const
    expect(describeEvent({ ...restarting, waitMs: 0 })).toEqual({
      level: 'error',
      message: 'the serving process was ended by SIGKILL; it is started again at once',
    })
    expect(describeEvent({ ...restarting, waitMs: 4000 }).message).toEndWith('it is started again in 4 s')
  })

  test('says how often besides something happened', () => {
    expect(describeEvent({ kind: 'fault', detail: 'Error: x' }).message).toBe('Error: x')
    expect(describeEvent({ kind: 'fault', detail: 'Error: x', more: 1 }).message).toBe(
      'Error: x (and 1 time more within a second)',
    )
    expect(describeEvent({ kind: 'connection-limit', limit: 9, more: 300 }).message).toBe(
      'the limit of 9 connections is reached: who comes waits, or is turned away (and 300 times more within a second)',
    )
  })

  test('counts one and many', () => {
    const ready = (pools: number, backends: number): EdgeEvent => ({ kind: 'ready', config: 'x.json', pools, backends })
    expect(describeEvent(ready(1, 1)).message).toBe('ready: 1 pool, 1 backend, from x.json')
    expect(describeEvent(ready(2, 0)).message).toBe('ready: 2 pools, 0 backends, from x.json')
  })

  test('warns when the end cut something', () => {
    expect(describeEvent({ kind: 'stopped', cut: 0 }).level).toBe('info')
    expect(describeEvent({ kind: 'stopped', cut: 2 })).toEqual({
      level: 'warn',
      message: 'stopped, 2 connections cut at the end of shutdownTimeout',
    })
  })
})

describe('deploys and previews', () => {
  test.each([
    ['waiting', 'info'],
    ['canary', 'info'],
    ['done', 'info'],
    ['failed', 'warn'],
    ['rolled-back', 'warn'],
    ['aborted', 'warn'],
  ] as const)('are told: %s', (phase, level) => {
    const event = { kind: 'deploy', pool: 'web', id: 3, phase, detail: 'why' } as const
    expect(describeEvent(event)).toEqual({ level, message: `web: deploy 3: ${phase}: why` })
  })

  test('come and go', () => {
    const event = { kind: 'preview', host: 'pr-1', what: 'expired', detail: 'http://a', from: 'time' } as const
    expect(describeEvent(event)).toEqual({ level: 'info', message: 'time: preview pr-1 expired: http://a' })
  })
})
