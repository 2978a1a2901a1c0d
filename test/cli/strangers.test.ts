// What answers JSON to everything, and is no SmartEdge: a client command that is given its address must say so, and not that all is well.
import { afterAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { main } from '../../cli/main.ts'
import { fakeIo } from '../support/service-io.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const answers = [{ backend: 'origin-8101' }, [], 'hello', null, 5]
let answer: unknown
const stranger = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => Response.json(answer) })
afterAll(() => stranger.stop(true))

const commands = [
  'status',
  'explain',
  'top --once',
  'reload',
  'reload --plan',
  'reload --rollback',
  'reload --rollback --plan',
  'backend list',
  'backend add http://a',
  'backend remove a',
  'backend drain a',
  'backend resume a',
  'backend check a',
  'backend weight a 2',
  'strategy use web p2c',
  'client list',
  'client add Ann',
  'client show a',
  'client set a --rate 5/s',
  'client set a --new-key',
  'client remove a --yes',
  'client import c.jsonl',
  'client export',
  'plan list',
  'plan set gold --rate 5/s',
  'plan remove gold',
]

describe('a stranger', () => {
  test.each(commands)('is not taken for a SmartEdge by %s', async (words) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'c.jsonl'), '{"name":"Ann"}\n')
    for (answer of answers) {
      const io = fakeIo({ cwd: folder })
      const code = await main([...words.split(' '), '--url', `127.0.0.1:${stranger.port}`], io)
      expect([answer, code, io.out()]).toEqual([answer, 1, ''])
      expect(io.err()).toMatch(/^smartedge: http:\/\/127\.0\.0\.1:\d+ refused: (?:that is no|it has no event stream)/)
    }
  })
})
