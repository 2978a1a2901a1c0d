import { describe, expect, test } from 'bun:test'
import { knownWidth } from '../../../cli/process/process-io.ts'

const folder = new URL('../../../cli/process/', import.meta.url).pathname

/** Runs `script` in a process of its own, with `io` the real one. */
async function ran(script: string) {
  const text = `import { processIo } from '${folder}process-io.ts'\nconst io = processIo()\n${script}`
  const child = Bun.spawn([process.execPath, '-e', text], { stdout: 'pipe', stderr: 'pipe' })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, err, code }
}

describe('a guarded end', () => {
  test('refuses process.exit to everybody', async () => {
    const { out, code } = await ran(`
      io.guardExit(() => 9)
      try { process.exit(3) } catch (error) { console.log(error.message) }`)
    expect(out).toBe('process.exit is refused while SmartEdge serves; SIGTERM ends it\n')
    expect(code).toBe(9)
  })

  test('hears of an end by other ways, says its last word, and has the last say on the code', async () => {
    const { err, code } = await ran(`
      const { exit } = process
      io.guardExit((code) => { io.stderrNow('ended with ' + code + '\\n'); return 70 })
      exit(0)`)
    expect([err, code]).toEqual(['ended with 0\n', 70])
  })

  test('is an end like any other once it is released', async () => {
    expect(await ran('io.guardExit(() => 9)()\nprocess.exit(3)')).toEqual({ out: '', err: '', code: 3 })
  })
})

describe('what is written now', () => {
  test('has left before the call returns, however long it is', async () => {
    const { err } = await ran(`io.stderrNow('x'.repeat(1_000_000))\nprocess.kill(process.pid, 'SIGKILL')`)
    expect(err.length).toBe(1_000_000)
  })

  test('gives up on a reader that has gone', async () => {
    const script = `import { writeNow } from '${folder}last-words.ts'; writeNow('x'.repeat(200_000)); process.exit(5)`
    const child = Bun.spawn(['sh', '-c', `("$0" -e "$1" 2>&1 >&3 | true) 3>&1; echo over`, process.execPath, script])
    expect(await child.stdout.text()).toBe('over\n')
  })
})

describe('the width of a terminal', () => {
  test.each([
    [80, 80],
    [0, undefined],
    [undefined, undefined],
  ])('that says it has %p columns is %p', (said, expected) => {
    expect(knownWidth(said)).toBe(expected)
  })
})
