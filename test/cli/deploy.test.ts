import { describe, expect, onTestFinished, test } from 'bun:test'
import { main } from '../../cli/main.ts'
import type { ServiceIo, Signal } from '../../cli/process/service-io.ts'
import { formatAddress } from '../../core/address.ts'
import { adminServer } from '../support/admin-server.ts'
import { fakeAdminSource } from '../support/admin-source.ts'
import { deployFiles, deployRig } from '../support/deploy-rig.ts'
import { fakeIo } from '../support/service-io.ts'

/** The command line beside deploys whose clock goes on for as long as a command runs. */
async function start() {
  const rig = await deployRig()
  const source = fakeAdminSource({ config: () => rig.edge.config, control: rig.controller, deploys: rig.deploys })
  const server = await adminServer({ token: undefined, source })
  const url = `http://${formatAddress(server.address)}`
  const ticking = setInterval(() => rig.clock.advance(100), 2)
  onTestFinished(() => clearInterval(ticking))
  const run = async (line: string, overrides: Partial<ServiceIo> = {}) => {
    const io = fakeIo({ env: { SMARTEDGE_ADMIN_URL: url }, ...overrides })
    const code = await main(line.split(' '), io)
    return { code, out: io.out(), err: io.err() }
  }
  return { rig, run }
}

describe('smartedge deploy', () => {
  test('tells each phase, and ends well', async () => {
    const { rig, run } = await start()
    rig.check('c:80', true)
    const running = run('deploy web http://c:80')
    await rig.until('waiting')
    rig.check('c:80', true)
    const { code, out, err } = await running
    expect([code, err]).toEqual([0, ''])
    expect(out.split('\n').slice(0, 1)).toEqual(['web: waiting: c:80 is unchecked (waits for its check)'])
    expect(out).toContain('web: done: the new members serve, and the old ones have finished\n')
  })

  test('tells why it has failed, and ends with 1', async () => {
    const { rig, run } = await start()
    rig.check('c:80', false, 'connection refused')
    const { code, err } = await run('deploy web http://c:80 --timeout 1s')
    expect(code).toBe(1)
    expect(err).toBe('smartedge: web: deploy 1 failed: not healthy within 1 s: c:80 is unhealthy: connection refused\n')
    expect(rig.read('m.json')).toBe(deployFiles['m.json'])
  })

  test('gives up when it is interrupted', async () => {
    const { rig, run } = await start()
    let interrupt: (signal: Signal) => void = () => undefined
    const running = run('deploy web http://c:80', {
      onSignal(handler) {
        interrupt = handler
        return () => undefined
      },
    })
    await rig.until('waiting')
    interrupt('SIGTERM')
    const { code, err } = await running
    expect([code, err]).toEqual([143, expect.stringContaining('aborted by cli from 127.0.0.1: the old members serve')])
  })

  test('tells the same as JSON, a line each', async () => {
    const { rig, run } = await start()
    const running = run('deploy web http://c:80 --canary 5% --for 1s --promote-if p99<2x --min-requests 7 --json')
    await rig.until('waiting')
    rig.check('c:80', true)
    const { code, out } = await running
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(code).toBe(1)
    expect(lines[0]).toMatchObject({
      phase: 'waiting',
      canary: { share: 0.05, forMs: 1000, promoteIf: 'p99<2x', minRequests: 7 },
    })
    expect(lines.at(-1)).toMatchObject({ phase: 'rolled-back', over: true })
  })

  test('draws one line that changes on a terminal, no wider than it', async () => {
    const { rig, run } = await start()
    const running = run('deploy web http://c:80', { isTty: true, columns: () => 30 })
    await rig.until('waiting')
    rig.check('c:80', true)
    const { out } = await running
    const shown = out.split('\r\u001B[2K')
    expect(shown.length).toBeGreaterThan(1)
    for (const line of shown) expect(line.trimEnd().length).toBeLessThan(30)
    expect(out.endsWith('\n')).toBe(true)
  })

  test('says how the newest goes or went, and ends it', async () => {
    const { rig, run } = await start()
    expect(await run('deploy web --status')).toMatchObject({ code: 0, out: 'web: no deploy is known\n' })
    expect(await run('deploy web --abort')).toMatchObject({ code: 1, err: expect.stringContaining('No deploy') })
    await rig.deploys.begin('web', { members: ['http://c:80'], timeoutMs: 1e9, canary: undefined }, 'test')
    expect((await run('deploy web --status')).out).toContain('waiting: c:80 is unchecked')
    expect((await run('deploy web --abort')).out).toContain('web: deploy 1 aborted: aborted by cli')
    expect(JSON.parse((await run('deploy web --status --json')).out)).toMatchObject({
      pool: 'web',
      deploys: [{ id: 1 }],
    })
  })

  test('brings back what was replaced', async () => {
    const { rig, run } = await start()
    expect(await run('rollback web')).toMatchObject({ code: 1, err: expect.stringContaining('nothing to go back to') })
    const deploying = run('deploy web http://c:80')
    await rig.until('waiting')
    rig.check('c:80', true)
    await deploying
    expect((await run('deploy web --status')).out).toContain('"smartedge rollback web" brings back a:80, b:80')
    const rolling = run('rollback web')
    while (rig.told.at(-1)?.id !== 2) await Bun.sleep(1)
    for (const id of ['a:80', 'b:80']) rig.check(id, true)
    expect((await rolling).code).toBe(0)
    expect(rig.read('m.json')).toBe(deployFiles['m.json'])
  })

  test.each([
    ['deploy', '<pool> is missing'],
    ['deploy web', 'name the new members'],
    ['deploy web http://c:80 --status', 'take the pool alone'],
    ['deploy web --status --abort', 'name one of --status and --abort'],
    ['deploy web http://c:80 --for 5m', 'need --canary'],
    ['deploy web http://c:80 --canary 5', 'must be a share from 0.1% to 90%'],
    ['deploy web http://c:80 --canary 0%', 'must be a share'],
    ['deploy web http://c:80 --timeout soon', '--timeout must be a time from 1s to 24h'],
    ['deploy web http://c:80 --timeout 0s', "--timeout must be a time from 1s to 24h, such as 90s or 2m, got '0s'"],
    [
      'deploy web http://c:80 --canary 5% --for 25h',
      "--for must be a time from 1s to 24h, such as 90s or 2m, got '25h'",
    ],
    ['deploy web http://c:80 --canary 5% --promote-if errors>1%', '--promote-if must list what is to hold'],
    ['rollback', '<pool> is missing'],
    [
      'preview add a.example.org http://c:80 --for 10s',
      "--for must be a time from 1m to 30d, such as 2d or 12h, got '10s'",
    ],
  ])('is told how to call it: %s', async (line, words) => {
    const { run } = await start()
    const { code, err } = await run(line)
    expect([code, err]).toEqual([2, expect.stringContaining(words)])
  })

  test.each([
    ['deploy wob http://c:80', 'did you mean "web"?'],
    ['deploy web c:80', 'members[0] must be a backend URL'],
    ['deploy web http://a:80 http://b:80', 'already'],
  ])('is told what the edge refuses: %s', async (line, words) => {
    const { run } = await start()
    expect(await run(line)).toMatchObject({ code: 1, err: expect.stringContaining(words) })
  })
})
