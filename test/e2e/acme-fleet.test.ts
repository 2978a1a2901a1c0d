/** Two nodes of a fleet, with pebble and a real Redis: one orders, the other answers the CA, and both serve what comes. */
import { expect, test } from 'bun:test'
import type { Config } from '../../core/config/config.ts'
import { startEdge } from '../../core/edge.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { Secret } from '../../core/secrets.ts'
import { anyRequest, tcpListener, testConfig, testPool } from '../support/edge.ts'
import { startPebble } from '../support/pebble.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { redisForTests } from '../support/services.ts'
import { askSecurely, tlsPolicy } from '../support/tls.ts'

const NAME = 'www.example.org'
const redis = redisForTests()

for (const challenge of ['http-01', 'tls-alpn-01'] as const)
  test(`one node orders, and the CA may come to the other, by ${challenge}`, async () => {
    await using pebble = await startPebble()
    await using backend = startRawBackend({ answer: answering(ok('hello')) })
    const url = new Secret(`${redis().url}/${challenge === 'http-01' ? 1 : 2}`)
    const acme = {
      email: undefined,
      directories: [{ url: pebble.directory, ca: pebble.ca, binding: undefined }],
      names: [NAME],
      challenge,
      dns: undefined,
      onDemand: undefined,
      storage: { kind: 'redis', url },
    } as const
    const configOf = (tlsPort: number, httpPort: number): Config =>
      testConfig({
        listeners: [
          { ...tcpListener('web', tlsPort), tls: { ...tlsPolicy([]), acme } },
          tcpListener('plain', httpPort),
        ],
        routes: [{ match: anyRequest, pool: 'web', priority: 5 }],
        pools: [testPool([backend.port])],
      })
    const events: EdgeEvent[] = []
    // It orders, and is where the CA does not look.
    const orders = await startEdge({ config: configOf(0, 0), emit: (event) => void events.push(event) })
    const client = new Bun.RedisClient(url.reveal())
    while (!(await client.exists(`smartedge:acme:lock:${NAME}`))) await Bun.sleep(1)
    client.close()
    const others: EdgeEvent[] = []
    const answers = await startEdge({
      config: configOf(pebble.tlsPort, pebble.httpPort),
      emit: (event) => void others.push(event),
    })
    const ca = await pebble.root()
    const [{ address }] = orders.addresses as [(typeof orders.addresses)[number]]
    const shown = async (port: number): Promise<string | undefined> =>
      await askSecurely(port, { ca, servername: NAME }).then(
        ({ fingerprint }) => fingerprint,
        () => undefined,
      )
    let both: readonly (string | undefined)[] = []
    while (both.length === 0 || both.includes(undefined)) {
      const failure = [...events, ...others].find(({ kind }) => kind === 'certificate-failed')
      if (failure !== undefined) throw new Error(JSON.stringify(failure))
      both = await Promise.all([shown(address.kind === 'tcp' ? address.port : 0), shown(pebble.tlsPort)])
      await Bun.sleep(50)
    }
    expect(both[0]).toBe(both[1])
    const issued = [...events, ...others].filter(({ kind }) => kind === 'certificate-issued')
    expect(issued).toHaveLength(1)
    await Promise.all([orders.drain(), answers.drain()])
  })
