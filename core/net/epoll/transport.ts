/** The transport on epoll: made once a process, and only where what it depends on does what is expected of it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { isIP } from 'node:net'
import type { HostAddress } from '../../bind-hosts.ts'
import type { SystemClock } from '../../clock.ts'
import { tryAdopting } from '../adopt.ts'
import { outbox } from '../outbox.ts'
import { type BoundSocket, PLAIN, type Transport } from '../transport.ts'
import { type Calls, loadCalls } from './calls.ts'
import { connectByEpoll } from './connecting.ts'
import { findGiven } from './given.ts'
import { bindSocket, useGiven } from './listening.ts'
import { EpollLoop } from './loop.ts'
import { ReceiveMemory } from './memory.ts'
import { openPair, openPipe } from './options.ts'
import { testLoop } from './self-test.ts'
import type { EpollMeans } from './socket.ts'

/** Throws with the reason in words where it can't be had. `load`: the system's calls; undefined: there are none. */
export function openEpoll(clock: SystemClock, load: () => Calls | undefined = loadCalls): Transport {
  const calls = load()
  if (calls === undefined) throw new Error('there is no libc with epoll')
  const loop = testedLoop(calls, clock)
  const means: EpollMeans = {
    loop,
    memory: new ReceiveMemory(calls),
    given: findGiven(calls),
    outboxAddress: calls.addressOf(outbox.bytes),
    resetAddress: resetOption(calls),
  }
  return {
    name: 'epoll',
    bindHost(where, manner, events) {
      const address = isIP(where.host) === 0 ? resolve(where) : where.host
      return bindSocket(means, { endpoint: { kind: 'ip', address, port: where.port }, manner, events })
    },
    bindPath: (path, events) => bindSocket(means, { endpoint: { kind: 'unix', path }, manner: PLAIN, events }),
    bindGiven: (name, manner, events) =>
      openAll(means.given.byName.get(name) ?? [], (fd) => useGiven(means, fd, manner, events)),
    openPipe: () => openPipe(calls),
    connects: (reportFault) => connectByEpoll(means, reportFault),
  }
}

/** All, or none. Throws what `open` does. */
function openAll(descriptors: readonly number[], open: (fd: number) => BoundSocket): readonly BoundSocket[] {
  const opened: BoundSocket[] = []
  try {
    for (const fd of descriptors) opened.push(open(fd))
    return opened
  } catch (error) {
    for (const socket of opened) socket.stop()
    throw error
  }
}

function testedLoop(calls: Calls, clock: SystemClock): EpollLoop {
  const loop = new EpollLoop(calls, clock, bunEpoll(calls))
  try {
    testLoop(loop)
    return loop
  } catch (error) {
    loop.close()
    throw error
  }
}

/** struct linger: on, for no time at all. Lives as long as the process, as its means do. */
function resetOption(calls: Calls): number {
  const arena = calls.arena(8)
  arena.bytes.writeInt32LE(1, 0)
  lasting.push(arena)
  return arena.address
}

/** C still has their addresses when nobody here has anything of them. */
const lasting: unknown[] = []

/** What the system takes a name for when one listens there, as Bun asks it. Throws its error. */
function resolve({ host, port }: HostAddress): string {
  const listener = Bun.listen({ hostname: host, port: 0, socket: { data() {} } })
  const name = { address: '', port }
  ;(listener as unknown as { getsockname(into: { address: string; port: number }): void }).getsockname(name)
  listener.stop()
  return name.address
}

/**
 * Bun's epoll: the one in which a socket stands that Bun has just taken over (proc(5), fdinfo). Others belong to threads.
 * Throws where it can't be told.
 */
function bunEpoll(calls: Calls): number {
  const [one, other] = openPair(calls)
  try {
    let found: number | undefined
    if (!tryAdopting(one, () => (found = epollOf(one)))) calls.call.close(one)
    if (found === undefined) throw new Error('Bun does not tell its epoll')
    return found
  } finally {
    calls.call.close(other)
  }
}

function epollOf(descriptor: number): number | undefined {
  const isEpoll = (fd: string): boolean => {
    try {
      return (
        readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:[eventpoll]' &&
        new RegExp(`^tfd: +${descriptor} `, 'm').test(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))
      )
    } catch {
      // Closed meanwhile.
      return false
    }
  }
  const found = readdirSync('/proc/self/fd').find(isEpoll)
  return found === undefined ? undefined : Number(found)
}
