/** What else a process does goes on beside its sockets, of each kind; and it ends when nothing is left. */
import { afterAll, describe, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import type { Transport } from '../../../core/net/transport.ts'
import type { OwnedSocket } from '../../../core/net/wire-socket.ts'
import { fail } from '../../support/fail.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { Ear, type SocketRig, socketRig } from '../../support/socket-rig.ts'
import { transports } from '../../support/transports.ts'

const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('here') })
afterAll(() => server.stop(true))

async function workerGreets(): Promise<void> {
  const worker = new Worker(URL.createObjectURL(new Blob(["postMessage('x')"])))
  await new Promise((resolve) => worker.addEventListener('message', resolve))
  worker.terminate()
}

/** Two sockets of one transport that answer each other; `rounds` ends them. */
async function pingPong(transport: Transport, rig: SocketRig, rounds: number, onPing: () => void): Promise<Ear> {
  const come = Promise.withResolvers<Ear>()
  let left = rounds
  transport.connects(fail)(rig.endpoint, {
    onConnected(socket) {
      const ear: Ear = new Ear(socket, {
        received() {
          onPing()
          if ((left -= 1) > 0) ear.say('x')
        },
      })
      come.resolve(ear)
    },
    onFailed: fail,
  })
  const ear = await come.promise
  await turnUntil(() => rig.accepted.length === 1, 'its other end')
  const other: Ear = new Ear(rig.accepted[0] as OwnedSocket, { received: () => void other.say('x') })
  ear.say('x')
  return ear
}

const others: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['microtasks', () => Promise.resolve()],
  ['ticks', () => new Promise<void>((resolve) => process.nextTick(resolve))],
  ['immediates', () => new Promise((resolve) => setImmediate(resolve))],
  ['timers', () => new Promise((resolve) => setTimeout(resolve, 1))],
  ['intervals', () => new Promise((resolve) => setInterval(resolve, 1).unref())],
  ['fetch', () => fetch(server.url).then((response) => response.text())],
  ['workers', workerGreets],
  ['files', () => readFile(import.meta.path)],
  ['processes', () => Bun.spawn(['true']).exited],
  ['names', () => Bun.dns.lookup('localhost', {})],
]

describe.each(transports)('beside sockets by %s', (name, transport) => {
  describe.each(['busy', 'silent'])('that are %s', (how) => {
    test.each(others)('%s go on', async (_what, begin) => {
      using rig = socketRig(transport)
      let pings = 0
      const ear = await pingPong(transport, rig, how === 'busy' ? Infinity : 3, () => (pings += 1))
      await turnUntil(() => pings >= 3, 'pings')
      for (let round = 0; round < 3; round += 1) await begin()
      const before = pings
      if (how === 'silent') ear.say('x')
      await turnUntil(() => pings > before, 'another ping')
      ear.socket.terminate()
    })
  })

  test('promises have their turn before immediates, and those theirs before a socket has many', async () => {
    using rig = socketRig(transport)
    const order: string[] = []
    const ear = await pingPong(transport, rig, Infinity, () => {
      order.push('ping')
      if (order.length > 1) return
      void Promise.resolve().then(() => order.push('promise'))
      setImmediate(() => order.push('immediate'))
    })
    await turnUntil(() => order.includes('immediate'), 'an immediate')
    ear.socket.terminate()
    expect(order.indexOf('promise')).toBeLessThan(order.indexOf('immediate'))
    // Of our own sockets a turn looks eight times.
    expect(order.indexOf('immediate')).toBeLessThanOrEqual(16)
  })

  test('a process ends by itself when its last socket has gone, and may have others before', async () => {
    const script = new URL('../../support/socket-process.ts', import.meta.url).pathname
    const child = Bun.spawn([process.execPath, '--no-env-file', script, name], { stdout: 'pipe', stderr: 'pipe' })
    const [out, errors, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    expect([out, errors, code]).toEqual(['first\nsecond\nover\n', '', 0])
  })
})
