/** Folders that are taken away behind the test that asked for them. */
import { onTestFinished } from 'bun:test'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new one, empty, by its real path. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'smartedge-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
