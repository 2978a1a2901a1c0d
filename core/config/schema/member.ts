/** A pool's members: in the config itself, or in a file of their own that the admin API also writes. */
import { findNodeAtLocation, type Node } from 'jsonc-parser'
import type { Member } from '../../backend/member.ts'
import { defaults } from '../defaults.ts'
import { backendId, type BackendUrl, parseBackendUrl } from '../network.ts'
import { either, list, object } from '../read/containers.ts'
import { convert, type Field, type Located, located, required } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { count, flag, matching, number, text } from '../read/scalars.ts'
import { readTree } from '../read/tree.ts'

const urlRule =
  'must be a backend such as "http://localhost:8081", "https://app.internal", "tcp://10.0.0.1:5432" or "unix:/run/app.sock"'

/** By it the schema of a URL is known to who checks a body against it. */
export const backendUrlTitle = 'backend URL'

const url = (description: string): Field<BackendUrl | undefined> =>
  text({
    title: backendUrlTitle,
    description,
    examples: ['http://10.0.0.1:8080', 'https://app.internal', 'tcp://10.0.0.1:5432', 'unix:/run/app.sock'],
    rule: urlRule,
    pattern: '^(https?://|tcp://|unix:/)',
    parse: parseBackendUrl,
  })

const degrees = (limit: number) =>
  ({ unit: 'degrees', value: undefined, min: -limit, max: limit, reason: 'Geography.' }) as const

/** Degrees; both or none. */
export const place = convert(
  object(
    {
      latitude: required(number(degrees(90), { description: 'Degrees, north positive.', examples: [52.5] })),
      longitude: required(number(degrees(180), { description: 'Degrees, east positive.', examples: [13.4] })),
    },
    { description: 'A point on the earth, for strategies that measure distance.' },
  ),
  ({ latitude, longitude }) =>
    latitude === undefined || longitude === undefined ? undefined : { latitude, longitude },
)

/** A free name that members and clients may share. */
export const zone = text({
  title: 'name',
  description: 'The zone or region, compared with the client’s.',
  examples: ['eu-1'],
  rule: 'must be a name of 1 to 64 printable characters',
  pattern: '^[\\x20-\\x7e]{1,64}$',
  parse: matching(/^[\x20-\x7e]{1,64}$/),
})

const weightSetting = defaults['pool.backend.weight']

const plainMember = convert(url('Where the backend listens.'), (at) => createMember(at, {}))

const detailedMember = convert(
  object(
    {
      url: required(
        url(
          'Where the backend listens: `http://host:port` (80 when absent), `https://host:port` (443 when absent; see `tls` of the pool), `tcp://host:port` (for TCP mode; the same backend as with `http`) or `unix:/path`.',
        ),
      ),
      weight: number(weightSetting, {
        description: 'Its share relative to the others.',
        examples: [2],
        hintFor: (value) => (value === 0 ? '"drain": true keeps requests away' : undefined),
      }),
      tier: count(defaults['pool.backend.tier'], {
        description:
          'Tier 0 comes first; the members of the next take over in so far as usable ones are missing before them.',
        examples: [1],
      }),
      maxInflight: count(defaults['pool.backend.maxInflight'], {
        description:
          'Requests at once, upgraded connections included; no bound by default. At it the backend is given no more, and others are.',
        examples: [100],
        hintFor: (value) => (value === 0 ? '"drain": true keeps requests away' : undefined),
      }),
      zone,
      place,
      drain: flag({
        description: 'Takes no new requests; what it has begun goes on. Set and unset by `smartedge backend`.',
        examples: [true],
      }),
    },
    { description: 'A backend with more to say about it.' },
  ),
  ({ url, drain, ...rest }) => (url === undefined ? undefined : createMember(url, { ...rest, isDraining: drain })),
)

type Details = {
  readonly [Key in 'weight' | 'tier' | 'maxInflight' | 'zone' | 'place' | 'isDraining']?: Member[Key] | undefined
}

