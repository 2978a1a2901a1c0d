/** A fleet's source where a file is asked for: what this node has kept of it counts, and says where its admin API is. */
import { describe, expect, test } from 'bun:test'
import { adminTarget } from '../../../cli/client/admin-target.ts'
import { loadConfig } from '../../../core/config/load.ts'
import { readAddress } from '../../../core/fleet/address.ts'
import { keepCopy } from '../../../core/fleet/copy.ts'
import { homeOf } from '../../../core/own-files.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const url = 'etcd://ada:s3cret@127.0.0.1:2379/edge'
const text = '{ "admin": { "address": "127.0.0.1:${ADMIN}" }, "pools": { "web": { "backends": ["http://a"] } } }'

function setUp(node?: string) {
  const cwd = temporaryFolder()
  const env = { XDG_STATE_HOME: cwd, HOME: cwd, ADMIN: '9911', ...(node !== undefined && { SMARTEDGE_NODE: node }) }
  const read = readAddress(url, env)
  if (read.kind === 'fault') throw new Error(read.rule)
  keepCopy(read.source, 'web-1', { generation: 3, text }, homeOf(env))
  return { cwd, env }
}

describe('the copy of a source', () => {
  test('says where the admin API of its node is', () => {
    const rig = setUp('web-1')
    expect(adminTarget({ config: url }, rig)).toMatchObject({ url: 'http://127.0.0.1:9911' })
    expect(adminTarget({}, { ...rig, env: { ...rig.env, SMARTEDGE_CONFIG: url } }).url).toBe('http://127.0.0.1:9911')
    expect(loadConfig({ path: url, ...rig })).toMatchObject({ kind: 'config', name: 'etcd://127.0.0.1:2379/edge' })
  })

  test('is named as its source, without who asks, where something is wrong', () => {
    const { cwd, env } = setUp('web-1')
    const loaded = loadConfig({ path: url, cwd, env: { ...env, ADMIN: 'x' } })
    expect(JSON.stringify(loaded)).toContain('"file":"etcd://127.0.0.1:2379/edge"')
    expect(JSON.stringify(loaded)).not.toContain('s3cret')
  })

  test.each([
    ['of another node is none', url, 'no node of this machine and user has run with it'],
    ['of what is no source is none', 'redis://ada:s3cret@a/b', 'must be a file, or begin with etcd://'],
  ])('%s', (_, path, words) => {
    const loaded = loadConfig({ path, ...setUp('web-2') })
    expect(loaded).toMatchObject({ kind: 'problems', problems: [{ rule: expect.stringContaining(words) }] })
    expect(JSON.stringify(loaded)).not.toContain('s3cret')
  })
})
