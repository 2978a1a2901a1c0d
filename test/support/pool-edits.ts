/** Edits of the pool `web`, and what they come to in words. */
import type { EditResult, PoolEdit } from '../../core/control/contract.ts'

/** A pool with its members in a file of their own. */
export const apart = {
  'edge.json': '{ "pools": { "web": { "backends": { "file": "m.json" } } } }',
  'm.json': '{\n  // ours\n  "backends": [\n    "http://a", // first\n    "http://b"\n  ]\n}\n',
}

export const web = (edit: object): PoolEdit => ({ pool: 'web', ...edit }) as PoolEdit

export const add = (member: unknown): PoolEdit => web({ kind: 'add', member })

export const told = (result: EditResult): string =>
  result.kind === 'invalid'
    ? result.problems.map(({ key, rule, value }) => `${key} ${rule}, got ${value}`).join('\n')
    : result.kind
