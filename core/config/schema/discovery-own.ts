/** `source` of a pool's `discovery`: a file of the user's own. */
import type { OwnPolicy } from '../../discovery/policy.ts'
import { anything } from '../read/anything.ts'
import { either, object } from '../read/containers.ts'
import { convert, required } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { type Parsed, text } from '../read/scalars.ts'
import { findFile } from './file.ts'

const use = text({
  title: 'path',
  description: 'A TypeScript file of your own that finds members, as `docs/discovery.md` says.',
  examples: ['./sources/mine.ts'],
  rule: 'must be the path of a .ts or .js file such as "./sources/mine.ts"',
  pattern: '[.][mc]?[jt]s$',
  parse: (written: string, reading: Reading): Parsed<string> =>
    /\.[mc]?[jt]s$/.test(written) && !written.includes('\0') ? findFile(written, reading) : { kind: 'fault' },
})

const withOptions = object(
  { use: required(use), options: anything({ description: 'Handed to the file, which checks them.' }) },
  { description: 'A file and its options.', examples: [{ use: './sources/mine.ts', options: {} }] },
)

export const source = either<OwnPolicy>(
  {
    string: convert(use, (file): OwnPolicy => ({ kind: 'own', file, options: undefined })),
    object: convert(withOptions, ({ use: file, options }): OwnPolicy | undefined =>
      file === undefined ? undefined : { kind: 'own', file, options },
    ),
  },
  {
    title: 'path, or { "use": …, "options": … }',
    description:
      'A source of your own: a TypeScript file that finds members wherever they are known. It runs in a thread of its own; saved, it is live.',
    examples: ['./sources/mine.ts'],
    rule: 'must be the path of a file, or { "use": …, "options": … }',
  },
)
