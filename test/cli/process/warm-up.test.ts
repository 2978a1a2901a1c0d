import { expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { warmUp } from '../../../cli/process/warm-up.ts'

const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('smartedge-warm-'))
const descriptors = (): number => readdirSync('/proc/self/fd').length

test('a process warms up by requests of its own, of which nothing is left', async () => {
  const before = left()
  await warmUp(100)
  const open = descriptors()
  await warmUp(100)
  expect(left()).toEqual(before)
  expect(descriptors()).toBe(open)
})
