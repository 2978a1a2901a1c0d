import { describe, expect, test } from 'bun:test'
import { ExplainHost } from '../../../core/runtime/explain-host.ts'
import { routeKey } from '../../../core/runtime/route-key.ts'
import type { ToldExplanations } from '../../../core/explain/told.ts'
import { seededRandom } from '../../../core/random.ts'
import type { Candidate, Candidates } from '../../../core/strategy/strategy.ts'
import { testConfig } from '../../support/edge.ts'
import { exchangeRecord } from '../../support/exchange-record.ts'
import { hostOf, loadedOf } from '../../support/live-strategy.ts'
import { pickExplanation } from '../../support/pick-explanation.ts'
import { tcpRoute } from '../../support/tcp-rig.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const candidate = (id: string): Candidate => ({ id, weight: 1, inflight: 0, zone: undefined, place: undefined })
const candidates: Candidates = [candidate('a:80'), candidate('b:80')]
const client = { address: '', zone: undefined, place: undefined }
const askedWith = { candidates, context: { key: undefined, now: 0, wallTime: 0, client }, draws: [] }

/** Shipped strategies take the first candidate; `edited` names those that are not as they were. */
async function explaining(edited: Set<string>) {
  const plugins = {
    ...hostOf(() => loadedOf('1')),
    loadShipped: async (name: string) =>
      edited.has(name) ? undefined : loadedOf('1', () => ({ pick: ([first]) => first }), name),
  }
  const host = new ExplainHost({ clock: virtualClock(), random: seededRandom(1), plugins, token: () => undefined })
  ;(await host.prepare(testConfig({ explain: { sample: 1, keep: 10 } }))).commit()
  return {
    host,
    others: async (): Promise<readonly string[]> => {
      const nobody = pickExplanation({ strategy: 'mine', askedWith })
      host.current?.observe(exchangeRecord({ explanation: { isAsked: true, nobody } }))
      const text = await host.explained?.tell({ last: 1 }, () => Promise.resolve())
      const told = JSON.parse(text ?? '') as ToldExplanations
      return told.explanations[0]?.nobody?.others.map(({ strategy }) => strategy) ?? []
    },
  }
}

describe('whom others would have taken', () => {
  test('is asked of the files as they are when somebody wants to know', async () => {
    const edited = new Set(['p2c'])
    const { others } = await explaining(edited)
    expect(await others()).toEqual(['random', 'least-connections'])
    edited.clear()
    edited.add('random')
    expect(await others()).toEqual(['p2c', 'least-connections'])
  })
})

describe('explained requests', () => {
  test('are told with their route in words, those of TCP mode as well', async () => {
    const { host } = await explaining(new Set())
    const config = testConfig({ explain: { sample: 1, keep: 10 }, tcpRoutes: [tcpRoute({ host: 'db.example' })] })
    ;(await host.prepare(config)).commit()
    host.current?.observe(exchangeRecord({ route: routeKey(config.tcpRoutes[0]!) }))
    const text = await host.explained?.tell({ last: 1 }, () => Promise.resolve())
    expect((JSON.parse(text ?? '') as ToldExplanations).explanations[0]?.route).toBe('tcp db db.example')
  })

  test('are gone with the key', async () => {
    const { host } = await explaining(new Set())
    ;(await host.prepare(testConfig())).commit()
    expect([host.current, host.explained]).toEqual([undefined, undefined])
  })
})
