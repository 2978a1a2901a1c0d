import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { main } from '../../cli/main.ts'
import type { ServiceIo } from '../../cli/process/service-io.ts'
import { formatAddress } from '../../core/address.ts'
import { type ClientStore, StoreAway } from '../../core/clients/contract.ts'
import { Secret } from '../../core/secrets.ts'
import { adminServer } from '../support/admin-server.ts'
import { fakeAdminSource } from '../support/admin-source.ts'
import { nodeOn } from '../support/clients-api.ts'
import { fakeIo } from '../support/service-io.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

interface Setup {
  readonly token?: string
  /** What the API is to see in place of the store; undefined: that there is none. */
  readonly over?: (store: ClientStore) => ClientStore | undefined
}

/** A store in a file behind an admin API, and the command line asking it. */
async function start({ token, over = (store) => store }: Setup = {}) {
  const node = await nodeOn()
  const source = fakeAdminSource({ clients: over(node.store) })
  const server = await adminServer({ token: token === undefined ? undefined : new Secret(token), source })
  const url = `http://${formatAddress(server.address)}`
  const folder = temporaryFolder()
  const run = async (words: string | readonly string[], overrides: Partial<ServiceIo> = {}) => {
    const io = fakeIo({ cwd: folder, ...overrides, env: { SMARTEDGE_ADMIN_URL: url, ...overrides.env } })
    const code = await main(typeof words === 'string' ? words.split(' ') : words, io)
    return { code, out: io.out(), err: io.err() }
  }
  const write = (name: string, text: string | Uint8Array): void => writeFileSync(join(folder, name), text)
  return { ...node, url, run, write }
}

const keyIn = (text: string): string => /sek_[\w-]{43}/.exec(text)?.[0] ?? ''

