/** A path that must lead to a file; who uses it reads it. */
import type { About, Field } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { type Parsed, text } from '../read/scalars.ts'

/** Absolute; relative ones start at the config's folder. */
export const existingFile = (about: About): Field<string | undefined> =>
  text({
    ...about,
    title: 'path',
    rule: 'must be the path of a file',
    parse: (path, reading) => (path === '' || path.includes('\0') ? { kind: 'fault' } : findFile(path, reading)),
  })

/** Absolute; whoever reads it does so later, and again: it may be missing now. */
export const laterFile = (about: About): Field<string | undefined> =>
  text({
    ...about,
    title: 'path',
    rule: 'must be the path of a file',
    parse: (path, reading) =>
      path === '' || path.includes('\0') ? { kind: 'fault' } : { kind: 'value', value: reading.resolve(path) },
  })

/** Its absolute path when it is there; also when nobody has looked yet. */
export function findFile(path: string, reading: Reading): Parsed<string> {
  const absolute = reading.resolve(path)
  const attachment = reading.attachment({ path: absolute, use: 'presence' })
  return attachment.kind === 'fault' ? attachment : { kind: 'value', value: absolute }
}
