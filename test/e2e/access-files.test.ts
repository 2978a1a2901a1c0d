import { describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../core/config/load.ts'
import { startEdge } from '../../core/edge.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'

const hash = (password: string): string => Bun.password.hashSync(password, { algorithm: 'bcrypt', cost: 4 })

/** A backend, and an edge on real files whose route has a list of who may not come, and users. */
async function guarding() {
  await using stack = new AsyncDisposableStack()
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'smartedge-access-')))
  stack.defer(() => rmSync(folder, { recursive: true }))
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('hello') })
  stack.defer(() => server.stop(true))
  const path = join(folder, 'edge.json')
  const save = (name: string, text: string): void => {
    writeFileSync(join(folder, `${name}.new`), text)
    renameSync(join(folder, `${name}.new`), join(folder, name))
  }
  save('denied.txt', '# nobody\n')
  save('users', `ann:${hash('old')}\n`)
  const config = {
    listeners: { web: { address: '127.0.0.1:0' } },
    admin: false,
    routes: [
      { match: { path: '/users' }, pool: 'web', access: { basic: { usersFile: './users' } } },
      { pool: 'web', access: { addresses: { denyFile: './denied.txt' } } },
    ],
    pools: { web: { backends: [`http://127.0.0.1:${server.port}`] } },
  }
  writeFileSync(path, JSON.stringify(config))
  const place = { path, kind: 'config' } as const
  const loaded = loadConfig({ place, cwd: folder, env: {} })
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded.problems))
  const told: { events: EdgeEvent[]; wake: () => void } = { events: [], wake: () => undefined }
  const emit = (event: EdgeEvent): void => {
    told.events.push(event)
    told.wake()
  }
  const files = { place, cwd: folder, env: {}, isWatched: true }
  const edge = await startEdge({ config: loaded.config, files, emit })
  stack.defer(() => edge.kill())
  const address = edge.addresses[0]?.address
  const url = `http://127.0.0.1:${address?.kind === 'tcp' ? address.port : 0}`
  /** The next event of this kind. */
  const next = async <K extends EdgeEvent['kind']>(kind: K): Promise<EdgeEvent & { kind: K }> => {
    for (;;) {
      const at = told.events.findIndex((event) => event.kind === kind)
      if (at >= 0) return told.events.splice(at, 1)[0] as EdgeEvent & { kind: K }
      await new Promise<void>((resolve) => (told.wake = resolve))
    }
  }
  const ask = (target = '/', fields: Record<string, string> = {}) =>
    fetch(url + target, { headers: { connection: 'close', ...fields } }).then(({ status }) => status)
  const owned = stack.move()
  return { folder, save, ask, next, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

describe('a saved list of addresses', () => {
  test('is live by itself, and one that is no list leaves the last good one in force', async () => {
    await using edge = await guarding()
    const file = join(edge.folder, 'denied.txt')
    expect(await edge.ask()).toBe(200)
    edge.save('denied.txt', '127.0.0.0/8 # everybody here\n')
    expect(await edge.next('reloaded')).toMatchObject({
      origin: 'watch',
      summary: 'routes[1].access.addresses.denyFile read anew',
    })
    expect(await edge.ask()).toBe(403)
    const spoils: readonly (readonly [spoil: () => void, problem: string])[] = [
      [() => edge.save('denied.txt', '10.0.0.0/8\nnonsense\n'), 'denied.txt:2:1: '],
      [() => (rmSync(file), mkdirSync(file)), 'must be a file, this is a folder'],
      [() => rmSync(file, { recursive: true }), 'must name a file that exists'],
      [() => (writeFileSync(file, ''), truncateSync(file, 100_000_000)), 'must be at most 4 MiB'],
    ]
    for (const [spoil, problem] of spoils) {
      spoil()
      let failed = await edge.next('reload-failed')
      // What is done in two steps may be seen in two.
      while (!failed.problems.join().includes(problem)) failed = await edge.next('reload-failed')
      expect(failed.problems.join()).toContain(problem)
      expect(await edge.ask()).toBe(403)
    }
    edge.save('denied.txt', '10.0.0.0/8\n')
    await edge.next('reloaded')
    expect(await edge.ask()).toBe(200)
  })
})

describe('a saved file of users', () => {
  test('is live by itself', async () => {
    await using edge = await guarding()
    const as = (password: string) => ({ authorization: `Basic ${btoa(`ann:${password}`)}` })
    expect([await edge.ask('/users', as('old')), await edge.ask('/users', as('new'))]).toEqual([200, 401])
    edge.save('users', `ann:${hash('new')}\n`)
    expect((await edge.next('reloaded')).summary).toBe('routes[0].access.basic.usersFile read anew')
    expect([await edge.ask('/users', as('old')), await edge.ask('/users', as('new'))]).toEqual([401, 200])
    edge.save('users', 'ann:new\n')
    expect((await edge.next('reload-failed')).problems.join()).not.toContain('new')
    expect(await edge.ask('/users', as('new'))).toBe(200)
  })
})