describe('smartedge client', () => {
  test('adds one whose key counts at once, and shows the key this once', async () => {
    const { run, follower } = await start()
    const added = await run(['client', 'add', 'Acme Ltd', '--id', 'acme', '--rate', '100/s', '--burst', '200'])
    const key = keyIn(added.out)
    expect(added).toEqual({ code: 0, out: `acme is added; its key, shown this once:\n${key}\n`, err: '' })
    expect(follower.directory.byKey(key)).toMatchObject({ id: 'acme', rate: { count: 100, perMs: 1000 }, burst: 200 })
    for (const line of ['client list', 'client show acme', 'client export', 'client list --json'])
      expect((await run(line)).out).not.toContain(key)
  })

  test('lists them with what holds for each, and how many there are', async () => {
    const { run } = await start()
    expect((await run('client list')).out).toBe('0 clients\n')
    await run('plan set gold --rate 1000/m --burst 5')
    await run('client add Ann --id a --plan gold')
    await run('client add Bob --id b --disable --valid-until 2020-01-01')
    await run('client add Carl --id c --valid-until 2020-01-01T12:00:00+01:00')
    const { code, out } = await run('client list')
    expect(code).toBe(0)
    expect(out.replaceAll(/sek_[\w-]{8}…/g, 'KEY')).toBe(
      [
        '  client  name  state     plan    rate  burst  valid until              key',
        '  a       Ann   active    gold  1000/m      5  -                        KEY',
        '  b       Bob   disabled  -          -      -  2020-01-01 00:00:00 UTC  KEY',
        '  c       Carl  expired   -          -      -  2020-01-01 11:00:00 UTC  KEY',
        '3 clients',
        '',
      ].join('\n'),
    )
  })

  test.each([
    ['--plan gold', ['a']],
    ['--search OB', ['b']],
    ['--enabled', ['a', 'c']],
    ['--disabled', ['b']],
    ['--limit 2', ['a', 'b']],
    ['--search nobody', []],
  ])('lists with %s just %j', async (options, ids) => {
    const { run } = await start()
    await run('plan set gold')
    await run('client add Ann --id a --plan gold')
    await run('client add Bob --id b --disable')
    await run('client add Carl --id c')
    const { out } = await run(`client list ${options} --json`)
    const { clients } = JSON.parse(out) as { readonly clients: readonly { readonly id: string }[] }
    expect(clients.map(({ id }) => id)).toEqual(ids)
  })

  test('lists long names without their middle, and shows them whole', async () => {
    const { run } = await start()
    const name = `${'a'.repeat(100)}${'z'.repeat(100)}`
    await run(['client', 'add', name, '--id', 'long'])
    expect((await run('client list')).out).toContain(` ${'a'.repeat(15)}…${'z'.repeat(16)}  active `)
    expect((await run('client show long')).out).toContain(name)
  })

  test('lists page after page', async () => {
    const { run, write } = await start()
    const many = Array.from({ length: 2500 }, (_, at) => JSON.stringify({ id: `c${at}`, name: `n${at}` }))
    write('many.jsonl', many.join('\n'))
    expect((await run('client import many.jsonl')).code).toBe(0)
    const all = JSON.parse((await run('client list --json')).out) as { readonly clients: readonly unknown[] }
    expect(all.clients).toHaveLength(2500)
    const some = await run('client list --limit 1500')
    expect(some.out.split('\n').length).toBe(1503)
    expect(some.out).toEndWith('1,500 of 2,500 clients\n')
  })

  test('shows all of one', async () => {
    const { run } = await start()
    await run('plan set gold --rate 7/h')
    await run(['client', 'add', 'Ann', '--id', 'a', '--plan', 'gold', '--note', 'one\n\u001b[31mtwo'])
    await run(['client', 'add', 'Ann', '--id', 'a', '--plan', 'gold', '--burst', '3', '--note', 'one\ntwo'])
    const { out } = await run('client show a')
    expect(out).toStartWith('a · Ann\n  state        active\n  plan         gold\n  rate         7/h, by its plan\n')
    expect(out).toContain('\n  burst        3\n  valid until  for good\n')
    expect(out).toContain('\n  note         one two\n')
    expect(out).toEndWith(', revision 1\n')
  })

  test('changes what is said, and takes away', async () => {
    const { run, store } = await start()
    await run('client add Ann --id a --rate 5/s --burst 9 --valid-until 2030-01-01')
    const changed = await run('client set a --name Anna --no-burst --rate 6/s --no-valid-until --disable')
    expect([changed.code, changed.out]).toEqual([0, expect.stringContaining('a is changed\na · Anna\n')])
    expect(store.get('a')).toMatchObject({
      name: 'Anna',
      rate: { count: 6, perMs: 1000 },
      burst: undefined,
      validUntil: undefined,
      isEnabled: false,
      revision: 2,
    })
    expect((await run('client set a --disable')).out).toBe('a is so already, nothing was changed\n')
    expect((await run('client set a --enable --json')).code).toBe(0)
    expect(store.get('a')?.isEnabled).toBeTrue()
  })

  test('gives a new key, by itself and beside other changes', async () => {
    const { run, follower } = await start()
    const first = keyIn((await run('client add Ann --id a')).out)
    const second = keyIn((await run('client set a --new-key')).out)
    const third = keyIn((await run('client set a --new-key --name Anna')).out)
    const { directory } = follower
    expect(new Set([first, second, third]).size).toBe(3)
    expect([first, second, third].map((key) => directory.byKey(key)?.name)).toEqual([undefined, undefined, 'Anna'])
    expect(second).toStartWith('sek_')
  })

  test('is refused where somebody else has changed it in between', async () => {
    const { run, store } = await start({
      over: (real) => ({
        ...real,
        async set(id, change, terms) {
          await real.set(id, { note: 'theirs' }, { origin: 'another node' })
          return await real.set(id, change, terms)
        },
        async remove(id, terms) {
          await real.set(id, { note: 'theirs again' }, { origin: 'another node' })
          return await real.remove(id, terms)
        },
      }),
    })
    await run('client add Ann --id a')
    for (const line of ['client set a --note mine', 'client remove a --yes']) {
      const refused = await run(line)
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('412: The client a has changed since')])
    }
    expect(store.get('a')?.note).toBe('theirs again')
  })

  test('removes with consent alone', async () => {
    const { run, store } = await start()
    await run('client add Ann --id a')
    const refused = await run('client remove a')
    expect([refused.code, refused.err]).toEqual([
      1,
      'smartedge: nothing changed: the key of a (Ann) counts no more once it is removed; --yes goes on without asking\n',
    ])
    const asked: string[] = []
    const answering = (answer: boolean) => ({ confirm: async (question: string) => (asked.push(question), answer) })
    expect((await run('client remove a', answering(false))).code).toBe(1)
    expect(store.get('a')).toBeDefined()
    expect(await run('client remove a', answering(true))).toEqual({ code: 0, out: 'a is removed\n', err: '' })
    expect(asked).toEqual(Array.from({ length: 2 }, () => expect.stringMatching(/^the key of a \(Ann\).* Go on\?$/)))
    await run('client add Bob --id b')
    expect((await run('client remove b -y --json')).out).toBe('{\n  "id": "b",\n  "removed": true\n}\n')
    expect(store.list({ limit: 1 }).total).toBe(0)
  })

  test.each([
    ['client', 2],
    ['client explode', 2],
    ['client add', 2],
    ['client set a', 2],
    ['client set a --burst 0', 2],
    ['client set a --burst 1.5', 2],
    ['client set a --burst 10000000000', 2],
    ['client set a --valid-until tomorrow', 2],
    ['client set a --valid-until 2030-13-01', 2],
    ['client set a --enable --disable', 2],
    ['client list --limit 0', 2],
    ['client list --enabled --disabled', 2],
    ['client import x --format xml', 2],
    ['client show nobody', 1],
    ['client remove nobody -y', 1],
    ['client set a --rate fast', 1],
    ['client set a --plan nope', 1],
    ['client set a --valid-until 2030-02-30', 1],
    ['client add Ann --id a', 1],
    ['client add Ann --id a/b', 1],
    ['client import nowhere.jsonl', 1],
    ['client import .', 1],
    ['plan set a/b', 1],
    ['plan set p --rate 0/s', 1],
    ['plan remove nope', 1],
    ['client list --url http://127.0.0.1:1', 69],
    ['client export --url http://127.0.0.1:1', 69],
    ['client import x.jsonl --url http://127.0.0.1:1', 69],
  ])('%s exits with %d and changes nothing', async (line, code) => {
    const { run, store, write } = await start()
    write('x.jsonl', '{"name":"x"}')
    await run('client add Ann --id a --rate 5/s')
    const result = await run(line)
    expect([result.code, result.err === '']).toEqual([code, false])
    expect(store.list({ limit: 2 })).toMatchObject({ total: 1, clients: [{ revision: 1, name: 'Ann' }] })
    expect(store.plans()).toEqual([])
  })

  test('says what is wrong with a value, and of what kind it has to be', async () => {
    const { run } = await start()
    await run('client add Ann --id a')
    expect((await run('client set a --rate fast')).err).toBe(
      'smartedge: rate must be a rate such as "100/s", "1000/h", got "fast"\n',
    )
    const { err } = await run(['client', 'add', '\u001b]0;title\u0007'])
    expect(err).toStartWith('smartedge: name must be a text of 1 to 200 characters without control characters')
    expect(err).not.toMatch(/[^\P{Cc}\n]/u)
  })

  test('shows nothing that a terminal would take for an order, whatever it was told', async () => {
    const evil = '\u001b[2J\u009b31m\u202eevil\u0007'
    const { run } = await start({
      over: (store) => ({
        ...store,
        list: () => ({ clients: [hostile(evil)], next: undefined, total: 1 }),
        get: () => hostile(evil),
        freshness: { kind: 'away', ageMs: 61_000, reason: evil },
      }),
    })
    for (const line of ['client list', 'client show a', 'client set a --note x']) {
      const { out, err } = await run(line)
      expect(out + err).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
    }
  })

  test('says how old what it shows is while the database is away, and why', async () => {
    const { run } = await start({
      over: (store) => ({
        ...store,
        freshness: { kind: 'away', ageMs: 125_000, reason: 'nobody listens' },
        get: () => hostile('a'),
        add: () => Promise.reject(new StoreAway('nobody listens')),
      }),
    })
    expect(await run('client list')).toEqual({
      code: 0,
      out: '0 clients\n',
      err: 'smartedge: the database of clients is away: nobody listens; this is what was known 2m 5s ago\n',
    })
    const warned = 'smartedge: the database of clients is away: nobody listens; this is what was known 2m 5s ago\n'
    for (const line of ['client show a', 'client set a --note x', 'plan list'])
      expect([line, (await run(line)).err]).toEqual([line, expect.stringContaining(warned)])
    const refused = await run('client add Ann')
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('503: The database of clients is away: ')])
  })

  test('of a configuration without clients says what to set', async () => {
    const { run } = await start({ over: () => undefined })
    for (const line of ['client list', 'client export', 'plan list', 'client add Ann'])
      expect([line, (await run(line)).err]).toEqual([line, expect.stringContaining('set "clients": { "store": ')])
  })

  test('wants the token, for lists too', async () => {
    const { run } = await start({ token: 'secret' })
    for (const line of ['client list', 'client export', 'client add Ann', 'plan list']) {
      const refused = await run(line)
      expect([line, refused.code, refused.err]).toEqual([line, 1, expect.stringContaining('SMARTEDGE_ADMIN_TOKEN')])
      expect((await run(line, { env: { SMARTEDGE_ADMIN_TOKEN: 'secret' } })).code).toBe(0)
    }
  })
})

