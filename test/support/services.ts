/** PostgreSQL and Redis for the tests of a file: begun when the first test asks, ended behind the last. */
import { afterAll } from 'bun:test'
import { type Service, startPostgres, startRedis } from '../../scripts/services.ts'

/** Rejects where it is not installed, and says what to install: what needs it fails rather than being left out. */
export const postgresForTests = (): (() => Promise<Service>) => oneFor(startPostgres)

export const redisForTests = (): (() => Promise<Service>) => oneFor(startRedis)

function oneFor(start: () => Promise<Service>): () => Promise<Service> {
  let service: Promise<Service> | undefined
  afterAll(async () => {
    const started = await service?.catch(() => undefined)
    await started?.[Symbol.asyncDispose]()
  })
  return () => (service ??= start())
}

let databases = 0

/** Another database of that server, empty: its URL. */
export async function emptyDatabase({ url }: Service): Promise<string> {
  databases += 1
  const name = `test_${databases}`
  const sql = new Bun.SQL(url, { max: 1 })
  try {
    await sql.unsafe(`CREATE DATABASE ${name}`)
  } finally {
    await sql.close()
  }
  return Object.assign(new URL(url), { pathname: `/${name}` }).href
}
