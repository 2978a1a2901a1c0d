import { describe } from 'bun:test'
import { beforeEach } from 'bun:test'
import { join } from 'node:path'
import { systemClock } from '../../../core/clock.ts'
import { sqliteDatabase } from '../../../core/clients/store-sqlite.ts'
import { clientImportSuite } from '../../support/client-import-suite.ts'
import { clientNodesSuite } from '../../support/client-nodes-suite.ts'
import { clientStoreSuite } from '../../support/client-store-suite.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

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
