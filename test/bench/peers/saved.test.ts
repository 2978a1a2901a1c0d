import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { renderStrategy, savedPeers, type SavedPeer, witnessOf } from '../../../bench/peers/saved.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'smartedge-test-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

const backendPorts = [5000, 5001, 5002, 5003]
const job = () => ({ port: 4000, backendPorts, directory })
const peerOf = (name: string): SavedPeer => {
  const found = savedPeers.find(({ peer }) => peer.name === name)
  if (found === undefined) throw new Error(`no ${name}`)
  return found
}
const saved = (name: string): string => readFileSync(join(directory, name), 'utf8')

describe.each(['smartedge', 'nginx'])('%s, saved', (name) => {
  test('begins with the first version', () => {
    const { files } = peerOf(name).peer.launch(job())
    const config = files['nginx.conf'] ?? files['smartedge.config.json'] ?? ''
    expect(config).toContain('127.0.0.1:5002')
    expect(config).not.toContain('127.0.0.1:5003')
  })
})

describe('the saved config', () => {
  test('has one of the last pair as a member', () => {
    const { save } = peerOf('smartedge')
    for (const version of [1, 0] as const) {
      save('members', { members: version, strategy: 0 }, job(), { pid: 0 })
      const text = saved('smartedge.config.json')
      expect([5002, 5003].filter((port) => text.includes(`127.0.0.1:${port}`))).toEqual([5002 + version])
      expect(JSON.parse(text).pools.web.strategy).toBe(join(directory, 'strategy.mjs'))
    }
  })
})

describe('the saved strategy', () => {
  test.each([0, 1] as const)('sends requests to the witnesses alone, as version %p', async (version) => {
    const { save } = peerOf('smartedge')
    save('strategy', { members: 0, strategy: version }, job(), { pid: 0 })
    expect(saved('strategy.mjs')).toBe(renderStrategy(job(), version))
    const { default: plugin } = await import(`${join(directory, 'strategy.mjs')}?v=${version}`)
    const candidates = [5000, 5001, 5003].map((port) => ({ id: `127.0.0.1:${port}` }))
    const strategy = plugin.create(plugin.parse(undefined))
    const picked = new Set(Array.from({ length: 4 }, () => strategy.pick(candidates).id))
    const witnesses = [
      witnessOf('members', { members: 1, strategy: 0 }),
      witnessOf('strategy', { members: 0, strategy: version }),
    ]
    expect(picked).toEqual(new Set(witnesses.map((index) => `127.0.0.1:${backendPorts[index]}`)))
  })
})
