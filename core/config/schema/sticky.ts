/** A pool's `sticky`: by which sign the requests of a session are known, and kept at one backend. */
import type { Node } from 'jsonc-parser'
import type { CookiePolicy, LearnPolicy, StickyPolicy } from '../../sticky/policy.ts'
import { defaults } from '../defaults.ts'
import { asciiHost } from '../network.ts'
import { object } from '../read/containers.ts'
import { convert, type Field, located, orElse, showDefault } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { choice, duration, flag, matching, type Parsed, size, text } from '../read/scalars.ts'
import { formatDuration, formatSize } from '../read/units.ts'
import { cookieName, fieldName } from './names.ts'

const path = text({
  title: 'path',
  description: 'Under which path browsers send it back.',
  examples: ['/app'],
  rule: 'must begin with / and hold printable ASCII without spaces or ;',
  pattern: '^/',
  parse: matching(/^\/[!-:<-~]{0,1023}$/),
})

const domain = text({
  title: 'domain',
  description: 'With it browsers send the cookie to all hosts below that domain, too; without it to the one host only.',
  examples: ['example.com'],
  rule: 'must be a domain such as "example.com"',
  parse: parseDomain,
})

function parseDomain(written: string): Parsed<string> {
  if (isDomain(written)) return { kind: 'value', value: written.toLowerCase() }
  const bare = written.replace(/^\./, '')
  const meant = isDomain(bare) ? bare : asciiHost(bare)
  return { kind: 'fault', hint: meant && `did you mean "${meant}"?` }
}

const isDomain = (name: string): boolean =>
  name.length <= 253 && /^(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)*[a-z](?:[a-z\d-]{0,61}[a-z\d])?$/i.test(name)

const key = text({
  title: 'text, 16 to 1024 characters',
  description:
    'What the cookie’s values are made with. SmartEdges that share it, and the names of pool and backends, read each other’s cookies. Without it each user’s SmartEdges on a machine make and keep one. Take it from a variable rather than writing it here.',
  examples: ['${SMARTEDGE_STICKY_KEY}'],
  rule: 'must be 16 to 1024 printable ASCII characters without spaces',
  isSecret: true,
  parse: matching(/^[!-~]{16,1024}$/),
})

const cookieBody = object(
  {
    name: located(
      cookieName(
        'Its name; `smartedge-` and the pool’s by default, so that pools on one host do not disturb each other.',
        'backend',
      ),
    ),
    path: located(showDefault(path, defaults['pool.sticky.cookie.path'].value)),
    domain: located(domain),
    maxAge: duration(defaults['pool.sticky.cookie.maxAge'], {
      description: 'How long browsers keep it, counted from when it was set; by default until they end.',
      examples: ['1h'],
    }),
    sameSite: located(
      showDefault(
        choice(['lax', 'strict', 'none'], {
          description: 'Whether browsers send it with requests from other sites, too.',
        }),
        defaults['pool.sticky.cookie.sameSite'].value,
      ),
    ),
    secure: orElse(flag({ description: 'Sent over HTTPS only.', examples: [true] }), false),
    httpOnly: orElse(flag({ description: 'Kept from scripts.' }), true),
    forward: orElse(
      flag({ description: 'Whether backends are sent it, too. Else they see the other cookies alone.' }),
      false,
    ),
    key,
  },
  { description: 'By a cookie that SmartEdge sets.', examples: [{}, { maxAge: '1h', key: '${SMARTEDGE_STICKY_KEY}' }] },
)

type CookieBody = NonNullable<ReturnType<typeof cookieBody.read>>

/** Its name is undefined where the pool's is to be taken. */
export type CookieDraft = Omit<CookiePolicy, 'name'> & { readonly name: string | undefined }

const cookie = convert(cookieBody, (body, _node, reading): CookieDraft => {
  checkAttributes(body, reading)
  return {
    kind: 'cookie',
    name: body.name?.value,
    path: body.path?.value ?? defaults['pool.sticky.cookie.path'].value,
    domain: body.domain?.value,
    maxAgeMs: body.maxAge,
    sameSite: body.sameSite?.value ?? defaults['pool.sticky.cookie.sameSite'].value,
    secure: body.secure,
    httpOnly: body.httpOnly,
    forward: body.forward,
    key: body.key,
  }
})

