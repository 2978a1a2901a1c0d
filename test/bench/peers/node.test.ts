import { describe, expect, test } from 'bun:test'
import { node } from '../../../bench/peers/node.ts'

describe('the node contestant', () => {
  test('asks for its library, not for Node, where Node is there', () => {
    expect(Bun.which('node')).not.toBeNull()
    expect(node.install).toStartWith('http-proxy-3: npm ci in a clone, ')
  })
})
