import { describe, expect, test } from 'bun:test'
import {
  checkBarrels,
  checkHeader,
  checkJsx,
  checkLength,
  checkSockets,
  checkSystemDoors,
  checkTimeAndChance,
} from './support/file-rules.ts'
import { checkCycles, checkLayers, LINT_OVERRIDES } from './support/layers.ts'
import { codeOf, importsOf, readSources } from './support/sources.ts'
import type { Sources } from './support/sources.ts'

type Check = (sources: Sources) => string[]
/** A made-up file: its path and its text. */
type File = readonly [path: string, text: string]

const sources = readSources()

/** The rule holds for the project; each of `offences` breaks it; none of `innocent` does. */
function rule(says: string, check: Check, offences: readonly File[], innocent: readonly File[] = []): void {
  describe(says, () => {
    test('holds for every source file', () => expect(check(sources)).toEqual([]))
    for (const file of offences) {
      test(`is broken by ${shown(file)}`, () => expect(check(new Map([file]))).toHaveLength(1))
    }
    for (const file of innocent) {
      test(`is kept by ${shown(file)}`, () => expect(check(new Map([file]))).toEqual([]))
    }
  })
}

const shown = ([path, text]: File): string => `${path}: ${text.slice(0, 70).replaceAll('\n', ' ')}`

describe('the sources', () => {
  test('are found in every folder', () => {
    for (const path of ['core/clock.ts', 'plugins/random.ts', 'cli/main.ts', 'test/architecture.test.ts']) {
      expect([...sources.keys()]).toContain(path)
    }
  })
})

rule(
  'layers',
  checkLayers,
  [
    ['core/http1/a.ts', `import { b } from '../net/b.ts'`],
    ['core/http1/a.ts', `import type { B } from '../net/b.ts'`],
    ['core/http1/a.ts', `import {\n  b,\n  c,\n} from '../net/b.ts'`],
    ['core/http1/a.ts', `export { b } from '../net/b.ts'`],
    ['core/http1/a.ts', `export type * from '../net/b.ts'`],
    ['core/http1/a.ts', `import '../net/b.ts'`],
    ['core/http1/a.ts', `const b = await import('../net/b.ts')`],
    ['core/http1/a.ts', `type B = import('../net/b.ts').B`],
    ['core/http1/a.ts', `const b = require("../net/b.ts")`],
    ['core/http1/a.ts', `const url = 'http://x' // as in '\nimport { b } from '../net/b.ts'`],
    ['core/backend/a.ts', `import type { Strategy } from '../strategy/strategy.ts'`],
    ['core/config/a.ts', `import { b } from '../net/b.ts'`],
    ['core/config/a.ts', `import { type B } from '../net/b.ts'`],
    ['core/ip/a.ts', `import { retry } from '../pool/policy.ts'`],
    ['core/balance/a.ts', `import random from '../../plugins/random.ts'`],
    ['core/edge.ts', `import { main } from '../cli/main.ts'`],
    ['core/edge.ts', `import { main } from '../bench/run.ts'`],
    ['core/edge.ts', `import { fake } from '../test/support/fake.ts'`],
    ['core/clock.ts', `import { b } from './net/b.ts'`],
    ['core/a.ts', ''],
    ['plugins/a.ts', `import { b } from './b.ts'`],
    ['plugins/a.ts', `import type { Backend } from '../core/backend/backend.ts'`],
    ['plugins/a.ts', `import type { Clock } from '../core/clock.ts'`],
    ['plugins/a.ts', `import { join } from 'node:path'`],
    ['cli/a.ts', `import { edgeLedger } from '../core/observe/counters.ts'`],
    ['bench/a.ts', `import { b } from '../core/net/b.ts'`],
  ],
  [
    ['core/http1/a.ts', `import { b } from './b.ts'\nimport { ProtocolError } from '../errors.ts'`],
    ['core/http1/a.ts', `// import { b } from '../net/b.ts'`],
    ['core/http1/a.ts', `/* see import('../net/b.ts') */`],
    ['core/http1/a.ts', "const text = `\nimport { b } from '../net/b.ts'\n`"],
    ['core/config/schema/a.ts', `import type { B } from '../../net/b.ts'\nimport { c } from '../c.ts'`],
    ['core/net/a.ts', `import { join } from 'node:path'`],
    ['plugins/a.ts', `import { drawPair } from '../core/random.ts'`],
    ['bench/micro/a.ts', `import { b } from '../../core/net/b.ts'`],
    ['test/a.test.ts', `import { b } from '../core/net/b.ts'`],
  ],
)

rule('short files', checkLength, [['core/net/a.ts', '//\n'.repeat(351)]], [['core/net/a.ts', '//\n'.repeat(350)]])

rule(
  'header comments',
  checkHeader,
  [
    ['core/net/a.ts', `import { b } from './b.ts'`],
    ['test/support/a.ts', ''],
  ],
  [
    ['core/net/a.ts', '/** What it is. */'],
    ['cli/main.ts', '#!/usr/bin/env bun\n// What it is.'],
    ['test/core/a.test.ts', `import { b } from './b.ts'`],
  ],
)

