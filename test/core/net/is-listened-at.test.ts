import { describe, expect, test } from 'bun:test'
import { isListenedAt } from '../../../core/net/is-listened-at.ts'

const source = new URL('../../../core/net/is-listened-at.ts', import.meta.url).pathname

describe('whether somebody listens', () => {
  test('is asked of the address', async () => {
    const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } })
    const address = { kind: 'tcp', host: '127.0.0.1', port: listener.port } as const
    expect(await isListenedAt(address)).toBe(true)
    listener.stop(true)
    expect(await isListenedAt(address)).toBe(false)
  })

  // What nobody listens at is removed: a live process would lose its socket or its token.
  test.skipIf(process.platform !== 'linux')('is not denied for want of a descriptor of our own', () => {
    const script = `
      import { openSync } from 'node:fs'
      import { isListenedAt } from ${JSON.stringify(source)}
      const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } })
      const address = { kind: 'tcp', host: '127.0.0.1', port: listener.port }
      process.stdout.write(String(await isListenedAt(address)))
      try { for (;;) openSync('/dev/null', 'r') } catch {}
      process.stdout.write(' ' + String(await isListenedAt(address)))
      process.exit()`
    const shell = ['sh', '-c', 'ulimit -n 64 && exec "$0" -e "$1"', process.execPath, script]
    expect(Bun.spawnSync(shell).stdout.toString()).toBe('true true')
  })
})
