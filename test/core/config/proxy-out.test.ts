/** What may be said of PROXY headers to backends, and what is told of the rest. */
import { describe, expect, test } from 'bun:test'
import { configOf, problemsOf, withPool } from './read-config.ts'

const sending = (proxyProtocol: unknown): object => withPool({ backends: ['http://a'], proxyProtocol })

describe('PROXY headers to backends', () => {
  test.each<readonly [unknown, object | undefined]>([
    [undefined, undefined],
    ['v1', { version: 1, tells: [], hasChecksum: false }],
    ['v2', { version: 2, tells: [], hasChecksum: false }],
    [
      { version: 'v1', checksum: false },
      { version: 1, tells: [], hasChecksum: false },
    ],
    [
      { version: 'v2', tell: ['authority', 'ssl'], checksum: true },
      { version: 2, tells: ['authority', 'ssl'], hasChecksum: true },
    ],
  ])('by %j are read as it is said', (written, read) => {
    expect(configOf(sending(written)).pools[0]?.proxyProtocol).toEqual(read as never)
  })

  test.each<readonly [unknown, string]>([
    [true, 'proxyProtocol must be "v1", "v2" or an object with the keys version, tell, checksum, got true'],
    ['v3', 'proxyProtocol must be "v1", "v2" or an object with the keys version, tell, checksum, got "v3"'],
    [{}, 'proxyProtocol.version is required'],
    [
      { version: 'v2', tell: ['alpn'] },
      'proxyProtocol.tell[0] must be one of "authority", "uniqueId", "ssl", got "alpn"',
    ],
    [{ version: 'v1', tell: ['ssl'] }, 'proxyProtocol.tell is for version v2: v1 has addresses alone'],
    [{ version: 'v1', checksum: true }, 'proxyProtocol.checksum is for version v2: v1 has addresses alone'],
  ])('by %j are refused', (written, problem) => {
    const problems = problemsOf(sending(written))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`pools.web.${problem}`)
  })
})
