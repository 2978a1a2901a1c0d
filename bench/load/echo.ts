/**
 * WebSocket clients that send a message and wait for its echo, as fast as they can: the load on tunnels, on Bun's own
 * client. A program: reads one plan per line on standard input, prints one report per line, as `bench/load.ts` does.
 */
import { createInterface } from 'node:readline'
import { systemClock } from '../../core/clock.ts'
import type { LoadPlan, LoadReport } from './plan.ts'
import { createTally } from './tally.ts'

const message = 'x'.repeat(64)
/** How long an echo may take after the end. */
const stragglerMs = 1000

for await (const line of createInterface({ input: process.stdin })) {
  const report = await echo(JSON.parse(line) as LoadPlan)
  process.stdout.write(`${JSON.stringify(report)}\n`)
}
process.exit()

async function echo(plan: LoadPlan): Promise<LoadReport> {
  const tally = createTally(systemClock)
  const url = `ws://${plan.host}:${plan.port}${plan.path}`
  const startMs = systemClock.now()
  const endMs = startMs + plan.durationMs
  const startCpu = process.cpuUsage()
  const clients = Array.from({ length: plan.connections }, () => converse(url, endMs, tally.add))
  await Promise.all(clients)
  const { user, system } = process.cpuUsage(startCpu)
  return tally.report(startMs, (user + system) / 1000 / (systemClock.now() - startMs))
}

/** Resolves when one client is done: at the end, or when its connection is lost. */
function converse(url: string, endMs: number, add: ReturnType<typeof createTally>['add']): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = new WebSocket(url)
  let sentMs = systemClock.now()
  let isOpen = false
  let isDone = false
  const finish = (cause?: 'connect' | 'cut' | 'unanswered'): void => {
    if (isDone) return
    isDone = true
    if (cause !== undefined) add(sentMs, cause)
    cancel()
    socket.close()
    resolve()
  }
  const cancel = systemClock.after(endMs - sentMs + stragglerMs, () => finish('unanswered'))
  const send = (): void => {
    sentMs = systemClock.now()
    if (sentMs >= endMs) finish()
    else socket.send(message)
  }
  socket.addEventListener('open', () => {
    isOpen = true
    send()
  })
  socket.addEventListener('message', () => {
    add(sentMs, undefined)
    send()
  })
  socket.addEventListener('close', () => finish(isOpen ? 'cut' : 'connect'))
  return promise
}
