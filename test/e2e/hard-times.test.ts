/** A process under load that has a hard time of it: what it serves is right all the same. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { askAll } from '../support/ask-all.ts'
import { connectTo, get, nextResponse } from '../support/raw-client.ts'
import { type RunningProcess, startProcess } from '../support/running-process.ts'
import { startSteadyBackend, type SteadyBackend } from '../support/steady-load.ts'

describe('a process under load', () => {
  let backend: SteadyBackend
  beforeAll(() => {
    backend = startSteadyBackend()
  })
  afterAll(() => backend.stop())

  async function started(env: Readonly<Record<string, string>> = {}): Promise<RunningProcess> {
    const edge = await startProcess({ env, pool: { backends: [`http://127.0.0.1:${backend.port}`] } })
    await edge.event('ready')
    return edge
  }

  const urlOf = ({ port }: RunningProcess): string => `http://127.0.0.1:${port}`

  const faultsOf = (edge: RunningProcess): readonly string[] =>
    edge.lines().filter((line) => line.includes('"event":"fault"'))

  // What C has an address of must neither move nor be freed; freed memory is written over, so that it would show.
  test.each([
    ['all the time', { BUN_JSC_collectContinuously: '1' }],
    ['at each turn', { BUN_JSC_slowPathAllocsBetweenGCs: '100' }],
  ])(
    'is right while memory is collected %s',
    async (_when, env) => {
      await using edge = await started({ ...env, BUN_JSC_scribbleFreeCells: '1' })
      expect(await askAll(urlOf(edge), 12)).toEqual({ '200': 96 })
      expect(faultsOf(edge)).toEqual([])
    },
    60_000,
  )

  test.skipIf(process.platform !== 'linux')(
    'serves all who asked while it was stopped',
    async () => {
      await using edge = await started()
      const asking = askAll(urlOf(edge), 8)
      for (let stops = 0; stops < 3; stops += 1) {
        edge.child.kill('SIGSTOP')
        while (!(await stateOf(edge)).startsWith('T'));
        const clients = await Promise.all(Array.from({ length: 100 }, () => connectTo(edge.port)))
        for (const client of clients) client.send(get())
        edge.child.kill('SIGCONT')
        const statuses = await Promise.all(clients.map(async (client) => (await nextResponse(client)).status))
        expect(statuses).toEqual(statuses.map(() => 200))
        for (const client of clients) client.close()
      }
      expect(await asking).toEqual({ '200': 64 })
      expect(faultsOf(edge)).toEqual([])
    },
    60_000,
  )
})

/** As proc(5) has it: T is stopped. */
async function stateOf({ child }: RunningProcess): Promise<string> {
  const stat = await Bun.file(`/proc/${child.pid}/stat`).text()
  return stat.slice(stat.lastIndexOf(')') + 2)
}
