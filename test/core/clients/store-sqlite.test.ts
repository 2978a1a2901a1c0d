import { beforeEach, describe, setDefaultTimeout } from 'bun:test'
import { join } from 'node:path'
import { systemClock } from '../../../core/clock.ts'
import { sqliteDatabase } from '../../../core/clients/store-sqlite.ts'
import { clientImportSuite } from '../../support/client-import-suite.ts'
import { clientNodesSuite } from '../../support/client-nodes-suite.ts'
import { clientStoreSuite } from '../../support/client-store-suite.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

// Thousands of clients, on a machine that may be busy.
setDefaultTimeout(60_000)

describe('in SQLite', () => {
  let path = ''
  beforeEach(() => {
    path = join(temporaryFolder(), 'clients.sqlite')
  })
  const open = () => Promise.resolve({ ...sqliteDatabase(path, systemClock), checkMs: 20 })
  clientStoreSuite(open)
  clientImportSuite(open)
  clientNodesSuite(open)
})
