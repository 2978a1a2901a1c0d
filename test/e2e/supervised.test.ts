import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { type RunningProcess, startProcess } from '../support/running-process.ts'
import { turn } from '../support/raw-peer.ts'

/** The process that serves, by its parent's children. */
const servingPid = ({ child }: RunningProcess): number =>
  Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1').trim())

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\sZ/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}

const supervised = (pool: object = { backends: ['http://127.0.0.1:9'] }): Promise<RunningProcess> =>
  startProcess({ pool, args: ['--supervised'] })

const ask = async ({ port }: RunningProcess): Promise<number> => (await fetch(`http://127.0.0.1:${port}/`)).status

describe('smartedge run --supervised', () => {
  test('serves again when the serving process is killed, and ends with it at SIGTERM', async () => {
    await using edge = await supervised()
    await edge.event('ready')
    const first = servingPid(edge)
    process.kill(first, 'SIGKILL')
    expect(await edge.event('restarting')).toMatchObject({ level: 'error', ending: 'was ended by SIGKILL', waitMs: 0 })
    await edge.event('ready')
    expect(await ask(edge)).toBe(502)
    const second = servingPid(edge)
    expect(second).not.toBe(first)
    edge.child.kill('SIGHUP')
    expect(await edge.event('reloaded')).toMatchObject({ origin: 'SIGHUP' })
    edge.child.kill('SIGTERM')
    expect(await edge.child.exited).toBe(0)
    await edge.event('stopped')
    expect(isAlive(second)).toBeFalse()
  }, 30_000)

  test('ends with 78 on a configuration that is not valid', async () => {
    await using edge = await supervised({})
    expect(await edge.child.exited).toBe(78)
    expect(edge.lines().join('\n')).toContain('smartedge.config.json:1:')
  }, 30_000)

  test('ends with a start that fails', async () => {
    await using first = await supervised()
    await first.event('ready')
    const second = first.again()
    expect(await second.child.exited).toBe(1)
    expect(second.lines().join('\n')).toContain('already in use')
  }, 30_000)

  test('leaves no orphan behind when it is killed itself', async () => {
    await using edge = await supervised()
    await edge.event('ready')
    const pid = servingPid(edge)
    edge.child.kill('SIGKILL')
    expect(await edge.event('draining')).toMatchObject({ signal: 'SIGTERM' })
    await edge.event('stopped')
    while (isAlive(pid)) await turn()
  }, 30_000)
})
