/** No request fails over a deploy, however it ends: real backends, real processes, clients that ask without a pause. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { startClients, startDeployProcess, startOrigin } from '../support/deploy-process.ts'

setDefaultTimeout(60_000)

const urls = (origins: readonly { readonly url: string }[]): string => JSON.stringify(origins.map(({ url }) => url))

describe.if(process.platform === 'linux')('a deploy', () => {
  test('replaces the old members, and a rollback brings them back', async () => {
    const [a, b, c, d] = [startOrigin(), startOrigin(), startOrigin(), startOrigin()] as const
    await using edge = await startDeployProcess([a, b])
    const clients = startClients(edge.web)
    await clients.more(50)
    const { code, out } = await edge.command('deploy', 'web', c.url, d.url).ended
    expect(out).toContain('web: done')
    expect([code, edge.members()]).toEqual([0, urls([c, d])])
    const servedBefore = a.served + b.served
    await clients.more(200)
    expect(a.served + b.served).toBe(servedBefore)
    expect(c.served + d.served).toBeGreaterThan(0)
    expect((await edge.command('rollback', 'web').ended).code).toBe(0)
    expect(edge.members()).toBe(urls([a, b]))
    await clients.more(50)
    await clients.stop()
    expect(clients.failures).toEqual([])
    expect(a.served + b.served).toBeGreaterThan(servedBefore)
  })

  test('leaves the old members where they are when a new one is not well, and when it is interrupted', async () => {
    const [a, b, c] = [startOrigin(), startOrigin(), startOrigin()] as const
    await using edge = await startDeployProcess([a, b])
    const clients = startClients(edge.web)
    const failing = await edge.command('deploy', 'web', c.url, 'http://127.0.0.1:9', '--timeout', '1s').ended
    expect(failing.code).toBe(1)
    expect(failing.err).toMatch(/not healthy within 1 s: .*127\.0\.0\.1:9 is unhealthy: connection refused/)
    const interrupted = edge.command('deploy', 'web', c.url, 'http://127.0.0.1:9')
    await edge.event('deploy')
    while ((await edge.event('deploy'))['phase'] !== 'waiting');
    interrupted.child.kill('SIGINT')
    const { code, err } = await interrupted.ended
    expect([code, err]).toEqual([130, expect.stringContaining('aborted')])
    await clients.more(100)
    await clients.stop()
    expect([clients.failures, c.served, edge.members()]).toEqual([[], 0, urls([a, b])])
  })

  test('rolls a canary back whose new member fails 5 %', async () => {
    const [a, b, c] = [startOrigin(), startOrigin(), startOrigin((number) => (number % 20 === 0 ? 503 : 200))] as const
    await using edge = await startDeployProcess([a, b], { retry: { attempts: 3, statuses: [503] } })
    const clients = startClients(edge.web)
    const words = ['deploy', 'web', c.url, '--canary', '50%', '--for', '1h', '--promote-if', 'errors<1%']
    const { code, err } = await edge.command(...words).ended
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/rolled-back: errors [\d.]+ %, not <1%, of \d+ requests: beyond doubt/),
    ])
    const servedBefore = c.served
    await clients.more(100)
    await clients.stop()
    expect([clients.failures, c.served - servedBefore, edge.members()]).toEqual([[], 0, urls([a, b])])
  })

  test('goes on when its command is killed', async () => {
    const [a, b, c] = [startOrigin(), startOrigin(), startOrigin()] as const
    await using edge = await startDeployProcess([a, b])
    const clients = startClients(edge.web)
    const words = [
      'deploy',
      'web',
      c.url,
      '--canary',
      '50%',
      '--for',
      '2s',
      '--promote-if',
      'errors<50%',
      '--min-requests',
      '1',
    ]
    const killed = edge.command(...words)
    while ((await edge.event('deploy'))['phase'] !== 'canary');
    killed.child.kill('SIGKILL')
    await killed.ended
    const { out } = await edge.command('deploy', 'web', '--status').ended
    expect(out).toContain('web: deploy 1')
    while ((await edge.event('deploy'))['phase'] !== 'done');
    await clients.more(50)
    await clients.stop()
    expect([clients.failures, edge.members()]).toEqual([[], urls([c])])
  })

  test('is given up when the edge is started anew in the middle', async () => {
    const [a, b, c] = [startOrigin(), startOrigin(), startOrigin()] as const
    await using edge = await startDeployProcess([a, b])
    const clients = startClients(edge.web, { connection: 'close' })
    const following = edge.command(
      'deploy',
      'web',
      c.url,
      '--canary',
      '50%',
      '--for',
      '1h',
      '--promote-if',
      'errors<50%',
    )
    while ((await edge.event('deploy'))['phase'] !== 'canary');
    await clients.more(100)
    edge.child.kill('SIGTERM')
    expect(await edge.child.exited).toBe(0)
    await using next = edge.again()
    await next.event('ready')
    const { code, err } = await following.ended
    expect([code, err]).toEqual([1, expect.stringContaining('the edge ended: the old members serve as before')])
    const servedBefore = c.served
    await clients.more(100)
    await clients.stop()
    expect([clients.failures, c.served - servedBefore, edge.members()]).toEqual([[], 0, urls([a, b])])
  })

  test('leaves a definite state when the edge is killed in the middle', async () => {
    const [a, b, c] = [startOrigin(), startOrigin(), startOrigin()] as const
    await using edge = await startDeployProcess([a, b])
    const following = edge.command(
      'deploy',
      'web',
      c.url,
      '--canary',
      '50%',
      '--for',
      '1h',
      '--promote-if',
      'errors<50%',
    )
    while ((await edge.event('deploy'))['phase'] !== 'canary');
    edge.child.kill('SIGKILL')
    await edge.child.exited
    await using next = edge.again()
    await next.event('ready')
    const { code, err } = await following.ended
    expect([code, err]).toEqual([1, expect.stringContaining('the edge was started anew meanwhile')])
    expect(edge.members()).toBe(urls([a, b]))
  })
})