const createMember = (at: BackendUrl, rest: Details): Member => ({
  id: backendId(at),
  address: at.address,
  scheme: at.scheme,
  weight: rest.weight ?? weightSetting.value,
  tier: rest.tier ?? defaults['pool.backend.tier'].value,
  maxInflight: rest.maxInflight,
  zone: rest.zone,
  isDraining: rest.isDraining ?? false,
  place: rest.place,
})

/** One of a pool's members. */
export const member: Field<Member | undefined> = either(
  { string: plainMember, object: detailedMember },
  { title: 'backend', description: 'A URL, or an object with one.', rule: urlRule },
)

const members = convert(
  list(located(member), {
    description: 'The pool’s members, each once.',
    examples: [['http://localhost:8081', 'http://localhost:8082']],
  }),
  (found, node, reading): Omit<MemberList, 'file'> => {
    const places = withoutRepeats(found, reading)
    const members = places.map(({ value }) => value)
    warnOfNobody(members, node, reading)
    return { members, places, reading }
  },
)

/** Nobody is at fault whose members are found elsewhere, or are faulty themselves. */
function warnOfNobody(members: readonly Member[], node: Node | undefined, reading: Reading): void {
  const pool = node?.parent?.parent
  if (pool !== undefined && findNodeAtLocation(pool, ['discovery']) !== undefined) return
  if (node?.children?.length !== members.length || members.some(({ isDraining }) => !isDraining)) return
  const what = members.length === 0 ? 'is empty' : 'has only such as drain'
  reading.warn(node, { rule: `${what}: every request to this pool is answered with 503` })
}

function withoutRepeats(found: readonly Located<Member>[], reading: Reading): readonly Located<Member>[] {
  const unique = new Map<string, Located<Member>>()
  for (const one of found) {
    const first = unique.get(one.value.id)
    if (first === undefined) unique.set(one.value.id, one)
    else
      reading.report(one.node, () => ({
        rule: `must differ from the others, yet is the same backend as [${indexOf(first.node)}]`,
      }))
  }
  return [...unique.values()]
}

const indexOf = (item: Node): number => item.parent?.children?.indexOf(item) ?? 0

/** The whole of a members file. */
export const membersFile = object(
  {
    $schema: text({
      title: 'text',
      description: 'For editors.',
      rule: 'must be a text',
      parse: (value) => ({ kind: 'value', value }),
    }),
    backends: required(members),
  },
  { description: 'The members of a pool, read by SmartEdge and written by its admin API.' },
)

/** What a pool's `backends` says: its members, and the file they came from. */
export interface MemberList {
  readonly members: readonly Member[]
  readonly file: string | undefined
  /** Where each of them stands, and the file to complain of it in. */
  readonly places: readonly Located<Member>[]
  readonly reading: Reading
}

const filePath = text({
  title: 'path',
  description: 'A members file: `{ "backends": [ … ] }`. Relative paths start at the config’s folder.',
  examples: ['backends.json'],
  rule: 'must be the path of a members file',
  parse: (value) => (value === '' || value.includes('\0') ? { kind: 'fault' } : { kind: 'value', value }),
})

const memberSource = convert(
  object({ file: required(located(filePath)) }, { description: 'Members that stand in a file of their own.' }),
  ({ file }, _node, reading): MemberList | undefined => file && readMembersFile(file, reading),
)

/** A pool's `backends`. */
export const backends: Field<MemberList | undefined> = either(
  { array: convert(members, (found): MemberList => ({ ...found, file: undefined })), object: memberSource },
  {
    title: 'list of backends, or { "file": path }',
    description: 'The pool’s members, here or in a file.',
    rule: 'must be a list of backends or { "file": "backends.json" }',
  },
)

function readMembersFile({ value, node }: Located<string>, reading: Reading): MemberList | undefined {
  const path = reading.resolve(value)
  const attachment = reading.attachment({ path, use: 'text' })
  if (attachment.kind === 'fault') return reading.report(node, attachment)
  if (attachment.kind !== 'text') return undefined
  const inner = reading.open(path, attachment.text, node)
  const tree = readTree(attachment.text)
  inner.reportTree(tree)
  const content = tree.root && membersFile.read(tree.root, inner)
  return content?.backends && { ...content.backends, file: path }
}
