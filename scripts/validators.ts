/** JSON Schemas -> code that validates, one function each: made here, so that nothing is compiled while serving. Pure. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import standalone from 'ajv/dist/standalone/index.js'

type Schemas = Readonly<Record<string, object>>

const header = '// Written by scripts/generate.ts from core/admin/body-schemas.ts; do not edit.'

/** An ES module that imports nothing. `verbose`: errors carry their schemas, from which messages are made. */
export function renderValidators(schemas: Schemas): string {
  const ajv = new Ajv2020({
    schemas,
    allErrors: true,
    verbose: true,
    strict: true,
    strictTypes: false,
    code: { source: true, esm: true },
  })
  const names = Object.fromEntries(Object.keys(schemas).map((name) => [name, name]))
  return `${header}\n${standalone(ajv, names)}`
}

/** Its declarations. */
export function renderValidatorTypes(schemas: Schemas): string {
  const lines = Object.keys(schemas).map((name) => `export declare const ${name}: ValidateFunction<Bodies['${name}']>`)
  const imports = ["import type { ValidateFunction } from 'ajv'", "import type { Bodies } from '../body-schemas.ts'"]
  return [header, ...imports, '', ...lines, ''].join('\n')
}
