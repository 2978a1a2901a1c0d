import { describe, expect, test } from 'bun:test'
import { chmodSync } from 'node:fs'
import { type Service, startPostgres, startRedis } from '../../scripts/services.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** Keeps a text in it, and reads it back. */
const services: readonly (readonly [
  name: string,
  start: () => Promise<Service>,
  keep: (url: string) => Promise<unknown>,
  read: (url: string) => Promise<unknown>,
])[] = [
  [
    'PostgreSQL',
    startPostgres,
    (url) => inPostgres(url, `CREATE TABLE kept AS SELECT 'a text' AS text`),
    async (url) => (await inPostgres(url, 'SELECT text FROM kept'))[0]?.text,
  ],
  ['Redis', startRedis, (url) => inRedis(url, ['SET', 'kept', 'a text']), (url) => inRedis(url, ['GET', 'kept'])],
]

async function inPostgres(url: string, text: string): Promise<readonly { readonly text: string }[]> {
  const sql = new Bun.SQL(url, { max: 1 })
  try {
    return await sql.unsafe<{ readonly text: string }[]>(text)
  } finally {
    await sql.close()
  }
}

async function inRedis(url: string, [command = '', ...args]: readonly string[]): Promise<unknown> {
  const redis = new Bun.RedisClient(url, { autoReconnect: false })
  try {
    return await redis.send(command, args)
  } finally {
    redis.close()
  }
}

describe.each(services)('%s', (_name, start, keep, read) => {
  test('is killed in the middle and started again on what it had kept', async () => {
    await using service = await start()
    await keep(service.url)
    await service.kill()
    expect(read(service.url)).rejects.toThrow()
    await service.restart()
    expect(await read(service.url)).toBe('a text')
    await service.kill()
    await service.restart()
    expect(await read(service.url)).toBe('a text')
  }, 60_000)

  test('wants its password', async () => {
    await using service = await start()
    const url = Object.assign(new URL(service.url), { password: 'wrong' }).href
    expect(read(url)).rejects.toThrow()
  }, 60_000)

  test('is gone when it is disposed of', async () => {
    const service = await start()
    await service[Symbol.asyncDispose]()
    expect(read(service.url)).rejects.toThrow()
  }, 60_000)
})

test('as a program both serve until it ends, however that is', async () => {
  const script = new URL('../../scripts/services.ts', import.meta.url).pathname
  // What is killed can't take its data away: it goes with the folder.
  const folder = temporaryFolder()
  chmodSync(folder, 0o755)
  const env = { ...process.env, TMPDIR: folder }
  const child = Bun.spawn([process.execPath, script], { stdout: 'pipe', stderr: 'inherit', env })
  const urls: string[] = []
  for await (const piece of child.stdout) {
    urls.push(...new TextDecoder().decode(piece).trim().split('\n'))
    if (urls.length === 2) break
  }
  expect(await inPostgres(urls[0] ?? '', `SELECT 'up' AS text`)).toEqual([expect.objectContaining({ text: 'up' })])
  expect(await inRedis(urls[1] ?? '', ['PING'])).toBe('PONG')
  child.kill('SIGKILL')
  await child.exited
  const end = async (): Promise<void> => {
    for (;;) await inRedis(urls[1] ?? '', ['PING'])
  }
  expect(end()).rejects.toThrow()
}, 60_000)
