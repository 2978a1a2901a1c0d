/** Which sockets a process has: as its configuration, its environment and its system say. */
import { describe, expect, test } from 'bun:test'
import { startEdge } from '../../core/edge.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { testConfig } from '../support/edge.ts'
import { connectTo, get, nextResponse } from '../support/raw-client.ts'
import { type ProcessOptions, type RunningProcess, startProcess } from '../support/running-process.ts'
import { straceRefusal, withoutCall } from '../support/strace.ts'
import { transportOf } from '../support/transports.ts'
import { virtualClock } from '../support/virtual-clock.ts'

const isLinux = process.platform === 'linux'

/** A process that answers by itself where its backend is gone, once it is ready. */
async function started(options: Partial<ProcessOptions> = {}): Promise<RunningProcess> {
  const edge = await startProcess({ pool: { backends: ['http://127.0.0.1:9'] }, ...options })
  await edge.event('ready')
  return edge
}

async function statusOf({ port }: RunningProcess): Promise<number> {
  await using client = await connectTo(port)
  client.send(get())
  return (await nextResponse(client)).status
}

const fallbacks = (edge: RunningProcess): readonly string[] =>
  edge.lines().filter((line) => line.includes('"transport-fallback"'))

/** How many epolls it has: one is Bun's, another ours. */
async function epollsOf({ child }: RunningProcess): Promise<number> {
  const list = Bun.spawn(['ls', '-l', `/proc/${child.pid}/fd`], { stdout: 'pipe' })
  return (await new Response(list.stdout).text()).split('anon_inode:[eventpoll]').length - 1
}

describe.skipIf(!isLinux)('the sockets of a process', () => {
  test('are of our own where they can be had, and Bun’s where that is asked for', async () => {
    await using own = await started({ env: { SMARTEDGE_TRANSPORT: '' } })
    await using configured = await started({ env: { SMARTEDGE_TRANSPORT: '' }, config: { transport: 'bun' } })
    await using told = await started({ env: { SMARTEDGE_TRANSPORT: 'bun' } })
    const [most, ...others] = await Promise.all([own, configured, told].map(epollsOf))
    expect(others.map((count) => count - (most ?? 0))).toEqual([-1, -1])
    expect(await Promise.all([own, configured, told].map(statusOf))).toEqual([502, 502, 502])
    expect([own, configured, told].flatMap(fallbacks)).toEqual([])
  }, 20_000)

  test('stay what they are in a reload, which says so', async () => {
    await using edge = await started()
    const config = (await Bun.file(edge.files.path('smartedge.config.json')).json()) as object
    await edge.files.write('smartedge.config.json', JSON.stringify({ ...config, transport: 'bun' }))
    const { summary } = await edge.event('reloaded')
    expect(summary).toBe('transport: "auto" -> "bun", with the next start')
    expect(await statusOf(edge)).toBe(502)
  }, 20_000)

  test('are Bun’s where those of our own cannot be had, which is told once', async () => {
    const events: EdgeEvent[] = []
    const edge = await startEdge({
      config: testConfig(),
      emit: (event) => void events.push(event),
      clock: virtualClock(),
      transport: { transport: transportOf('Bun'), fallback: 'no epoll' },
    })
    edge.kill()
    expect(events.filter(({ kind }) => kind === 'transport-fallback')).toEqual([
      { kind: 'transport-fallback', reason: 'no epoll' },
    ])
  })

  if (straceRefusal !== undefined)
    test(`without an epoll are not tried, for ${straceRefusal}`, () => {
      expect(straceRefusal).toStartWith('strace')
    })
  else
    test.each([
      // The first of the process is Bun's.
      ['epoll_create1', 'ENOSYS', '2+'],
      ['splice', 'EPERM', '1+'],
    ])(
      'are Bun’s where the system refuses %s',
      async (name, code, when) => {
        await using edge = await started({ env: { SMARTEDGE_TRANSPORT: '' }, ...withoutCall(name, code, when) })
        const [line = '', ...more] = fallbacks(edge)
        expect([JSON.parse(line), more]).toMatchObject([{ level: 'warn', reason: `${name}: ${code}` }, []])
        expect(await statusOf(edge)).toBe(502)
        expect(fallbacks(edge)).toHaveLength(1)
      },
      20_000,
    )
})
