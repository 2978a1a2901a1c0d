import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeStaleSocket } from '../../../core/net/stale-socket.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smartedge-stale-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** The socket of a process that was killed. */
async function leaveSocket(path: string): Promise<void> {
  const script = `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); console.log(1)`
  const child = Bun.spawn([process.execPath, '-e', script])
  await child.stdout.getReader().read()
  child.kill('SIGKILL')
  await child.exited
}

describe('the socket of a killed process', () => {
  test('is removed', async () => {
    const path = join(folder, 'a.sock')
    await leaveSocket(path)
    expect(existsSync(path)).toBe(true)
    await removeStaleSocket(path)
    expect(existsSync(path)).toBe(false)
  })

  test('that another process replaces meanwhile stays', async () => {
    const path = join(folder, 'a.sock')
    await leaveSocket(path)
    const removed = removeStaleSocket(path)
    rmSync(path)
    const server = Bun.listen({ unix: path, socket: { data: () => undefined } })
    await removed
    expect(existsSync(path)).toBe(true)
    server.stop(true)
  })

  test('stays where a link leads to it', async () => {
    const [path, link] = [join(folder, 'a.sock'), join(folder, 'link')]
    await leaveSocket(path)
    symlinkSync(path, link)
    await removeStaleSocket(link)
    expect([lstatSync(link).isSymbolicLink(), existsSync(path)]).toEqual([true, true])
  })
})

describe('what is no such socket', () => {
  test('stays when somebody listens there', async () => {
    const path = join(folder, 'a.sock')
    let opened = 0
    const server = Bun.listen({ unix: path, socket: { open: () => void (opened += 1), data: () => undefined } })
    await removeStaleSocket(path)
    expect([lstatSync(path).isSocket(), opened]).toEqual([true, 1])
    server.stop(true)
  })

  test('stays when it is a file', async () => {
    const path = join(folder, 'a.sock')
    writeFileSync(path, 'precious')
    await removeStaleSocket(path)
    expect(readFileSync(path, 'utf8')).toBe('precious')
  })

  test('may be missing, with its folder', async () => {
    await removeStaleSocket(join(folder, 'a.sock'))
    await removeStaleSocket(join(folder, 'none', 'a.sock'))
    await removeStaleSocket(join(folder, 'x'.repeat(200)))
    expect(existsSync(join(folder, 'a.sock'))).toBe(false)
  })
})
