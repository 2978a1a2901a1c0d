import { beforeEach, describe } from 'bun:test'
import { systemClock } from '../../../core/clock.ts'
import { postgresDatabase } from '../../../core/clients/store-postgres.ts'
import { Secret } from '../../../core/secrets.ts'
import { clientImportSuite } from '../../support/client-import-suite.ts'
import { clientNodesSuite } from '../../support/client-nodes-suite.ts'
import { clientStoreSuite } from '../../support/client-store-suite.ts'
import { emptyDatabase, postgresForTests } from '../../support/services.ts'

const postgres = postgresForTests()

describe('in PostgreSQL', () => {
  let url = ''
  beforeEach(async () => {
    url = await emptyDatabase(postgres())
  })
  const open = () => Promise.resolve(postgresDatabase(new Secret(url), systemClock))
  clientStoreSuite(open)
  clientImportSuite(open)
  clientNodesSuite(open)
})
