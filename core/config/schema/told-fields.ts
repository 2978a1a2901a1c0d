/** The fields that the rules of one route tell the backend in: each has one source, so that none passes for another's. */
import { findNodeAtLocation, getNodePath, type JSONPath, type Node } from 'jsonc-parser'
import type { AccessPolicy } from '../../admission/policy.ts'
import { formatKey, type Reading } from '../read/reading.ts'

type Tellers = Pick<AccessPolicy, 'apiKey' | 'jwt' | 'forwardAuth'>

/** A lower-case name of a field, and what has the backend told in it: a path from `access`. */
interface Told {
  readonly field: string
  readonly path: JSONPath
}

const toldBy = ({ apiKey, jwt, forwardAuth }: Tellers): readonly Told[] => [
  ...(apiKey === undefined ? [] : [{ field: 'x-client-id', path: ['apiKey'] }]),
  ...(jwt?.claims ?? []).map(({ claim, field }) => ({ field, path: ['jwt', 'claims', claim] })),
  ...(forwardAuth?.responseFields ?? []).map((field, index) => ({
    field,
    path: ['forwardAuth', 'responseFields', index],
  })),
]

/** Reports each field that has been told of before; `_` and `-` are one, as they are to CGI and WSGI backends. */
export function reportToldTwice(tellers: Tellers, access: Node, reading: Reading): void {
  const tellerOf = new Map<string, JSONPath>()
  for (const { field, path } of toldBy(tellers)) {
    const name = field.replaceAll('_', '-')
    const other = tellerOf.get(name)
    if (other === undefined) tellerOf.set(name, path)
    else
      reading.report(findNodeAtLocation(access, path) ?? access, () => ({
        rule: `must be another field than ${formatKey([...getNodePath(access), ...other])} tells the backend in; case does not count, nor "_" for "-"`,
      }))
  }
}
