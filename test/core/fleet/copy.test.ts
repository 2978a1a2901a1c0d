import { describe, expect, test } from 'bun:test'
import { chmodSync, readdirSync, statSync, symlinkSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readAddress, type SourceAddress } from '../../../core/fleet/address.ts'
import { faultOfNode, keepCopy, nodeName, readCopy } from '../../../core/fleet/copy.ts'
import { homeOf } from '../../../core/own-files.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function sourceAt(text: string): SourceAddress {
  const read = readAddress(text, {})
  if (read.kind === 'fault') throw new Error(read.rule)
  return read.source
}

const source = sourceAt('etcd://127.0.0.1:2379/edge')
const release = { generation: 7, text: '{ "pools": {} }' }

function setUp() {
  const folder = temporaryFolder()
  const home = homeOf({ XDG_STATE_HOME: folder })
  const state = join(folder, 'smartedge')
  const kept = keepCopy(source, 'web-1', release, home)
  if (kept.kind === 'fault') throw new Error(kept.reason)
  return { home, state, file: kept.file }
}

describe('what a node runs', () => {
  test('is kept for our user alone, and read again', () => {
    const { home, file } = setUp()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readCopy(source, 'web-1', home)).toMatchObject({ kind: 'copy', release, file })
  })

  test('may have no generation', () => {
    const { home } = setUp()
    const plain = { generation: undefined, text: 'by hand' }
    keepCopy(source, 'web-1', plain, home)
    expect(readCopy(source, 'web-1', home)).toMatchObject({ kind: 'copy', release: plain })
  })

  test('is another node’s, and another source’s, in a file of its own', () => {
    const { home, state } = setUp()
    keepCopy(source, 'web-2', { ...release, text: 'two' }, home)
    keepCopy(sourceAt('etcd://127.0.0.1:2379/other'), 'web-1', { ...release, text: 'other' }, home)
    expect(readdirSync(state).length).toBe(3)
    expect(readCopy(source, 'web-1', home)).toMatchObject({ release })
    expect(readCopy(source, 'web-3', home)).toEqual({ kind: 'absent' })
  })

  test('lies where systemd says, and is found where it was before', () => {
    const { home } = setUp()
    const service = { ...home, env: { ...home.env, STATE_DIRECTORY: join(temporaryFolder(), 'service') } }
    expect(readCopy(source, 'web-1', service)).toMatchObject({ kind: 'copy' })
    expect(keepCopy(source, 'web-1', release, service)).toMatchObject({
      file: expect.stringContaining(service.env.STATE_DIRECTORY),
    })
  })

  test.each<[string, (file: string) => void]>([
    ['others may write to it', (file) => chmodSync(file, 0o666)],
    [
      'it is a link',
      (file) => {
        renameSync(file, `${file}.moved`)
        symlinkSync(`${file}.moved`, file)
      },
    ],
    ['it is no copy', (file) => writeFileSync(file, '{"smartedge":')],
  ])('is not taken where %s', (_, spoil) => {
    const { home, file } = setUp()
    spoil(file)
    expect(readCopy(source, 'web-1', home)).toEqual({ kind: 'refused', reason: expect.stringContaining(file) })
  })

  test('that cannot be kept is told, and nothing is thrown', () => {
    const file = join(temporaryFolder(), 'a-file')
    writeFileSync(file, '')
    const home = { ...homeOf({ XDG_STATE_HOME: file }), home: undefined }
    expect(keepCopy(source, 'web-1', release, home).kind).toBe('fault')
    expect(readCopy(source, 'web-1', home)).toEqual({ kind: 'absent' })
  })
})

describe('a node', () => {
  test('is called as the environment says, else as its machine', () => {
    expect(nodeName({ SMARTEDGE_NODE: 'web-1' })).toBe('web-1')
    expect(nodeName({ SMARTEDGE_NODE: '' })).not.toBe('')
  })

  test.each([
    ['web-1', true],
    ['web-1.example.org:9900', true],
    ['a/b', false],
    ['', false],
    ['é', false],
    ['a b', false],
    ['n'.repeat(101), false],
  ])('may be called %p: %p', (name, is) => expect(faultOfNode(name) === undefined).toBe(is))
})
