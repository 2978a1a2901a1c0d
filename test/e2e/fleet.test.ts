/** Three nodes on one source: pushes reach them, bad ones are refused by all, and nobody minds that etcd dies. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, statSync } from 'node:fs'
import { type Etcd, startEtcd } from '../support/etcd.ts'
import { fleetConfig, type FleetNodeProcess, fleetRig } from '../support/fleet-nodes.ts'
import { closedPort } from '../support/ports.ts'
import { startSteadyBackend, startSteadyLoad } from '../support/steady-load.ts'

setDefaultTimeout(60_000)

interface FleetFacts {
  readonly generation: number
  readonly state: string
  readonly presence: string
}

const sourceAt = ({ url }: Etcd): string => `etcd://${new URL(url).host}/edge/web`
const fleetOf = async (node: FleetNodeProcess): Promise<FleetFacts> => (await node.status())['fleet'] as FleetFacts

function backend(answer: string) {
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response(answer) })
  return { url: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.stop(true) }
}

const answers = (nodes: readonly FleetNodeProcess[]): Promise<string[]> =>
  Promise.all(nodes.map(async ({ url }) => await (await fetch(url)).text()))

describe('a fleet', () => {
  test('runs what is pushed, refuses what is bad, and goes back', async () => {
    await using etcd = await startEtcd()
    await using one = backend('one')
    await using two = backend('two')
    const rig = fleetRig(sourceAt(etcd))
    await rig.write('one.json', fleetConfig([one.url]))
    await rig.write('two.json', fleetConfig([two.url]))
    expect(await rig.run('config', 'push', 'one.json')).toMatchObject({
      code: 0,
      out: expect.stringContaining('no node'),
    })
    await using a = rig.node('a')
    await using b = rig.node('b')
    await using c = rig.node('c')
    const nodes = [a, b, c]
    await Promise.all(nodes.map((node) => node.event('ready')))
    expect(await answers(nodes)).toEqual(['one', 'one', 'one'])
    // All are shown before what they run is asked for.
    while (!(await rig.run('status', '--fleet')).out.includes('3 nodes')) await Bun.sleep(50)

    expect(await rig.run('config', 'push', 'two.json', '--wait', '5m')).toMatchObject({
      code: 0,
      out: expect.stringContaining('3 of 3 nodes run it'),
    })
    expect(await answers(nodes)).toEqual(['two', 'two', 'two'])

    // What no node could run is not even written.
    await rig.write(
      'bad.json',
      fleetConfig([two.url], { pools: { web: { backends: [two.url], strategy: 'nonsense' } } }),
    )
    expect(await rig.run('config', 'push', 'bad.json')).toMatchObject({ code: 78 })
    // What only they can see, they refuse.
    const lacking = fleetConfig([one.url], { drainTimeout: '${NOT_SET_ON_ANY_NODE}' })
    await rig.write('lacking.json', lacking)
    const refused = await rig.run('config', 'push', 'lacking.json', '--wait', '5m')
    expect(refused).toMatchObject({ code: 1, out: expect.stringContaining('0 of 3 nodes run it') })
    for (const node of nodes) {
      expect(refused.err).toContain(`${node.name} refuses it: etcd://`)
      expect((await node.event('reload-failed'))['message']).toContain('NOT_SET_ON_ANY_NODE, which is not set')
      expect(await fleetOf(node)).toMatchObject({ generation: 2, state: 'refused' })
    }
    expect(await answers(nodes)).toEqual(['two', 'two', 'two'])
    expect((await rig.run('status', '--fleet')).out).toMatch(/a {2}.* 2 .*\n[^]*refuses it/)

    expect(await rig.run('config', 'rollback', '1', '--wait', '5m')).toMatchObject({
      code: 0,
      out: expect.stringContaining('3 of 3 nodes run it'),
    })
    expect(await answers(nodes)).toEqual(['one', 'one', 'one'])
    expect((await rig.run('config', 'history')).out).toMatch(/4 .*back to 1\n +3 .*\n +2 .*\n +1 /)

    // Half of them first.
    await rig.run('config', 'push', 'two.json', '--rollout', '50%', '--wait', '5m')
    const staged = await answers(nodes)
    expect(staged).toEqual(['one', 'two', 'two'])
    await rig.run('config', 'rollout', '100%', '--wait', '5m')
    expect(await answers(nodes)).toEqual(['two', 'two', 'two'])

    // An edit of one node alone has no place to be kept.
    const drain = await rig.run('backend', 'drain', two.url, '--yes', '--url', String(await adminOf(a)))
    expect(drain).toMatchObject({ code: 1, err: expect.stringContaining('change it there') })
    const back = await rig.run('reload', '--rollback', '--url', String(await adminOf(a)))
    expect(back).toMatchObject({ code: 1, err: expect.stringContaining('smartedge config rollback') })
  })

  test('tells one of two who push at once that the other was faster', async () => {
    await using etcd = await startEtcd()
    const rig = fleetRig(sourceAt(etcd))
    const texts = [1, 2, 3].map((port) => fleetConfig([`http://127.0.0.1:${port}`]))
    for (const [index, text] of texts.entries()) await rig.write(`${index}.json`, text)
    await rig.run('config', 'push', '0.json')
    const early = await rig.run('config', 'push', '1.json', '--over', '7')
    expect(early).toMatchObject({ code: 1, err: expect.stringContaining('holds generation 1') })
    const said = await Promise.all([1, 2].map((number) => rig.run('config', 'push', `${number}.json`, '--over', '1')))
    expect(said.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([0, 1])
    const winner = said.findIndex(({ code }) => code === 0)
    // As it was about to write, or before that.
    expect(said[1 - winner]?.err).toMatch(/nothing was (?:written|pushed): .*holds generation 2/s)
    expect((await rig.run('config', 'show')).out).toBe(texts[1 + winner] ?? '')
  })

  test('serves on while etcd is away, also behind a start, and follows it when it is back', async () => {
    await using etcd = await startEtcd()
    const steady = startSteadyBackend()
    await using _ = { [Symbol.asyncDispose]: () => steady.stop() }
    const rig = fleetRig(sourceAt(etcd))
    const backends = [`http://127.0.0.1:${steady.port}`]
    await rig.write('one.json', fleetConfig(backends))
    await rig.write('two.json', fleetConfig(backends, { drainTimeout: '7s' }))
    await rig.run('config', 'push', 'one.json')
    await using a = rig.node('a')
    await a.event('ready')
    const load = await startSteadyLoad(a.url, 2)
    await etcd.stop()
    expect(await a.event('config-source-away')).toMatchObject({ level: 'error' })
    await load.ping()

    // One that starts meanwhile and never ran has nothing to serve.
    await using b = rig.node('b')
    expect(await b.child.exited).toBe(1)
    expect(b.lines().join('\n')).toContain('has kept no copy of it either')

    await etcd.start()
    await rig.run('config', 'push', 'two.json', '--wait', '0s')
    while ((await fleetOf(a)).generation !== 2) await Bun.sleep(20)
    await load.ping()
    const { requests, failures, tunnelsClosed } = await load.stop()
    expect({ failures, tunnelsClosed }).toEqual({ failures: [], tunnelsClosed: 0 })
    expect(requests).toBeGreaterThan(0)

    const copies = readdirSync(`${rig.folder}/state/smartedge`).filter((name) => name.startsWith('config-'))
    expect(copies.map((name) => statSync(`${rig.folder}/state/smartedge/${name}`).mode & 0o777)).toEqual([0o600])
    await etcd.stop()
    a.child.kill('SIGKILL')
    await a.child.exited
    await using again = a.again()
    expect(await again.event('config-copy')).toMatchObject({ level: 'warn', release: 'generation 2' })
    await again.event('ready')
    expect((await fetch(again.url)).status).toBe(200)
    expect(await fleetOf(again)).toMatchObject({ generation: 2, presence: 'away' })
  })

  test('forgets a node that has left, and one that was killed once its lease has ended', async () => {
    await using etcd = await startEtcd()
    const rig = fleetRig(sourceAt(etcd))
    await rig.write('one.json', fleetConfig([`http://127.0.0.1:${closedPort()}`]))
    await rig.run('config', 'push', 'one.json')
    const shown = async (): Promise<string[]> => {
      const { nodes } = JSON.parse((await rig.run('status', '--fleet', '--json')).out) as { nodes: { name: string }[] }
      return nodes.map(({ name }) => name)
    }
    await using a = rig.node('a')
    await using b = rig.node('b')
    await Promise.all([a.event('ready'), b.event('ready')])
    while ((await shown()).length < 2) await Bun.sleep(50)
    a.child.kill('SIGTERM')
    await a.child.exited
    expect(await shown()).toEqual(['b'])
    b.child.kill('SIGKILL')
    await b.child.exited
    expect(await shown()).toEqual(['b'])
    const { leases } = (await etcd.call('lease/leases', {})) as { leases?: readonly { ID: string }[] }
    // As it does by itself after 15 s.
    for (const { ID } of leases ?? []) await etcd.call('lease/revoke', { ID })
    expect(await shown()).toEqual([])
  })
})

async function adminOf(node: FleetNodeProcess): Promise<unknown> {
  const [line = ''] = node.lines().filter((one) => one.includes('admin-listening'))
  return (JSON.parse(line) as { address: string }).address
}
