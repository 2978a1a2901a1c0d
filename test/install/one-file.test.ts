import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { installedSuite } from '../support/installed-suite.ts'
import { startProcess } from '../support/running-process.ts'

const root = resolve(import.meta.dir, '../..')
const folder = mkdtempSync(join(tmpdir(), 'smartedge-one-file-'))
const program = join(folder, 'smartedge')
beforeAll(() => {
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, join(root, 'scripts/compile.ts'), program])
  expect([exitCode, stderr.toString()]).toEqual([0, ''])
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

const run = (cwd: string, ...args: string[]) => {
  const env = { HOME: cwd, XDG_STATE_HOME: join(cwd, 'state') }
  const { stdout, stderr, exitCode } = Bun.spawnSync([program, ...args], { cwd, env })
  return { out: stdout.toString(), err: stderr.toString(), code: exitCode }
}

describe('SmartEdge in one file', () => {
  // No program is found: neither Node nor Bun, nor a shell.
  installedSuite(() => ({ command: [program], path: folder }))

  test('ends with its process what hangs, and begins anew', async () => {
    const hangs = `import { defineStrategy } from 'smartedge/strategy'
export default defineStrategy({
  apiVersion: 2,
  name: 'hangs',
  create: () => ({
    pick([first], { key }) {
      while (key === 'hang');
      return first
    },
  }),
})`
    const pool = { backends: ['http://127.0.0.1:9'], strategy: './mine.ts', affinity: 'query:key' }
    const files = { 'mine.ts': hangs }
    await using edge = await startProcess({ command: [program], pool, files, args: ['--supervised'] })
    await edge.event('ready')
    const hanging = fetch(`http://127.0.0.1:${edge.port}/?key=hang`).catch(() => undefined)
    await edge.event('strategy-hung')
    await edge.event('restarting')
    expect(await edge.event('strategy-reverted')).toMatchObject({ pool: 'web' })
    await edge.event('ready')
    await hanging
    edge.child.kill('SIGTERM')
    expect(await edge.child.exited).toBe(0)
  }, 60_000)

  test('keeps clients in a database', async () => {
    const options = { pool: { backends: [] }, config: { clients: { store: 'clients.sqlite' } } }
    await using edge = await startProcess({ ...options, command: [program] })
    await edge.event('ready')
    expect(run(edge.files.folder, 'client', 'add', 'Acme', '--id', 'acme')).toMatchObject({ code: 0, err: '' })
    expect(run(edge.files.folder, 'client', 'list').out).toMatch(/^ {2}acme +Acme +active/m)
  }, 60_000)

  test('lets Bun make thousands of requests at once, or as many as it is told', () => {
    const config = '{ "pools": { "web": { "backends": ["http://localhost:${BUN_CONFIG_MAX_HTTP_REQUESTS}"] } } }'
    writeFileSync(join(folder, 'edge.json'), config)
    const valid = (port: string | undefined) =>
      Bun.spawnSync([program, 'validate', 'edge.json'], {
        cwd: folder,
        env: { ...(port !== undefined && { BUN_CONFIG_MAX_HTTP_REQUESTS: port }) },
      }).exitCode
    expect([valid(undefined), valid('512'), valid('70000')]).toEqual([0, 0, 78])
  })

  test('says what it has inside, and what it has not', () => {
    expect(run(folder, 'strategy', 'list').out).toMatch(/^ {2}p2c +within this program +-$/m)
    expect(run(folder, 'bench').err).toBe(
      'smartedge: bench starts programs that are not within this one file: install SmartEdge by npm for it\n',
    )
    expect(run(folder, 'bench').code).toBe(1)
    expect(run(folder, '--help').out).not.toContain('$bunfs')
  })
})
