import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { strategyFiles } from '../support/strategy-files.ts'

const root = join(import.meta.dirname, '../..')

async function smartedgeOnDeno(cwd: string, ...args: string[]) {
  const command = [join(root, 'node_modules/.bin/deno'), 'run', '-A', join(root, 'cli/main.ts'), ...args]
  const child = Bun.spawn(command, { cwd, stdout: 'pipe', stderr: 'pipe' })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, err, code }
}

describe('smartedge strategy on Deno', () => {
  test('writes and lists strategies, and says in one line that it tests none', async () => {
    await using files = await strategyFiles()
    expect(await smartedgeOnDeno(files.folder, 'strategy', 'new', 'mine')).toMatchObject({ code: 0, err: '' })
    const listed = await smartedgeOnDeno(files.folder, 'strategy', 'list', '--json')
    expect(listed.code).toBe(0)
    expect(JSON.parse(listed.out)).toBeArrayOfSize(8)
    const tested = await smartedgeOnDeno(files.folder, 'strategy', 'test', 'plugins/mine.ts')
    expect(tested).toMatchObject({ code: 1, out: '' })
    expect(tested.err).toMatch(/^smartedge: strategy test runs on Bun only: [^\n]+\n$/)
  }, 20_000)
})