rule(
  'JSX from one place',
  checkJsx,
  [['cli/top/a.tsx', `/** What it is. */\nimport { Box } from 'ink'`]],
  [
    ['cli/top/a.tsx', '/** What it is. */\n/** @jsxImportSource #jsx */\n'],
    ['cli/top/a.ts', '/** What it is. */'],
  ],
)

rule(
  'no barrels',
  checkBarrels,
  [
    [
      'core/net/a.ts',
      `/** All. */\nexport * from './b.ts'\nexport type { C } from './c.ts'\nexport * as d from './d.ts'`,
    ],
    ['core/net/a.ts', `import { b } from './b.ts'\nexport { b }`],
  ],
  [
    ['core/net/a.ts', `export * from './b.ts'\nexport const c = 1`],
    ['core/net/a.ts', `export type { B } from './b.ts'\nexport interface C {}`],
    ['core/net/a.ts', `import './b.ts'\nstart()`],
  ],
)

rule(
  'time and chance are arguments',
  checkTimeAndChance,
  [
    ['core/net/a.ts', 'const now = Date.now()'],
    ['core/net/a.ts', 'const now = () => performance.now()'],
    ['core/net/a.ts', 'const at = new Date()'],
    ['core/net/a.ts', 'setTimeout(f, 1)'],
    ['core/net/a.ts', 'const timer = globalThis.setInterval(f, 1)'],
    ['core/edge.ts', 'await Bun.sleep(1)'],
    ['plugins/a.ts', 'const draw = Math.random'],
  ],
  [
    ['core/clock.ts', 'const now = () => performance.now()'],
    ['core/net/a.ts', '// Not Date.now()'],
    ['core/net/a.ts', 'const text = new Date(clock.wallTime()).toUTCString()'],
    ['cli/a.ts', 'setTimeout(f, 1)'],
  ],
)

rule(
  'the system clock is handed in',
  checkSystemDoors,
  [
    ['core/net/a.ts', `import { systemClock } from '../clock.ts'`],
    ['plugins/a.ts', `import { systemRandom } from '../core/random.ts'`],
  ],
  [['core/edge.ts', `import { systemClock } from './clock.ts'`]],
)

rule(
  'sockets have one home',
  checkSockets,
  [
    ['core/exchange/a.ts', 'await Bun.connect(options)'],
    ['core/config/a.ts', 'Bun.listen(options)'],
    ['core/health/probe.ts', `import { connect } from 'node:net'`],
    ['plugins/a.ts', `const { request } = await import('http')`],
    ['core/config/a.ts', `import net, { isIP } from 'net'`],
    ['core/config/a.ts', `import { isIP, connect } from 'node:net'`],
  ],
  [
    ['core/config/a.ts', `import { isIP, isIPv6 } from 'node:net'\nconst scheme = 'http'`],
    ['core/net/listener.ts', 'Bun.listen(options)'],
    ['core/admin/a.ts', 'Bun.serve(options)'],
  ],
)

describe('the linter', () => {
  test('knows the same layers', async () => {
    const { overrides } = (await Bun.file('.oxlintrc.json').json()) as { overrides: unknown[] }
    expect(overrides).toEqual(expect.arrayContaining(LINT_OVERRIDES))
  })
})

describe('no circles', () => {
  test('holds for every source file', () => expect(checkCycles(sources)).toEqual([]))

  test('is broken by a circle of three, types included', () => {
    const circle = new Map([
      ['core/a.ts', `import type { B } from './net/b.ts'`],
      ['core/net/b.ts', `import { c } from './c.ts'`],
      ['core/net/c.ts', `export type { A } from '../a.ts'`],
      ['core/net/d.ts', `import { c } from './c.ts'`],
    ])
    expect(checkCycles(circle)).toEqual(['core/a.ts -> core/net/b.ts -> core/net/c.ts -> core/a.ts'])
  })

  test('is broken by a file that imports itself', () => {
    expect(checkCycles(new Map([['core/a.ts', `import { a } from './a.ts'`]]))).toEqual(['core/a.ts -> core/a.ts'])
  })

  test('is kept by two ways to one file', () => {
    const diamond = new Map([
      ['core/a.ts', `import './b.ts'\nimport './c.ts'`],
      ['core/b.ts', `import './d.ts'`],
      ['core/c.ts', `import './d.ts'`],
      ['core/d.ts', ''],
    ])
    expect(checkCycles(diamond)).toEqual([])
  })
})

describe('codeOf', () => {
  test('is not led astray by quotes, slashes and templates', () => {
    const text = [
      `const a = "it's" // isn't`,
      `const b = /['"\`/]*/.test(a) /* it's */`,
      `const c = \`\${a} // '\` + 4 / 2 / 1`,
      `import { d } from './d.ts'`,
    ].join('\n')
    expect(codeOf(text)).not.toContain('isn')
    expect(importsOf('core/a.ts', text)).toEqual([{ target: 'core/d.ts', isTypeOnly: false }])
  })

  test('takes hostile and unfinished text', () => {
    for (const text of ['', '`', '/*', "'", '/', 'import', `from '`, '\\'.repeat(10_000), '/'.repeat(10_000)]) {
      expect(importsOf('core/a.ts', text)).toEqual([])
    }
  })
})