const hostile = (text: string) => ({
  id: text,
  name: text,
  plan: text,
  rate: undefined,
  burst: undefined,
  note: text,
  isEnabled: true,
  validUntil: undefined,
  keyPrefix: text,
  revision: 1,
  createdAt: 0,
  updatedAt: 0,
})

describe('smartedge plan', () => {
  test('adds, changes and removes one, which holds for its clients at once', async () => {
    const { run, store } = await start()
    expect((await run('plan list')).out).toBe('0 plans\n')
    expect((await run('plan set gold --rate 10/s')).out).toBe('  plan  rate  burst\n  gold  10/s      -\n')
    await run('client add Ann --id a --plan gold')
    await run('plan set gold --burst 1000')
    expect(store.plan('gold')).toMatchObject({ rate: { count: 10, perMs: 1000 }, burst: 1000, revision: 2 })
    await run('plan set gold --no-rate')
    expect((await run('plan list')).out).toBe('  plan  rate  burst\n  gold     -  1,000\n1 plan\n')
    const kept = await run('plan remove gold')
    expect([kept.code, kept.err]).toEqual([1, expect.stringContaining('409: The plan "gold" has 1 client.')])
    await run('client set a --no-plan')
    expect((await run('plan remove gold')).out).toBe('the plan gold is removed\n')
    expect(JSON.parse((await run('plan list --json')).out)).toMatchObject({ plans: [] })
  })
})
