import { describe, expect, test } from 'bun:test'
import { defaultMaxConnections, descriptorWarning, readDescriptorLimit } from '../../core/descriptors.ts'

describe('descriptor limit', () => {
  test('is warned of when it is too low for anybody, or for what is configured', () => {
    expect(descriptorWarning(256, undefined)).toBe(
      'the limit of 256 open files is too low; raise it to at least 1024: ulimit -n 1024',
    )
    expect(descriptorWarning(4096, 5000)).toContain('too low for limits.connections 5000; raise it to at least 10064')
    expect(descriptorWarning(1024, undefined)).toBeUndefined()
    expect(descriptorWarning(20_000, 5000)).toBeUndefined()
    expect(descriptorWarning(undefined, 5000)).toBeUndefined()
  })

  test('is unknown where the system does not tell', () => {
    expect(readDescriptorLimit('/nowhere')).toBeUndefined()
    expect(readDescriptorLimit(import.meta.path)).toBeUndefined()
  })

  test('leaves a descriptor to the backend of each client, and some to spare', () => {
    expect(defaultMaxConnections(20_000)).toBe(9968)
    expect(defaultMaxConnections(undefined)).toBe(2016)
    expect(defaultMaxConnections(10)).toBe(16)
  })
})
