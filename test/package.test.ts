import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import manifest from '../package.json' with { type: 'json' }
import { importsOf, readSources } from './support/sources.ts'

const root = join(import.meta.dir, '..')

interface Packed {
  readonly size: number
  readonly files: readonly { readonly path: string; readonly mode: number }[]
}

const UNWANTED = /^(?:test|web|packaging|scripts\/(?!install)|bench\/micro|\.)|\.test\.|\.png$/

/** What `npm pack` would put into the package. */
function pack(): Packed {
  const { stdout } = Bun.spawnSync(['npm', 'pack', '--dry-run', '--json'], { cwd: root, stderr: 'ignore' })
  const [packed] = Object.values(JSON.parse(stdout.toString()) as Record<string, Packed>)
  if (packed === undefined) throw new Error('npm pack told nothing')
  return packed
}

describe('the package', () => {
  const { size, files } = pack()
  const paths = new Set(files.map(({ path }) => path))

  test('holds what runs and what explains it, and nothing else', () => {
    for (const path of ['bin/smartedge', 'bin/tsconfig.json', 'cli/main.ts', 'plugins/p2c.ts', 'docs/operations.md'])
      expect([...paths]).toContain(path)
    const unwanted = [...paths].filter((path) => UNWANTED.test(path))
    expect(unwanted).toEqual([])
    expect(size).toBeLessThan(1_900_000)
  })

  test('holds what its pages lead to; where a picture is missing, the page says so', () => {
    const pages = [...paths].filter((path) => path.endsWith('.md'))
    expect(pages).toContain('README.md')
    const dead = pages.flatMap((page) => {
      const text = readFileSync(join(root, page), 'utf8')
      const saysSo = text.includes('nstalled packages come without')
      return [...text.matchAll(/(?:\]\(|src(?:set)?=")([^)"\s#]+)/g)].flatMap(([, link = '']) => {
        if (/^(?:https?|mailto):/.test(link) || (saysSo && link.endsWith('.png'))) return []
        const target = join(dirname(page), link).replace(/\/$/, '')
        return [...paths].some((path) => path === target || path.startsWith(`${target}/`)) ? [] : `${page}: ${link}`
      })
    })
    expect(dead).toEqual([])
  })

  test('holds every file that one of its files imports', () => {
    const sources = [...readSources()].filter(([path]) => paths.has(path))
    expect(sources.length).toBeGreaterThan(100)
    const missing = sources.flatMap(([path, text]) =>
      importsOf(path, text)
        .filter(({ target }) => /^(?:core|cli|bench|plugins|test|scripts)\//.test(target) && !paths.has(target))
        .map(({ target }) => `${path} imports ${target}`),
    )
    expect(missing).toEqual([])
  })

  test('can be started as it is packed', () => {
    expect(files.find(({ path }) => path === manifest.bin.smartedge)?.mode).toBe(0o755)
  })

  test('imports nothing that only developers have', () => {
    // But for the benchmark's `node` contestant, which is skipped where http-proxy-3 is not installed.
    const developers = new Set(Object.keys(manifest.devDependencies).filter((name) => name !== 'http-proxy-3'))
    const sources = [...readSources()].filter(([path]) => paths.has(path))
    const strange = sources.flatMap(([path, text]) =>
      importsOf(path, text)
        .filter(({ target }) => developers.has(target))
        .map(({ target }) => `${path} imports ${target}`),
    )
    expect(strange).toEqual([])
  })

  test('names files that are there for all that can be imported from it', () => {
    const targets = [...Object.values(manifest.exports), ...Object.values(manifest.imports)]
    const named = targets.flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)))
    for (const target of named.filter((path) => path.startsWith('./'))) expect([...paths]).toContain(target.slice(2))
  })

  test('holds no source that nothing leads to', () => {
    const sources = readSources()
    const threads = ['cli/process/watchdog-worker.ts', 'core/lab/examine-worker.ts', 'core/discovery/own-worker.ts']
    const starts = ['cli/main.ts', ...threads, 'core/embed.ts']
    const reached = new Set([...starts, ...[...paths].filter((path) => path.startsWith('plugins/'))])
    // A set hands out what is added while it is walked, too. Programs that are started are named as text.
    for (const path of reached) {
      const text = sources.get(path) ?? ''
      for (const { target } of importsOf(path, text)) reached.add(target)
      for (const [, name = ''] of text.matchAll(/'([\w-]+\.(?:ts|mjs))'/g))
        for (const file of paths) if (file.startsWith('bench/') && file.endsWith(`/${name}`)) reached.add(file)
    }
    const lost = [...sources.keys()].filter((path) => paths.has(path) && !reached.has(path))
    expect(lost).toEqual(['cli/top/jsx-dev-runtime.ts'])
  })
})
