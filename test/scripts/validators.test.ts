import { describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { renderValidators, renderValidatorTypes } from '../../scripts/validators.ts'
import { importsOf, readSources } from '../support/sources.ts'

const committed = (name: string): string =>
  readFileSync(new URL(`../../core/admin/generated/${name}`, import.meta.url), 'utf8')

describe('the generated validators', () => {
  test('stand in the project as the schemas have them', () => {
    const script = fileURLToPath(new URL('../../scripts/generate.ts', import.meta.url))
    const { stdout, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
    expect(`${stdout}${stderr}`).toBe('')
  })

  test('are declared with the body that each lets through', () => {
    expect(renderValidatorTypes({ a: {} })).toContain("export declare const a: ValidateFunction<Bodies['a']>\n")
  })

  test('import nothing, the compiler least of all', () => {
    expect(committed('validate-bodies.generated.js')).not.toMatch(/\b(?:require|import)\b/)
  })

  test('are all that core has of the compiler', () => {
    const users = [...readSources()].filter(
      ([path, text]) =>
        path.startsWith('core/') &&
        importsOf(path, text).some(({ target, isTypeOnly }) => target.startsWith('ajv') && !isTypeOnly),
    )
    expect(users.map(([path]) => path)).toEqual([])
  })

  test('are not made of a schema that has a fault', () => {
    expect(() => renderValidators({ a: { type: 'objekt' } })).toThrow()
    expect(() => renderValidators({ a: { colour: 'red' } })).toThrow()
  })
})
