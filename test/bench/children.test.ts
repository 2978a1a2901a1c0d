import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNursery, type Nursery } from '../../bench/children.ts'
import { processTree } from '../../bench/proc.ts'

let directory = ''
let nursery: Nursery
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'smartedge-test-'))
  nursery = createNursery(directory)
})
afterEach(async () => {
  await nursery.stopAll()
  rmSync(directory, { recursive: true })
})

/** A zombie that its new parent has not collected yet is dead. */
const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}/stat`) && !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')

/** The kernel ends a process some time after the signal; should it never, the test's own time runs out. */
async function untilDead(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await Bun.sleep(1)
}

/** Resolves when the process has a child; bounded by the test's own time. */
async function untilParent(pid: number): Promise<readonly number[]> {
  for (let tree = processTree(pid); ; tree = processTree(pid)) {
    if (tree.length > 1) return tree
    await Bun.sleep(1)
  }
}

describe('a nursery', () => {
  test('keeps what a child wrote, the last lines first to be asked for', async () => {
    const child = nursery.start({
      name: 'a',
      command: ['sh', '-c', 'echo one; echo two >&2; echo three'],
      cores: undefined,
    })
    await child.ended
    expect(child.log(2)).toBe('two\nthree')
    expect(child.running()).toBe(false)
  })

  test('ends children that heed SIGTERM', async () => {
    const child = nursery.start({ name: 'a', command: ['sleep', '1000'], cores: undefined })
    expect(child.running()).toBe(true)
    await nursery.stopAll()
    expect(isAlive(child.pid)).toBe(false)
  })

  test('ends children that ignore it, with their own children', async () => {
    const command = ['sh', '-c', "trap '' TERM; sleep 1000 & wait; wait"]
    const child = nursery.start({ name: 'a', command, cores: undefined })
    const tree = await untilParent(child.pid)
    await child.stop()
    await untilDead(tree)
  })

  test('asks one line and gets one line', async () => {
    const child = nursery.startTalking({ name: 'a', command: ['cat'], cores: undefined })
    expect(await child.ask('one')).toBe('one')
    expect(await child.ask('two ü')).toBe('two ü')
  })

  test('tells when a child ended instead of answering', async () => {
    const child = nursery.startTalking({ name: 'a', command: ['true'], cores: undefined })
    await child.ended
    expect(child.ask('one')).rejects.toThrow()
  })

  test('ends what a child leaves behind', async () => {
    const command = ['sh', '-c', 'sh -c "trap \'\' TERM; sleep 1000" & exec sleep 1000']
    const child = nursery.start({ name: 'a', command, cores: undefined })
    const tree = await untilParent(child.pid)
    await child.stop()
    await untilDead(tree)
  })

  test('starts nothing once it is closed', async () => {
    const child = nursery.start({ name: 'a', command: ['sleep', '1000'], cores: undefined })
    await nursery.close()
    expect(isAlive(child.pid)).toBe(false)
    expect(() => nursery.start({ name: 'b', command: ['true'], cores: undefined })).toThrow('b is not started any more')
    expect(() => nursery.startTalking({ name: 'c', command: ['cat'], cores: undefined })).toThrow('c is not started')
  })

  test('is harmless to stop twice', async () => {
    const child = nursery.start({ name: 'a', command: ['sleep', '1000'], cores: undefined })
    await Promise.all([child.stop(), child.stop()])
    await nursery.stopAll()
    expect(isAlive(child.pid)).toBe(false)
  })
})
