/** A field that is on unless it is switched off. */
import type { Node } from 'jsonc-parser'
import { either } from './containers.ts'
import type { Field } from './field.ts'
import { off } from './scalars.ts'

/** What `field` reads of a value of `type`; `false` reads as undefined. Absent, it is on with its defaults. */
export function switchable<T>(field: Field<T>, type: 'number' | 'string' | 'object'): Field<T | undefined> {
  const { title = type, description = '', default: shown } = field.schema
  const rule = `must be ${type === 'object' ? 'an' : 'a'} ${title}, or false`
  const forms = either<T | false>(
    { [type satisfies Node['type']]: field, boolean: off({ description: 'Off.' }, rule) },
    { title: `${title}, or false`, description: `${description} \`false\`: off.`, rule },
  )
  return {
    ...forms,
    schema: { ...forms.schema, ...(shown !== undefined && { default: shown }) },
    read(node, reading) {
      const value = node === undefined ? field.read(undefined, reading) : forms.read(node, reading)
      return value === false ? undefined : value
    },
  }
}
