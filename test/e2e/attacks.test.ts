/** Attacks over many connections at once, on a process of its own: each is known and counted, others are answered, and memory stays bounded. See `attacks.ts` for figures. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { type AttackTally, playAttack } from '../support/attackers.ts'
import { ATTACKS, type Attack } from '../support/http2-attacks.ts'
import { pacedClients } from '../support/paced-clients.ts'
import { freePorts } from '../support/ports.ts'
import { type RunningProcess, startProcess } from '../support/running-process.ts'

const CONNECTIONS = 40
const MOST_MS = 20_000
const REQUESTS_MS = 200

const [port = 0] = freePorts(1)
const backend = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('x'.repeat(1000)) })
let edge: RunningProcess

beforeAll(async () => {
  edge = await startProcess({
    pool: { backends: [`http://127.0.0.1:${backend.port}`] },
    config: { listeners: { web: { address: `127.0.0.1:${port}`, http2: true } } },
  })
  await edge.event('ready')
})

afterAll(async () => {
  await edge[Symbol.asyncDispose]()
  await backend.stop(true)
})

/** Plays it while others ask; returns what both sides have had. */
async function attackAmongOthers(attack: Attack, connections: number, isDone: (tally: AttackTally) => boolean) {
  const clients = await pacedClients(port, 10)
  const asking = clients.run(REQUESTS_MS)
  let haveAsked = false
  void asking.then(() => (haveAsked = true))
  const plan = { port, connections, durationMs: MOST_MS, perSecond: 0 }
  const attackers = await playAttack(attack, plan, (tally) => haveAsked && isDone(tally))
  const others = await asking
  clients.close()
  return { attackers, others }
}

async function violations(kind: string): Promise<number> {
  const metrics = await (await fetch(`${edge.adminUrl}/metrics`)).text()
  return Number(new RegExp(`^smartedge_http2_violations_total{kind="${kind}"} (\\d+)$`, 'm').exec(metrics)?.[1])
}

const residentMb = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${edge.child.pid}/status`, 'utf8'))?.[1]) / 1024

const floods = Object.values(ATTACKS).filter(({ kind }) => kind !== undefined)
const sieges = Object.values(ATTACKS).filter(({ kind }) => kind === undefined)
const answeredAll = {
  'HTTP/1.1': expect.objectContaining({ asked: 20, answered: 20, ended: 0 }),
  'HTTP/2': expect.objectContaining({ asked: 20, answered: 20, ended: 0 }),
}

describe('who attacks is thrown out and counted, and others are answered', () => {
  test.each(floods.map((attack) => [attack.title, attack] as const))('%s', async (_, attack) => {
    const kind = attack.kind as string
    const before = await violations(kind)
    const { attackers, others } = await attackAmongOthers(attack, CONNECTIONS, ({ ended }) => ended === CONNECTIONS)
    expect(attackers.ended).toBe(CONNECTIONS)
    expect((await violations(kind)) - before).toBe(CONNECTIONS)
    expect(others).toEqual(answeredAll)
  })
})

describe('who breaks no rule is borne, and others are answered', () => {
  test.each(sieges.map((attack) => [attack.title, attack] as const))('%s', async (_, attack) => {
    const { others } = await attackAmongOthers(attack, CONNECTIONS, ({ connected }) => connected === CONNECTIONS)
    expect(others).toEqual(answeredAll)
  })
})

test('60,000 streams whose clients take nothing hold no more than their budget', async () => {
  const before = residentMb()
  const attack = ATTACKS['stall'] as Attack
  let peak = 0
  // All have been refused, in 13 bytes each, or answered by a head.
  const isDone = ({ connected, gotBytes }: AttackTally): boolean => {
    peak = Math.max(peak, residentMb())
    return connected === 600 && gotBytes >= 600 * 1450
  }
  const { others } = await attackAmongOthers(attack, 600, isDone)
  expect(others).toEqual(answeredAll)
  // Without it 130 to 150 MB, with it 40 to 70.
  expect(peak - before).toBeLessThan(110)
}, 30_000)