/** What browsers would refuse without a word (RFC 6265bis 4.1.2, 4.1.3). */
function checkAttributes({ name, path, domain, sameSite, secure }: CookieBody, reading: Reading): void {
  if (sameSite?.value === 'none' && !secure)
    reading.report(sameSite.node, { rule: 'must not be "none" without "secure": true: browsers refuse such a cookie' })
  const written = name?.value ?? ''
  if (name !== undefined && /^__(Secure|Host)-/i.test(written) && !secure)
    reading.report(name.node, {
      rule: 'must not begin like that without "secure": true: browsers refuse such a cookie',
    })
  if (name === undefined || !/^__Host-/i.test(written)) return
  const other = domain ?? (path?.value === '/' ? undefined : path)
  if (other !== undefined)
    reading.report(other.node, { rule: 'must not stand beside a name with __Host-: browsers refuse such a cookie' })
}

const learn = convert(
  object(
    {
      cookie: cookieName('The cookie that the application sets.', 'JSESSIONID'),
      header: fieldName('The field that its responses and its clients’ requests carry.', 'x-session'),
    },
    { description: 'By what the application itself sends: a cookie or a field.', examples: [{ cookie: 'JSESSIONID' }] },
  ),
  ({ cookie: name, header }, node, reading): LearnPolicy['from'] | undefined => {
    if (node !== undefined && node.children?.length !== 1)
      reading.report(node, { rule: 'must have one of the keys cookie and header, not both' })
    if (name !== undefined) return { kind: 'cookie', name }
    return header === undefined ? undefined : { kind: 'header', name: header }
  },
)

const ttlSetting = { ...defaults['pool.sticky.ttl'], value: undefined }
const sizeSetting = { ...defaults['pool.sticky.size'], value: undefined }

const body = object(
  {
    cookie,
    learn,
    ttl: located(
      showDefault(
        duration(ttlSetting, {
          description: 'How long a learned session is remembered that nobody uses.',
          examples: ['8h'],
        }),
        formatDuration(defaults['pool.sticky.ttl'].value),
      ),
    ),
    size: located(
      showDefault(
        size(sizeSetting, {
          description: 'Memory for learned sessions, 36 bytes each; without room those used longest ago are forgotten.',
          examples: ['64MiB'],
        }),
        formatSize(defaults['pool.sticky.size'].value),
      ),
    ),
  },
  {
    description:
      'Keeps the requests of a session at one backend, over any strategy: by a cookie of ours, or by what the application sends. Without it each request goes where the strategy says.',
    examples: [{ cookie: {} }, { learn: { cookie: 'JSESSIONID' } }],
  },
)

/** A policy but for a name that is the pool's to give. */
export type StickyDraft = CookieDraft | LearnPolicy

/** A pool's `sticky`; undefined when absent: no session is kept. */
export const sticky: Field<StickyDraft | undefined> = convert(body, ({ cookie, learn, ttl, size }, node, reading) => {
  const forms = childNames(node).filter((name) => name === 'cookie' || name === 'learn')
  if (node !== undefined && forms.length !== 1)
    reading.report(node, { rule: 'must have one of the keys cookie and learn, not both' })
  if (cookie !== undefined) {
    for (const setting of [ttl, size])
      if (setting)
        reading.report(setting.node, { rule: 'is for learned sessions: a cookie is remembered by the client' })
    return cookie
  }
  return (
    learn && {
      kind: 'learn',
      from: learn,
      ttlMs: ttl?.value ?? defaults['pool.sticky.ttl'].value,
      maxBytes: size?.value ?? defaults['pool.sticky.size'].value,
    }
  )
})

/** Also of those that could not be read. */
const childNames = (node: Node | undefined): readonly unknown[] =>
  (node?.children ?? []).map((property) => property.children?.[0]?.value)

/** `draft` in the pool of that name. */
export const stickyIn = (pool: string, draft: StickyDraft | undefined): StickyPolicy | undefined =>
  draft?.kind === 'cookie' ? { ...draft, name: draft.name ?? `smartedge-${pool}` } : draft
