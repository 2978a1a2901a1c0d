import { describe, expect, test } from 'bun:test'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { checkLogFile, openLogFile, reasonOf } from '../../../core/log/log-file.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const bytes = Buffer.from('line\n')

const SOURCE = new URL('../../../core/log/log-file.ts', import.meta.url).pathname

/** What a process says on standard error that runs this with its own standard output, a pipe that nobody reads. */
async function ran(code: string): Promise<string> {
  const script = `const { standardStream } = await import('${SOURCE}')\nconst file = standardStream('output')\n${code}\nprocess.exit(0)`
  const pipe = `${temporaryFolder()}/pipe`
  Bun.spawnSync(['mkfifo', pipe])
  const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
  const command = ['sh', '-c', 'exec "$0" -e "$1" >"$2"', process.execPath, script, pipe]
  const child = Bun.spawn(command, { stdio: ['ignore', 'ignore', 'pipe'] })
  const said = await new Response(child.stderr).text()
  expect(await child.exited).toBe(0)
  closeSync(reader)
  return said
}

describe('standard output', () => {
  test('that is a pipe takes nothing while its reader does not, and keeps no thread waiting', async () => {
    const code = `
      const much = Buffer.alloc(1024 * 1024)
      const first = await file.write(much, 0)
      console.error(first, await file.write(much, first), await file.write(much, first))
      file.close()`
    expect(await ran(code)).toBe('65536 0 0\n')
  })

  test('stays what it is for others', async () => {
    // A shared description that refuses what it has no room for would lose what they write.
    const code = `
      const { openSync, readFileSync } = await import('node:fs')
      const flags = (fd) => parseInt(/flags:\\s*(\\d+)/.exec(readFileSync('/proc/self/fdinfo/' + fd, 'utf8'))[1], 8)
      console.error((flags(1) & 0o4000) === 0)`
    expect(await ran(code)).toBe('true\n')
  })
})

describe('the file of a log', () => {
  test('is made, and added to', async () => {
    const folder = temporaryFolder()
    const path = `${folder}/a.log`
    for (let times = 0; times < 2; times += 1) {
      const file = await openLogFile(path)
      expect(await file.write(bytes, 0)).toBe(5)
      expect(await file.write(bytes, 4)).toBe(1)
      file.writeNow(bytes)
      file.close()
    }
    expect(readFileSync(path, 'utf8')).toBe('line\n\nline\nline\n\nline\n')
    expect(statSync(path).mode & 0o137).toBe(0)
  })

  test('is another once it has been moved or removed, and then goes on at its path', async () => {
    const folder = temporaryFolder()
    const path = `${folder}/a.log`
    const file = await openLogFile(path)
    expect(await file.hasMoved()).toBe(false)
    renameSync(path, `${path}.1`)
    expect(await file.hasMoved()).toBe(true)
    await file.write(bytes, 0)
    writeFileSync(path, 'other\n')
    expect(await file.hasMoved()).toBe(true)
    await file.reopen()
    expect(await file.hasMoved()).toBe(false)
    await file.write(bytes, 0)
    file.close()
    expect([readFileSync(`${path}.1`, 'utf8'), readFileSync(path, 'utf8')]).toEqual(['line\n', 'other\nline\n'])
  })

  test('has a name until it is removed, wherever it is moved to', async () => {
    const path = `${temporaryFolder()}/a.log`
    const file = await openLogFile(path)
    renameSync(path, `${path}.1`)
    expect(file.hasName()).toBe(true)
    unlinkSync(`${path}.1`)
    expect(file.hasName()).toBe(false)
    file.close()
  })

  test('that cannot be opened anew is written to as before', async () => {
    const folder = temporaryFolder()
    const path = `${folder}/a.log`
    const file = await openLogFile(path)
    renameSync(path, `${path}.1`)
    mkdirSync(path)
    expect(file.reopen()).rejects.toThrow('it is a folder')
    expect(await file.write(bytes, 0)).toBe(5)
    file.close()
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('line\n')
  })

  test.each([
    ['', 'it is a folder'],
    ['/none/a.log', 'its folder does not exist'],
    ['/file/a.log', 'what should be its folder is a file'],
    ['/pipe', 'nobody reads it'],
  ])('is refused in words: %j', async (place, reason) => {
    const folder = temporaryFolder()
    writeFileSync(`${folder}/file`, '')
    Bun.spawnSync(['mkfifo', `${folder}/pipe`])
    expect(openLogFile(folder + place)).rejects.toThrow(`cannot write to ${folder}${place}: ${reason}`)
  })

  test.each([
    ['', 'it is a folder'],
    ['/none/a.log', 'its folder does not exist'],
    ['/file/a.log', 'what should be its folder is a file'],
  ])('is refused beforehand in the same words: %j', async (place, reason) => {
    const folder = temporaryFolder()
    writeFileSync(`${folder}/file`, '')
    expect(checkLogFile(folder + place)).rejects.toThrow(`cannot write to ${folder}${place}: ${reason}`)
  })

  test('is not made by being checked', async () => {
    const folder = temporaryFolder()
    await checkLogFile(`${folder}/a.log`)
    writeFileSync(`${folder}/b.log`, 'line\n')
    await checkLogFile(`${folder}/b.log`)
    expect([existsSync(`${folder}/a.log`), readFileSync(`${folder}/b.log`, 'utf8')]).toEqual([false, 'line\n'])
  })

  test('that its user may not write to is refused beforehand', () => {
    const folder = temporaryFolder()
    mkdirSync(`${folder}/kept`, { mode: 0o555 })
    writeFileSync(`${folder}/kept.log`, '', { mode: 0o444 })
    chmodSync(folder, 0o755)
    // Root may write anywhere.
    const check = `
      const { checkLogFile } = await import('${SOURCE}')
      if (process.getuid() === 0) process.setuid(65534)
      for (const path of ['kept/a.log', 'kept.log'])
        console.log(await checkLogFile('${folder}/' + path).catch((error) => error.message))`
    const { stdout } = Bun.spawnSync([process.execPath, '-e', check])
    expect(stdout.toString()).toBe(
      ['kept/a.log', 'kept.log'].map((path) => `cannot write to ${folder}/${path}: permission denied\n`).join(''),
    )
  })

  test('that is full says so', async () => {
    const file = await openLogFile('/dev/full')
    const failure: unknown = await file.write(bytes, 0).catch((error: unknown) => error)
    expect(reasonOf(failure)).toBe('the disk is full')
    file.close()
  })

  test('that is a pipe takes nothing while its reader does not', async () => {
    const folder = temporaryFolder()
    const path = `${folder}/pipe`
    Bun.spawnSync(['mkfifo', path])
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const file = await openLogFile(path)
    const much = Buffer.alloc(1024 * 1024)
    expect(await file.write(much, 0)).toBe(64 * 1024)
    expect(await file.write(much, 0)).toBe(0)
    expect(() => file.writeNow(much)).toThrow()
    file.close()
    unlinkSync(path)
    expect(reader).toBeGreaterThan(2)
  })
})
