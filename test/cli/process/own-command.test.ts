import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'

const root = join(import.meta.dir, '../../..')

describe('another SmartEdge', () => {
  test('is started on the same Bun, by the same flags, with arguments as they are', () => {
    const module = JSON.stringify(join(root, 'cli/process/own-command.ts'))
    const script = `import { ownCommand } from ${module}; console.log(JSON.stringify(ownCommand('top', '--url', 'a b')))`
    const flags = ['--no-env-file', '--config=/dev/null']
    const { stdout } = Bun.spawnSync([process.execPath, ...flags, '-'], { stdin: Buffer.from(script) })
    const command = JSON.parse(stdout.toString()) as string[]
    expect(command[0]).toBe(process.execPath)
    expect(command.slice(1, -4)).toEqual(expect.arrayContaining(flags))
    expect(command.slice(-4)).toEqual([join(root, 'cli/main.ts'), 'top', '--url', 'a b'])
  })
})
