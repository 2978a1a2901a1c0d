/** Sockets on loopback are the unit under test here; pauses are none, the clock of the open loop is the system's. */
import { afterEach, describe, expect, test } from 'bun:test'
import { generateLoad } from '../../../bench/load/generator.ts'
import { createIdleCrowd } from '../../../bench/load/idle.ts'
import { mergeLatencies } from '../../../bench/load/latencies.ts'
import type { LoadPlan } from '../../../bench/load/plan.ts'
import { systemClock } from '../../../core/clock.ts'
import { seededRandom } from '../../../core/random.ts'

const surroundings = {
  clock: systemClock,
  random: seededRandom(1),
  turn: (task: () => void) => void setImmediate(task),
  cpuMs: () => 0,
}
const listeners: { stop: (closeAll?: boolean) => void }[] = []
afterEach(() => {
  for (const listener of listeners.splice(0)) listener.stop(true)
})

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Answers each piece that ends a head with `answers` in turn; undefined closes the connection. */
function listen(...answers: readonly (string | undefined)[]) {
  const seen = { opened: 0, open: 0, requests: [] as string[] }
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open() {
        seen.opened += 1
        seen.open += 1
      },
      close() {
        seen.open -= 1
      },
      data(socket, bytes) {
        const answer = answers[seen.requests.length % answers.length]
        seen.requests.push(bytes.toString('latin1'))
        if (answer === undefined) socket.end()
        else socket.write(answer)
      },
    },
  })
  listeners.push(listener)
  return { port: listener.port, seen }
}

const plan = (port: number, changes: Partial<LoadPlan> = {}): LoadPlan => ({
  host: '127.0.0.1',
  port,
  profile: 'headers-2',
  connections: 4,
  durationMs: 30,
  pace: { kind: 'open', ratePerSecond: 1000 },
  reconnect: false,
  path: '/',
  targets: 1,
  idle: 0,
  ...changes,
})

describe('generateLoad', () => {
  test('sends every request of an open loop over kept connections', async () => {
    const { port, seen } = listen(ok)
    const report = await generateLoad(plan(port), surroundings)
    expect(report.requests).toBe(30)
    expect(seen.requests).toHaveLength(30)
    expect(seen.opened).toBe(4)
    expect(Object.values(report.errors)).toEqual([0, 0, 0, 0, 0])
    expect(mergeLatencies([report.latencies]).percentileUs(100)).toBeGreaterThan(0)
  })

  test('keeps a closed loop busy until its end', async () => {
    const { port, seen } = listen(ok)
    const report = await generateLoad(plan(port, { pace: { kind: 'closed' } }), surroundings)
    expect(report.requests).toBeGreaterThanOrEqual(4)
    expect(report.requests).toBe(seen.requests.length)
  })

  test('opens a connection for each request when asked to', async () => {
    const { port, seen } = listen(ok)
    const report = await generateLoad(plan(port, { reconnect: true }), surroundings)
    expect(report.requests).toBe(30)
    expect(seen.opened).toBe(30)
    expect(seen.requests[0]).toContain('Connection: close')
  })

  test('draws among different targets', async () => {
    const { port, seen } = listen(ok)
    await generateLoad(plan(port, { targets: 5 }), surroundings)
    expect(new Set(seen.requests).size).toBe(5)
  })

  test('counts bad answers by their cause', async () => {
    const answers = [ok, 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n', 'nonsense\r\n\r\n', undefined, `${ok}extra`]
    const { port } = listen(...answers)
    const { requests, errors } = await generateLoad(plan(port, { connections: 1, durationMs: 25 }), surroundings)
    expect({ requests, ...errors }).toEqual({
      requests: 5,
      connect: 0,
      status: 5,
      malformed: 10,
      cut: 5,
      unanswered: 0,
    })
  })

  test('counts refused connections', async () => {
    const { port } = listen(ok)
    listeners.pop()?.stop(true)
    const { requests, errors } = await generateLoad(plan(port, { durationMs: 5 }), surroundings)
    expect(requests).toBe(0)
    expect(errors.connect).toBe(5)
  })

  test('refuses a profile that nobody has', () => {
    expect(generateLoad(plan(1, { profile: 'none' }), surroundings)).rejects.toThrow('profile must be of headers-2')
  })
})

describe('an open loop against a target that hangs', () => {
  test('counts what was due and never sent as unanswered, with the time it waited', async () => {
    const { port } = listen('')
    const report = await generateLoad(plan(port, { connections: 2, durationMs: 10 }), {
      ...surroundings,
      // The pause for stragglers is over at once.
      clock: { ...systemClock, after: (delayMs, task) => systemClock.after(Math.min(delayMs, 20), task) },
    })
    expect(report.requests).toBe(0)
    expect(report.errors.unanswered).toBe(10)
    expect(mergeLatencies([report.latencies]).percentileUs(0)).toBeGreaterThan(1000)
  })
})

describe('an idle crowd', () => {
  test('grows and shrinks to what the plan wants', async () => {
    const { port, seen } = listen(ok)
    const crowd = createIdleCrowd()
    await crowd.adjust(plan(port, { idle: 150 }))
    expect(seen.opened).toBe(150)
    await crowd.adjust(plan(port, { idle: 150 }))
    expect(seen.opened).toBe(150)
    await crowd.adjust(plan(port, { idle: 0 }))
    await crowd.adjust(plan(port, { idle: 1 }))
    expect(seen.opened).toBe(151)
    await crowd.adjust(plan(port))
  })
})
