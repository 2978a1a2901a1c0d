import { expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = join(import.meta.dir, '../..')
const pages = ['README.md', 'CHANGELOG.md', ...namesIn('docs')].filter((name) => name.endsWith('.md'))

function namesIn(folder: string): string[] {
  return readdirSync(join(root, folder)).map((name) => join(folder, name))
}

/** Headings as GitHub makes addresses of them, each once. */
function anchorsOf(page: string): Set<string> {
  const headings = readFileSync(join(root, page), 'utf8').matchAll(/^#+ (.+)$/gm)
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  )
}

function faultOf(page: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(root, target))) return `${page}: ${link} leads nowhere`
  if (anchor === undefined || !target.endsWith('.md')) return undefined
  return anchorsOf(target).has(anchor) ? undefined : `${page}: ${link} is no heading there`
}

test('every link of the documentation leads to a file, and to a heading that is there', () => {
  const faults = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) =>
      /^(?:https?|mailto):/.test(link) ? [] : (faultOf(page, link) ?? []),
    ),
  )
  expect(faults).toEqual([])
})
