/** The Kubernetes source against a stand-in over sockets. */
import { describe, expect, test } from 'bun:test'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../core/clock.ts'
import { kubernetesSource } from '../../../core/discovery/kubernetes.ts'
import type { KubernetesPolicy } from '../../../core/discovery/policy.ts'
import { systemRandom } from '../../../core/random.ts'
import { sourceServices } from '../../../core/runtime/source-services.ts'
import { createCertificates } from '../../support/certificates.ts'
import { fail } from '../../support/fail.ts'
import { endpoint, type Kubernetes, startKubernetes } from '../../support/kubernetes.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { record } from './recorder.ts'
import { sourceSuite } from './suite.ts'

const sourceAt = ({ url }: Kubernetes, facts: Partial<KubernetesPolicy> = {}) =>
  kubernetesSource(
    {
      kind: 'kubernetes',
      service: 'web',
      namespace: undefined,
      port: undefined,
      share: undefined,
      zone: undefined,
      address: url,
      bearerFile: undefined,
      tls: undefined,
      ...facts,
    },
    sourceServices({ clock: systemClock, random: systemRandom, reportFault: fail }),
  )

const HTTP = [{ name: 'http', port: 8080, protocol: 'TCP' }]
const of = (...numbers: number[]) => numbers.map((number) => endpoint(`10.0.0.${number}`))
const idOf = (number: number): string => `10.0.0.${number}:8080`

sourceSuite('kubernetes', async () => {
  const kubernetes = startKubernetes()
  return {
    source: sourceAt(kubernetes),
    list: async (...numbers) => kubernetes.put({ name: 'web-1', ports: HTTP, endpoints: of(...numbers) }),
    idOf,
    spoil: async (...numbers) =>
      kubernetes.put({ name: 'web-1', ports: HTTP, endpoints: [...of(...numbers), endpoint('not an address')] }),
    takeAway: () => kubernetes.stop(),
    bringBack: async () => kubernetes.start(),
    [Symbol.asyncDispose]: () => kubernetes[Symbol.asyncDispose](),
  }
})

describe('a Service of Kubernetes', () => {
  test('has endpoints in many slices, listed page by page and changed one by one', async () => {
    await using kubernetes = startKubernetes()
    for (let number = 1; number <= 12; number++)
      kubernetes.put({ name: `web-${number}`, ports: HTTP, endpoints: of(number) })
    const told = record(sourceAt(kubernetes))
    const numbers = Array.from({ length: 12 }, (_, index) => index + 1)
    await told.lists(...numbers.map(idOf))
    expect(kubernetes.asked.slice(0, 3).map((query) => query.get('continue'))).toEqual([null, '5@112', '10@112'])
    kubernetes.delete('web-1')
    kubernetes.put({ name: 'web-2', ports: HTTP, endpoints: of(20, 21) })
    await told.lists(...[20, 21, ...numbers.slice(2)].map(idOf))
    told.stop()
  })

  test('is listed anew where a watch cannot go on, which is no outage', async () => {
    await using kubernetes = startKubernetes()
    kubernetes.put({ name: 'web-1', ports: HTTP, endpoints: of(1) })
    const told = record(sourceAt(kubernetes))
    await told.lists(idOf(1))
    await turnUntil(() => kubernetes.watches > 0, 'a watch')
    kubernetes.say(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`)
    await told.next(({ kind }) => kind === 'listing', told.words.length)
    kubernetes.put({ name: 'web-2', ports: HTTP, endpoints: of(2) })
    await told.lists(...[1, 2].map(idOf))
    expect(told.words.map(({ kind }) => kind)).not.toContain('lost')
    told.stop()
  })

  test('that is not there may be a mistake', async () => {
    await using kubernetes = startKubernetes()
    const told = record(sourceAt(kubernetes))
    expect(await told.next(({ kind }) => kind === 'vanished')).toMatchObject({ reason: 'web has no EndpointSlices' })
    kubernetes.put({ name: 'web-1', ports: HTTP, endpoints: of(1) })
    await told.lists(idOf(1))
    told.stop()
  })

  test('is asked for with the token that its file holds now', async () => {
    await using kubernetes = startKubernetes({ token: 'first' })
    kubernetes.put({ name: 'web-1', ports: HTTP, endpoints: of(1) })
    const bearerFile = join(temporaryFolder(), 'token')
    const write = (token: string): void => {
      writeFileSync(`${bearerFile}.new`, `${token}\n`)
      renameSync(`${bearerFile}.new`, bearerFile)
    }
    write('first')
    const told = record(sourceAt(kubernetes, { bearerFile }))
    await told.lists(idOf(1))
    kubernetes.token = 'second'
    await kubernetes.stop()
    kubernetes.start()
    await told.next((word) => 'reason' in word && word.reason === 'answers with 401: Unauthorized')
    write('second')
    kubernetes.put({ name: 'web-2', ports: HTTP, endpoints: of(2) })
    await told.lists(...[1, 2].map(idOf))
    told.stop()
  })

  test('is asked for over TLS, by whom the config trusts', async () => {
    await using files = createCertificates()
    const [cert, key] = await Promise.all([Bun.file(files.cert).text(), Bun.file(files.key).text()])
    await using kubernetes = startKubernetes({ tls: { cert, key } })
    kubernetes.put({ name: 'web-1', ports: HTTP, endpoints: of(1) })
    const told = record(sourceAt(kubernetes, { tls: { ca: files.ca, cert: undefined, key: undefined } }))
    await told.lists(idOf(1))
    told.stop()
    const stranger = record(sourceAt(kubernetes))
    expect(await stranger.next(({ kind }) => kind === 'lost')).toMatchObject({
      reason: expect.stringMatching(/^cannot be asked: .*(CERT|SIGNATURE|SELF)/),
    })
    stranger.stop()
  })
})
