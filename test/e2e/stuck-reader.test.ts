import { expect, test } from 'bun:test'
import { constants, openSync, writeSync } from 'node:fs'
import { freePorts } from '../support/ports.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const main = new URL('../../cli/main.ts', import.meta.url).pathname

/** A pipe that is full, and whose reader reads nothing. */
function fullPipe(path: string): void {
  Bun.spawnSync(['mkfifo', path])
  const both = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const piece = Buffer.alloc(4096)
  try {
    for (;;) writeSync(both, piece)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
  }
}

test('a process whose events fill a disk serves, and counts them', async () => {
  const folder = temporaryFolder()
  const [port = 0, admin = 0] = freePorts(2)
  const config = {
    listeners: { web: { address: `127.0.0.1:${port}` } },
    admin: { address: `127.0.0.1:${admin}` },
    pools: { web: { backends: ['http://127.0.0.1:1'] } },
  }
  await Bun.write(`${folder}/c.json`, JSON.stringify(config))
  const child = Bun.spawn([process.execPath, main, 'run', '-c', `${folder}/c.json`], {
    env: { ...process.env, XDG_STATE_HOME: folder },
    stdio: ['ignore', 'ignore', openSync('/dev/full', 'w')],
  })
  let metrics = ''
  while (!/smartedge_events_lost_total\{cause="failure"\} [1-9]/.test(metrics)) {
    const response = await fetch(`http://127.0.0.1:${admin}/metrics`).catch(() => undefined)
    metrics = (await response?.text()) ?? ''
  }
  expect((await fetch(`http://127.0.0.1:${port}`)).status).toBe(502)
  child.kill('SIGTERM')
  expect(await child.exited).toBe(0)
}, 30_000)

test.each(['alone', '--supervised'])(
  'a process whose events nobody reads any more serves, and ends when told (%s)',
  async (how) => {
    const folder = temporaryFolder()
    const [port = 0, admin = 0] = freePorts(2)
    const config = {
      listeners: { web: { address: `127.0.0.1:${port}` } },
      admin: { address: `127.0.0.1:${admin}` },
      pools: { web: { backends: ['http://127.0.0.1:1'] } },
    }
    await Bun.write(`${folder}/c.json`, JSON.stringify(config))
    fullPipe(`${folder}/pipe`)
    const command = [process.execPath, main, 'run', '-c', `${folder}/c.json`, ...(how === 'alone' ? [] : [how])]
    const child = Bun.spawn(['sh', '-c', `exec "$@" 2>${folder}/pipe`, 'sh', ...command], {
      env: { ...process.env, XDG_STATE_HOME: folder },
      stdio: ['ignore', 'ignore', 'ignore'],
    })
    let response: Response | undefined
    while (response === undefined) response = await fetch(`http://127.0.0.1:${port}`).catch(() => undefined)
    expect(response.status).toBe(502)
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
  },
  30_000,
)
