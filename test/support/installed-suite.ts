/** What must hold of SmartEdge however it was installed: it serves from any folder, and no folder changes what it does. */
import { expect, onTestFinished, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { startFakeAdmin } from './fake-admin.ts'
import { sampleFrames } from './feed-frames.ts'
import { hostileFiles } from './hostile-folder.ts'
import { type RunningProcess, startProcess } from './running-process.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface Installed {
  /** How it is called, absolute. */
  readonly command: readonly string[]
  /** What programs are looked for in. */
  readonly path: string
}

const slow = 60_000

/** Registers the tests. `installed` is asked within each of them. */
export function installedSuite(installed: () => Installed): void {
  test(
    'serves in an empty folder, shows itself, takes a strategy that is saved, and ends',
    async () => {
      const backend = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('hello') })
      onTestFinished(() => void backend.stop(true))
      const member = `127.0.0.1:${backend.port}`
      const { command, path } = installed()
      await using edge = await startProcess({ command, env: { PATH: path }, pool: { backends: [`http://${member}`] } })
      await edge.event('ready')
      const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${edge.port}/`)).text()
      const run = (...args: string[]) => outcome(installed(), edge.files.folder, args)
      expect(await ask()).toBe('hello')
      expect((await run('status')).out).toContain(`${member}  `)
      expect((await run('top', '--once')).out).toContain('1 backend.')
      await showsItsPages(edge)

      expect(await run('strategy', 'new', 'mine')).toMatchObject({ code: 0, err: '' })
      expect((await run('strategy', 'test', 'plugins/mine.ts')).out).toContain(' 0 failed')
      expect(await run('strategy', 'use', 'web', 'plugins/mine.ts')).toMatchObject({ code: 0, err: '' })
      await edge.event('strategy-swapped')
      const file = edge.files.path('plugins/mine.ts')
      writeFileSync(file, `${await Bun.file(file).text()}\n// saved\n`)
      await edge.event('strategy-swapped')
      expect(await ask()).toBe('hello')
      expect(edge.lines().join('\n')).not.toMatch(/"event":"(?:fault|transport-fallback)"/)

      edge.child.kill('SIGTERM')
      expect(await edge.child.exited).toBe(0)
      await edge.event('stopped')
    },
    slow,
  )

  test(
    'tells in a stranger’s folder what it tells in an empty one',
    async () => {
      const [empty, hostile] = [folderWith({}), folderWith(hostileFiles)]
      for (const args of placeless) {
        const told = await Promise.all([empty, hostile].map((folder) => outcome(installed(), folder, args)))
        expect([args, told[1]]).toEqual([args, told[0]])
      }
    },
    slow,
  )

  test(
    'reads nothing of a stranger’s folder',
    async () => {
      const admin = startFakeAdmin({ first: sampleFrames(2) })
      onTestFinished(() => admin.stop())
      const config = '{ "pools": { "web": { "backends": ["${MEMBER}"] } } }'
      const folder = folderWith({ ...hostileFiles, 'smartedge.config.json': config })
      const run = (...args: string[]) => outcome(installed(), folder, args)
      expect(await run('--version')).toEqual({ out: `${manifest.version}\n`, err: '', code: 0 })
      const drawn = await run('top', '--once', '--url', admin.url)
      expect([drawn.code, drawn.err]).toEqual([0, ''])
      expect(drawn.out).toContain('localhost:8102 fails, localhost:8103 is slow')
      const refused = await run('validate')
      expect([refused.code, refused.err]).toEqual([78, expect.stringMatching(/^smartedge\.config\.json:1:.*MEMBER/)])
      expect(await run('strategy', 'new', 'mine')).toMatchObject({ code: 0, err: '' })
      expect(await run('strategy', 'test', 'plugins/mine.ts')).toMatchObject({ code: 0, err: '' })
    },
    slow,
  )
}

async function showsItsPages({ adminUrl }: RunningProcess): Promise<void> {
  const dashboard = await fetch(adminUrl, { headers: { accept: 'text/html' } })
  const [, script = ''] = (await dashboard.text()).match(/src="\.?\/?(page\/[^"]+\.js)"/) ?? []
  expect((await fetch(`${adminUrl}/${script}`)).headers.get('content-type')).toStartWith('text/javascript')
  const page = await fetch(`${adminUrl}/api`)
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  const code = await fetch(`${adminUrl}/api/reference/swagger-ui-bundle.js`)
  expect([code.status, (await code.text()).length > 1_000_000]).toEqual([200, true])
}

/** Commands that end by themselves and tell the same wherever they are called. */
const placeless: readonly (readonly string[])[] = [
  ['--help'],
  ...['run', 'top', 'backend', 'client', 'bench'].map((verb) => [verb, '--help']),
  ['schema'],
  ['schema', '--members'],
  ['completions', 'bash'],
  ['complete', '--', 'smartedge', 'st'],
  ['init', 'made'],
  ['validate', '-c', 'absent.json'],
  ...['status', 'reload', 'explain'].map((verb) => [verb, '--url', '127.0.0.1:9']),
  ['backend', 'list', '--url', '127.0.0.1:9'],
  ['client', 'list', '--url', '127.0.0.1:9'],
  ['strategy', 'list'],
]

/** An absolute folder that holds these files, for as long as the test runs. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** Nothing of the test's own environment goes along, but where a user's things lie. */
async function outcome({ command, path: PATH }: Installed, cwd: string, args: readonly string[]) {
  const surroundings = { HOME: cwd, XDG_STATE_HOME: join(cwd, 'state'), PATH }
  const child = Bun.spawn([...command, ...args], { cwd, env: surroundings, stdout: 'pipe', stderr: 'pipe' })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, err, code }
}
