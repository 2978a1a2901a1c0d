/** The config's schema and defaults -> the reference in docs/configuration.md. Pure. */
import type { Setting, TextSetting } from '../core/config/setting.ts'
import type { JsonSchema } from '../core/config/read/field.ts'

interface Row {
  readonly key: string
  readonly schema: JsonSchema
  readonly isRequired: boolean
}

type Defaults = Readonly<Record<string, Setting | TextSetting>>

/** One item per key, in the schema's order: type with range, default, meaning, an example, and why the default is so. */
export function renderReference(schema: JsonSchema, defaults: Defaults): string {
  const rows = rowsOf({ key: '', schema, isRequired: false }).filter((row) => row.key !== '')
  return rows.map((row) => renderRow(row, defaults[defaultsKey(row.key)])).join('\n')
}

function renderRow({ key, schema, isRequired }: Row, setting: Setting | TextSetting | undefined): string {
  const { title = '', description = '', default: fallback, examples } = schema
  const standing = fallback === undefined ? (isRequired ? '; required' : '') : `; default ${code(fallback)}`
  // The names that may be chosen stand in the title already.
  const sample = title.startsWith('one of ') ? undefined : examples?.[0]
  const example = sample === undefined ? '' : ` Example: ${code(sample)}.`
  const reason =
    setting === undefined
      ? ''
      : `\\\n  _${setting.value === undefined ? 'Why none' : 'Why this default'}:_ ${setting.reason}`
  return `- **\`${key}\`** (${escape(title)}${standing}): ${escape(description)}${example}${reason}`
}

/** `pools.web.retry.attempts` stands in the table of defaults as `pool.retry.attempts`. */
const defaultsKey = (key: string): string =>
  key
    .replace(/^(?:routes\[\]|pools\.\*)\.limits\[\]\./, 'limit.')
    .replace(/^pools\.\*\./, 'pool.')
    .replace(/^listeners\.\*\./, 'listener.')
    .replace('.backends[].', '.backend.')
    .replace('.discovery[].', '.discovery.')

const code = (value: unknown): string => `\`${JSON.stringify(value)}\``

/** Titles such as `prefix*` are no emphasis. */
const escape = (text: string): string => text.replaceAll(/(?<![`.\w-])\*|(?<=prefix)\*/g, '\\*')

/** The key itself, then what can stand below it; alternatives that are plain values add nothing. */
function rowsOf(row: Row): Row[] {
  return [row, ...childrenOf(row.key, row.schema).flatMap((child) => rowsOf(child))]
}

function childrenOf(key: string, schema: JsonSchema): Row[] {
  if (schema.properties !== undefined) {
    return Object.entries(schema.properties).map(([name, child]) => {
      const isRequired = schema.required?.includes(name) === true
      return { key: key === '' ? name : `${key}.${name}`, schema: child, isRequired }
    })
  }
  if (schema.additionalProperties) return [{ key: `${key}.*`, schema: schema.additionalProperties, isRequired: false }]
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap((form) => childrenOf(key, form))
  return schema.items ? childrenOf(`${key}[]`, schema.items) : []
}
