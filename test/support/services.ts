/** PostgreSQL and Redis for the tests of a file: begun before the first, ended behind the last. */
import { afterAll, beforeAll, setDefaultTimeout } from 'bun:test'
import { type Service, startPostgres, startRedis } from '../../scripts/services.ts'

/** A service takes seconds to start on a busy machine, and so does what is asked of it. */
const PATIENCE_MS = 60_000

/** Where it is not installed the file fails, and says what to install: its tests are not left out. */
export const postgresForTests = (): (() => Service) => oneFor(startPostgres)

export const redisForTests = (): (() => Service) => oneFor(startRedis)

function oneFor(start: () => Promise<Service>): () => Service {
  setDefaultTimeout(PATIENCE_MS)
  let service: Service | undefined
  beforeAll(async () => {
    service = await start()
  }, PATIENCE_MS)
  afterAll(async () => service?.[Symbol.asyncDispose](), PATIENCE_MS)
  return () => {
    if (service === undefined) throw new Error('a service is there for tests, once they run')
    return service
  }
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
