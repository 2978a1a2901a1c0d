import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { loadStrategy } from '../../core/strategy/load.ts'
import { defaults } from '../../core/config/defaults.ts'
import { shippedStrategies } from '../../core/strategy/shipped.ts'
import { strategySuite } from '../conformance/strategy.ts'

const root = resolve(import.meta.dir, '../..')
const page = await Bun.file(join(root, 'docs/strategies.md')).text()

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'documented-'))
  const example = /```ts\n(.*?)```/s.exec(page)?.[1] ?? ''
  await Bun.write(join(folder, 'mine.ts'), example)
  // Installed, as npm link does it.
  await mkdir(join(folder, 'node_modules'))
  await symlink(root, join(folder, 'node_modules/smartedge'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('the strategy in docs/strategies.md', () => {
  strategySuite(() => loadStrategy(join(folder, 'mine.ts')))
})

describe('docs/strategies.md', () => {
  test.each([...shippedStrategies])('explains %s', (name) => {
    expect(page).toContain(`| \`${name}\``)
  })

  test('has for the default the strategy with the least worst regret', () => {
    const cells = (start: string): string[] =>
      new RegExp(`^\\| ${start} +\\|(.*)\\|$`, 'm').exec(page)?.[1]?.split('|') ?? []
    const regrets = cells('\\*\\*worst regret\\*\\*').map(Number)
    const names = cells('p50 / p99 ms · regret').map((cell) => cell.trim().replaceAll('`', ''))
    expect(names.toSorted()).toEqual([...shippedStrategies].toSorted())
    expect(names[regrets.indexOf(Math.min(...regrets))]).toBe(defaults['pool.strategy'].value)
  })

  test.each([...shippedStrategies])('tells every option of %s', async (name) => {
    const plugin = await loadStrategy(name)
    const refusal = await Promise.try(() => plugin.parse({ noSuchOption: 1 })).catch(({ message }: Error) => message)
    const options = /known: (.*), got/.exec(String(refusal))?.[1]?.split(', ') ?? []
    expect(options.length).toBeGreaterThan(0)
    for (const option of options.filter((option) => option !== 'none')) expect(page).toContain(`- \`${option}\` (`)
  })
})
