import { afterAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stageText } from '../../../../core/config/edit/write.ts'

const root = mkdtempSync(join(tmpdir(), 'smartedge-write-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A new folder with the file m.json in it. */
let folders = 0
function fileWith(text: string): { folder: string; path: string } {
  const folder = join(root, String(folders++))
  mkdirSync(folder)
  const path = join(folder, 'm.json')
  writeFileSync(path, text)
  return { folder, path }
}

/** The two steps at once; what came of them. */
async function write(path: string, text: string, expected: string): Promise<string> {
  const staged = await stageText(path, text)
  if (staged.kind === 'fault') return staged.reason
  const replaced = staged.replace(expected)
  await staged.flush()
  return replaced.kind === 'fault' ? replaced.reason : replaced.kind
}

describe('stageText', () => {
  test('leaves the file alone until it is to be replaced', async () => {
    const { folder, path } = fileWith('old')
    const staged = await stageText(path, 'new')
    expect([readFileSync(path, 'utf8'), readdirSync(folder).length]).toEqual(['old', 2])
    if (staged.kind === 'staged') staged.discard()
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['old', ['m.json']])
  })

  test('replaces the text and leaves nothing else behind', async () => {
    const { folder, path } = fileWith('old')
    expect(await write(path, 'new ü', 'old')).toBe('replaced')
    expect(readFileSync(path, 'utf8')).toBe('new ü')
    expect(readdirSync(folder)).toEqual(['m.json'])
  })

  test('keeps the mode', async () => {
    const { path } = fileWith('old')
    chmodSync(path, 0o640)
    await write(path, 'new', 'old')
    expect(statSync(path).mode & 0o7777).toBe(0o640)
  })

  test('writes through a link and keeps it', async () => {
    const { folder, path } = fileWith('old')
    const link = join(folder, 'link.json')
    symlinkSync('m.json', link)
    expect(await write(link, 'new', 'old')).toBe('replaced')
    expect([readlinkSync(link), readFileSync(path, 'utf8')]).toEqual(['m.json', 'new'])
  })

  test('writes nothing when somebody has changed the file', async () => {
    const { folder, path } = fileWith('theirs')
    expect(await write(path, 'new', 'old')).toBe('changed')
    expect(readFileSync(path, 'utf8')).toBe('theirs')
    expect(readdirSync(folder)).toEqual(['m.json'])
  })

  test('takes the place of what a killed process left behind, and does not follow it', async () => {
    const { folder, path } = fileWith('old')
    const bystander = join(folder, 'bystander')
    writeFileSync(bystander, 'untouched')
    symlinkSync('bystander', join(folder, '.m.json.smartedge.tmp'))
    expect(await write(path, 'new', 'old')).toBe('replaced')
    expect([readFileSync(path, 'utf8'), readFileSync(bystander, 'utf8')]).toEqual(['new', 'untouched'])
    expect(lstatSync(path).isSymbolicLink()).toBe(false)
  })

  test('says what is in the way', async () => {
    const { folder, path } = fileWith('old')
    rmSync(path)
    expect(await write(path, 'new', 'old')).toBe('it is gone')
    mkdirSync(path)
    expect(await write(path, 'new', 'old')).toBe('changed')
    mkdirSync(join(folder, '.n.json.smartedge.tmp'))
    writeFileSync(join(folder, 'n.json'), 'old')
    expect(await write(join(folder, 'n.json'), 'new', 'old')).toContain('EEXIST')
    expect(readFileSync(join(folder, 'n.json'), 'utf8')).toBe('old')
  })

  test('says so when the file cannot be replaced any more, and tidies up', async () => {
    const { folder, path } = fileWith('old')
    const staged = await stageText(path, 'new')
    rmSync(join(folder, '.m.json.smartedge.tmp'))
    expect(staged.kind === 'staged' && staged.replace('old')).toEqual({ kind: 'fault', reason: 'it is gone' })
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['old', ['m.json']])
  })

  test('is not held up by a pipe that took the place of the file', async () => {
    const { path } = fileWith('old')
    const staged = await stageText(path, 'new')
    rmSync(path)
    Bun.spawnSync(['mkfifo', path])
    expect(staged.kind === 'staged' && staged.replace('old').kind).toBe('changed')
  })

  test('leaves a readable file when killed at any moment', async () => {
    const text = (round: number) => JSON.stringify({ backends: Array(20_000).fill(`http://h${round}`) })
    const { folder, path } = fileWith(text(0))
    const script = join(import.meta.dir, '../../../support/write-for-ever.ts')
    for (let round = 0; round < 25; round++) {
      const child = Bun.spawn([process.execPath, script, path], { stdout: 'pipe', stderr: 'inherit' })
      // Its first word says that it is writing; from then on it is killed at as many points as there are rounds.
      const reader = child.stdout.getReader()
      let lines = 0
      while (lines <= round % 5) lines += ((await reader.read()).value ?? []).length
      for (let spin = 0; spin < round * 2000; spin++) Math.sqrt(spin)
      child.kill('SIGKILL')
      await child.exited
      const { backends } = JSON.parse(readFileSync(path, 'utf8')) as { backends: string[] }
      expect([backends.length, new Set(backends).size]).toEqual([20_000, 1])
    }
    const before = readFileSync(path, 'utf8')
    expect(await write(path, text(0), before)).toBe('replaced')
    expect(readdirSync(folder)).toEqual(['m.json'])
  }, 30_000)
})
