import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PoolSettings } from '../../../core/runtime/pool-services.ts'
import { createAuthority } from '../../support/authority.ts'
import { startPool } from '../../support/running-pool.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

type Started = Awaited<ReturnType<typeof startPool>>

/** The config that it has, put in force once more; whether its backends have been gone through. */
async function again({ pool, settings }: Started, more: Partial<PoolSettings> = {}): Promise<boolean> {
  const before = pool.backends
  const move = await pool.prepare(pool.config, { ...settings, ...more })
  move.commit()
  return pool.backends !== before
}

describe('a pool that is given the very config it has', () => {
  test('has nothing to do', async () => {
    using started = await startPool([1, 2])
    expect(await again(started)).toBe(false)
    expect(await again(started, { drainTimeoutMs: 1 })).toBe(false)
  })

  test('takes other limits all the same', async () => {
    using started = await startPool([1, 2])
    const { limits } = started.settings
    expect(await again(started, { limits: { ...limits, maxHeadBytes: 1 } })).toBe(true)
  })

  test('takes a certificate that has been renewed', async () => {
    const ca = join(temporaryFolder(), 'ca.pem')
    writeFileSync(ca, createAuthority().cert)
    const tls = { ca: [ca], serverName: undefined, shown: undefined, verifies: true }
    using started = await startPool([1, 2], { tls })
    expect(await again(started)).toBe(false)
    writeFileSync(ca, createAuthority().cert)
    expect([await again(started), await again(started)]).toEqual([true, false])
  })

  test('has its backends back behind its end', async () => {
    using started = await startPool([1, 2])
    const { socket } = started.ask(started.pool.backends[0]!)!
    started.pool.retire()
    expect([await again(started), await again(started)]).toEqual([true, false])
    started.clock.advance(10_000)
    expect(socket.isOpen).toBe(true)
  })
})
