/** `access.jwt` of a route: tokens that let a request in. */
import type { JwtPolicy, KeySource } from '../../admission/auth-policy.ts'
import { defaults } from '../defaults.ts'
import { either, list, object, record } from '../read/containers.ts'
import { convert, type Field, located, showDefault } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { choice, duration, matching, text } from '../read/scalars.ts'
import { formatDuration } from '../read/units.ts'
import { freeField, serviceUrl, sign } from './auth-fields.ts'
import { existingFile } from './file.ts'

/** Public keys; symmetric ones are for `secret` alone, so that nobody signs with a public key as if it were one (RFC 8725 3.1). */
const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const
const SYMMETRIC = ['HS256', 'HS384', 'HS512'] as const
const REQUIRED = ['exp']

const isSymmetric = (name: string): boolean => SYMMETRIC.some((known) => known === name)

const printable = (description: string, example: string) =>
  text({
    title: 'text',
    description,
    examples: [example],
    rule: `must be 1 to 1024 printable characters such as "${example}"`,
    parse: matching(/^[^\p{Cc}]{1,1024}$/u),
  })

const someTexts = (description: string, example: string) =>
  either<readonly string[]>(
    {
      string: convert(printable(description, example), (value) => [value]),
      array: list(printable('One of them.', example), {
        description,
        ifEmpty: 'must not be empty; leave it out for any',
      }),
    },
    {
      title: 'text, or list of them',
      description,
      examples: [example],
      rule: `must be a text such as "${example}", or a list of them`,
    },
  )

const secret = text({
  title: 'text, 32 to 1024 characters',
  description:
    'The key that whoever signs shares with us, for `HS256` and its kin. Take it from a variable rather than writing it here.',
  examples: ['${JWT_SECRET}'],
  rule: 'must be 32 to 1024 printable ASCII characters: a shorter key can be guessed (RFC 7518 3.2)',
  isSecret: true,
  parse: matching(/^[ -~]{32,1024}$/),
})

const refreshSetting = { ...defaults['route.access.jwt.refresh'], value: undefined }

const claims = convert(
  record(freeField('The field that the backend is told it in.', 'x-user'), {
    description:
      'Claims that the backend is told, and in which fields; what the client itself says in these is dropped. `a.b` is a claim inside another; lists are joined by commas.',
    examples: [{ sub: 'x-user', 'realm_access.roles': 'x-roles' }],
    namePattern: /^[!-~]{1,256}$/,
    nameRule: 'must be the name of a claim',
  }),
  (entries) => entries.map(({ name, value }) => ({ claim: name, field: value })),
)

const body = object(
  {
    jwks: serviceUrl({
      description:
        'Where the issuer’s key set is (`jwks_uri`). It is fetched at the start and every `refresh`, and when a token names a key that is not known; while it is away the keys known stay in force.',
      examples: ['https://id.example.com/.well-known/jwks.json'],
    }),
    jwksFile: existingFile({ description: 'A file with the key set; saved, it is live.', examples: ['./jwks.json'] }),
    secret,
    refresh: located(
      showDefault(
        duration(refreshSetting, { description: 'How often the key set of `jwks` is fetched.', examples: ['1h'] }),
        formatDuration(defaults['route.access.jwt.refresh'].value),
      ),
    ),
    issuer: someTexts(
      'Who must have issued it (`iss`): one of these. By default anybody whose key it is.',
      'https://id.example.com/',
    ),
    audience: someTexts('Whom it must be for (`aud`): one of these. By default anybody.', 'api'),
    algorithms: located(
      list(choice([...ASYMMETRIC, ...SYMMETRIC], { description: 'An algorithm.' }), {
        description:
          'What may have signed it (RFC 7518 3.1, RFC 8037). By default all of public keys or, with `secret`, HS256. `none` never.',
        examples: [['RS256', 'ES256']],
        ifEmpty: 'must not be empty',
      }),
    ),
    clockTolerance: duration(defaults['route.access.jwt.clockTolerance'], {
      description: 'How far the issuer’s clock may be from ours.',
    }),
    required: showDefault(
      list(printable('A claim.', 'sub'), { description: 'Claims that it must have.', examples: [['exp', 'sub']] }),
      REQUIRED,
    ),
    from: sign('Where the token stands, with or without `Bearer `; by default in `Authorization: Bearer`.'),
    claims,
  },
  {
    description:
      'Lets in whoever brings a signed token (JWT) of an issuer, and tells the backend of its claims; others get 401.',
    examples: [{ jwks: 'https://id.example.com/.well-known/jwks.json', issuer: 'https://id.example.com/' }],
  },
)

type Body = NonNullable<ReturnType<typeof body.read>>

function keysOf({ jwks, jwksFile, secret: shared, refresh }: Body): KeySource | undefined {
  const refreshMs = refresh?.value ?? defaults['route.access.jwt.refresh'].value
  if (jwks !== undefined) return { kind: 'url', url: jwks, refreshMs }
  if (jwksFile !== undefined) return { kind: 'file', path: jwksFile }
  return shared && { kind: 'secret', secret: shared }
}

/** Of one kind: a set that trusts both would take a public key for a secret. */
function algorithmsOf({ algorithms }: Body, keys: KeySource, reading: Reading): readonly string[] {
  const isShared = keys.kind === 'secret'
  if (algorithms === undefined) return isShared ? ['HS256'] : ASYMMETRIC
  if (algorithms.value.some((name) => isSymmetric(name) !== isShared))
    reading.report(algorithms.node, {
      rule: isShared ? 'must be HS256, HS384 or HS512 beside secret' : 'must not hold HS256 and its kin without secret',
    })
  return algorithms.value
}

const SOURCES = ['jwks', 'jwksFile', 'secret']

export const jwt: Field<JwtPolicy | undefined> = convert(body, (value, node, reading) => {
  const written = (node?.children ?? []).filter(({ children }) => SOURCES.includes(String(children?.[0]?.value)))
  if (node !== undefined && written.length !== 1)
    reading.report(node, { rule: 'must have one of the keys jwks, jwksFile and secret' })
  if (value.refresh !== undefined && value.jwks === undefined && written.length === 1)
    reading.report(value.refresh.node, { rule: 'is for jwks: nothing else is fetched' })
  const keys = keysOf(value)
  return (
    keys && {
      keys,
      issuers: value.issuer,
      audiences: value.audience,
      algorithms: algorithmsOf(value, keys, reading),
      clockToleranceMs: value.clockTolerance,
      required: value.required ?? REQUIRED,
      from: value.from,
      claims: value.claims ?? [],
    }
  )
})
