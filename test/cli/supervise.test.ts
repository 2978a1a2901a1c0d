import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { runSupervised } from '../../cli/commands/supervise.ts'
import { fakeIo } from '../support/service-io.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test.each(['--config', 'SMARTEDGE_CONFIG'])('run --supervised refuses a pipe that %s names', async (by) => {
  const pipe = join(temporaryFolder(), 'pipe')
  expect(Bun.spawnSync(['mkfifo', pipe]).exitCode).toBe(0)
  const io = fakeIo({ env: by === '--config' ? {} : { SMARTEDGE_CONFIG: pipe } })
  expect(await runSupervised(io, by === '--config' ? { config: pipe } : {})).toBe(2)
  expect(io.err()).toContain('--supervised needs a configuration in a file')
  expect(io.watchers()).toBe(0)
})
