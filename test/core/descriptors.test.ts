import { describe, expect, test } from 'bun:test'
import { closeSync, openSync } from 'node:fs'
import { descriptorWarning, freeDescriptors, openDescriptors, readDescriptorLimit } from '../../core/descriptors.ts'

describe('descriptor limit', () => {
  test('is warned of when it is too low for anybody, or for what is configured', () => {
    expect(descriptorWarning(256, undefined)).toEqual({
      limit: 256,
      wanted: 1024,
      detail: 'the limit of 256 open files is too low; raise it to at least 1024: ulimit -n 1024',
    })
    expect(descriptorWarning(4096, 5000)).toMatchObject({
      wanted: 10_192,
      detail: expect.stringContaining('too low for limits.connections 5000; raise it to at least 10192'),
    })
    expect(descriptorWarning(1024, undefined)).toBeUndefined()
    expect(descriptorWarning(20_000, 5000)).toBeUndefined()
    expect(descriptorWarning(undefined, 5000)).toBeUndefined()
  })

  test('is unknown where the system does not tell', () => {
    expect(readDescriptorLimit('/nowhere')).toBeUndefined()
    expect(readDescriptorLimit(import.meta.path)).toBeUndefined()
  })
})

describe('free descriptors', () => {
  test('are fewer by each that is opened', () => {
    const before = freeDescriptors(1_000_000)!
    const opened = Array.from({ length: 10 }, () => openSync('/dev/null', 'r'))
    expect(freeDescriptors(1_000_000)).toBe(before - 10)
    opened.forEach((descriptor) => closeSync(descriptor))
    expect(freeDescriptors(1_000_000)).toBe(before)
    expect(freeDescriptors(1)).toBe(0)
  })

  test('are unknown where the system does not tell', () => {
    expect(freeDescriptors(100, '/nowhere')).toBeUndefined()
  })

  test('are counted one by one where the system gives no sum', () => {
    // Threads, whose folder has no size either.
    const free = freeDescriptors(1000, '/proc/self/task')!
    expect(free).toBeLessThan(1000)
    expect(free).toBeGreaterThan(0)
  })

  test('that are open are counted, or unknown', async () => {
    const [open = 0, others = 0] = [await openDescriptors(), await openDescriptors('/proc/self/task')]
    expect(Math.abs(1_000_000 - freeDescriptors(1_000_000)! - open)).toBeLessThan(3)
    expect(others).toBeGreaterThan(0)
    expect(await openDescriptors('/nowhere')).toBeUndefined()
  })

  test('are none when there is not even one to count with', async () => {
    const script = `
      import { openSync } from 'node:fs'
      import { freeDescriptors } from '${import.meta.dir}/../../core/descriptors.ts'
      try { for (;;) openSync('/dev/null', 'r') } catch {}
      console.log(freeDescriptors(64, '/proc/self/fd'), freeDescriptors(64, '/proc/self/task'))`
    const child = Bun.spawn(['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, '-e', script])
    expect(await child.stdout.text()).toBe('0 0\n')
  })
})
