import { describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { main } from '../../cli/main.ts'
import { formatAddress } from '../../core/address.ts'
import { adminServer } from '../support/admin-server.ts'
import { fakeAdminSource } from '../support/admin-source.ts'
import { nodeOn } from '../support/clients-api.ts'
import { fakeIo } from '../support/service-io.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** A store in a file behind an admin API, and the command line asking it from a folder of its own. */
async function start() {
  const node = await nodeOn()
  const server = await adminServer({ source: fakeAdminSource({ clients: node.store }) })
  const folder = temporaryFolder()
  const run = async (line: string) => {
    const io = fakeIo({ cwd: folder, env: { SMARTEDGE_ADMIN_URL: `http://${formatAddress(server.address)}` } })
    const code = await main(line.split(' '), io)
    return { code, out: io.out(), err: io.err() }
  }
  return {
    ...node,
    run,
    write: (name: string, text: string | Uint8Array) => writeFileSync(join(folder, name), text),
    read: (name: string) => readFileSync(join(folder, name), 'utf8'),
  }
}

const csvOf = (count: number, odd: Readonly<Record<number, string>> = {}): string =>
  ['id,name,rate', ...Array.from({ length: count }, (_, at) => odd[at] ?? `c${at},Client ${at},5/s`)].join('\n')

describe('smartedge client import', () => {
  test('adds all of a file, and shows the keys that were made', async () => {
    const { run, write, follower } = await start()
    write('c.csv', csvOf(2))
    const { code, out, err } = await run('client import c.csv')
    expect([code, err]).toEqual([0, ''])
    const [counts, title, ...rows] = out.trimEnd().split('\n')
    expect([counts, title]).toEqual(['2 clients added, 0 replaced', '2 keys, shown this once:'])
    const keys = rows.map((row) => row.trim().split(/ +/)[1] ?? '')
    expect(keys.map((key) => follower.directory.byKey(key)?.id)).toEqual(['c0', 'c1'])
  })

  test('of ten thousand with one bad line names it, and does nothing', async () => {
    const { run, write, store } = await start()
    write('c.csv', csvOf(10_000, { 8765: 'c8765,"Client, 8765",5 a second' }))
    expect(await run('client import c.csv')).toEqual({
      code: 1,
      out: '',
      err:
        'c.csv:8767:1: rate must be a rate such as "100/s", "1000/h", got "5 a second"\n' +
        'smartedge: nothing was imported\n',
    })
    expect(store.list({ limit: 1 }).total).toBe(0)
    write('c.csv', csvOf(10_000))
    const done = await run('client import c.csv --json')
    expect(JSON.parse(done.out)).toMatchObject({ added: 10_000, replaced: 0 })
  })

  test('names the line of each client that is there already, and replaces them where that is wanted', async () => {
    const { run, write, store } = await start()
    write('c.csv', csvOf(3))
    await run('client import c.csv')
    const again = await run('client import c.csv')
    expect([again.code, again.err]).toEqual([
      1,
      [2, 3, 4].map((line) => `c.csv:${line}:1: id must be new, and there is a client "c${line - 2}"\n`).join('') +
        'smartedge: nothing was imported\n',
    ])
    write('c.csv', csvOf(4, { 0: 'c0,Other,' }))
    const replaced = await run('client import c.csv --replace')
    expect(replaced.out).toStartWith('1 client added, 3 replaced\n1 key, shown this once:\n  c3  sek_')
    expect(store.get('c0')).toMatchObject({ name: 'Other', rate: undefined })
  })

  test.each<[string, string | Uint8Array, string]>([
    ['e.csv', '', 'e.csv:1:1: the first line must name the columns'],
    ['e.jsonl', '', '422: There is no line with a client in the body.\n'],
    ['e.csv', 'name\n', '422: There is no line with a client in the body.\n'],
    ['half.csv', 'id,name\na,"b', 'half.csv:2:3: this quote is not closed\n'],
    ['half.jsonl', '{"name":"a"}\n{"name":"b', 'half.jsonl:2:1: '],
    ['csv.jsonl', csvOf(1), 'csv.jsonl:1:1: '],
    [
      'bytes.jsonl',
      new Uint8Array([0xff, 0xfe]),
      'smartedge: bytes.jsonl cannot be imported: it is no text in UTF-8\n',
    ],
    ['evil.jsonl', '{"name":"\\u001b[2J"}', 'evil.jsonl:1:1: name must be a text of 1 to 200 characters'],
    ['sql.csv', `name,plan\nx,'; DROP TABLE plans`, 'sql.csv:2:1: plan must be a name of up to 64 letters'],
  ])('refuses %s with %j', async (name, text, message) => {
    const { run, write, store } = await start()
    write(name, text)
    const { code, out, err } = await run(`client import ${name}`)
    expect([code, out, err]).toEqual([1, '', expect.stringContaining(message)])
    expect(err).not.toMatch(/[^\P{Cc}\n]/u)
    expect(store.list({ limit: 1 }).total).toBe(0)
  })

  test('refuses what nobody could read into memory', async () => {
    const { run, write } = await start()
    write('big.jsonl', new Uint8Array(17 * 1024 ** 2).fill(0x20))
    expect((await run('client import big.jsonl')).err).toBe(
      'smartedge: big.jsonl cannot be imported: it has more than 16 MiB\n',
    )
    expect((await run('client import /dev/zero')).code).toBe(1)
  })
})

describe('smartedge client export', () => {
  test.each(['jsonl', 'csv'])('as %s is what an import elsewhere takes, and keeps the keys', async (format) => {
    const [one, other] = [await start(), await start()]
    one.write('c.jsonl', '{"id":"a","name":"Ann, \\"x\\"","note":"one\\ntwo","rate":"5/s"}\n{"id":"b","name":"Bob"}\n')
    const imported = JSON.parse((await one.run('client import c.jsonl --json')).out) as { keys: { key: string }[] }
    const { code, out } = await one.run(`client export --format ${format}`)
    expect(code).toBe(0)
    expect(imported.keys.some(({ key }) => out.includes(key))).toBeFalse()
    other.write(`c.${format}`, out)
    expect((await other.run(`client import c.${format}`)).out).toBe('2 clients added, 0 replaced\n')
    expect(imported.keys.map(({ key }) => other.follower.directory.byKey(key))).toMatchObject([
      { id: 'a', name: 'Ann, "x"', note: 'one\ntwo', rate: { count: 5, perMs: 1000 } },
      { id: 'b', name: 'Bob', rate: undefined },
    ])
  })

  test('gives ten thousand, and nothing of none', async () => {
    const { run, write } = await start()
    expect(await run('client export')).toEqual({ code: 0, out: '', err: '' })
    expect((await run('client export --format csv')).out).toStartWith('id,name,plan,')
    write('c.csv', csvOf(10_000))
    await run('client import c.csv')
    expect((await run('client export')).out.split('\n')).toHaveLength(10_001)
  })

  test('that is cut off says so', async () => {
    const { run } = await start()
    const server = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        data(socket) {
          socket.write(
            'HTTP/1.1 200 OK\r\nContent-Type: application/jsonl\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}\r\n{\r\n',
          )
          socket.end()
        },
      },
    })
    const { code, err } = await run(`client export --url 127.0.0.1:${server.port}`)
    server.stop(true)
    expect([code, err]).toEqual([1, 'smartedge: the export was cut off, and what was written is not all of it\n'])
  })
})
