/**
 * What the admin API takes as JSON, as JSON Schemas made of the config file's own. `scripts/generate.ts` compiles them to
 * `validate-bodies.generated.js`, since compiling takes longer than the traffic of the same process can wait.
 */
import { defaults } from '../config/defaults.ts'
import type { JsonSchema } from '../config/read/field.ts'
import { count, number } from '../config/read/scalars.ts'
import { member } from '../config/schema/member.ts'
import { strategy } from '../config/schema/strategy.ts'
import { certificateBodies, type ImportCertificateBody } from './certificate-schemas.ts'
import {
  type AddClientBody,
  clientBodies,
  type ImportClientBody,
  type LimitsBody,
  orNull,
  type UpdateClientBody,
} from './client-schemas.ts'
import { type BeginDeployBody, deployBodies } from './deploy-schemas.ts'
import { previewBodies, type PutPreviewBody } from './preview-schemas.ts'

/** What a body is once it has been validated: change it together with its schema. */
export interface Bodies {
  readonly addBackend: unknown
  readonly updateBackend: {
    readonly weight?: number
    readonly maxInflight?: number | null
    readonly state?: 'active' | 'draining'
    readonly drain?: boolean
  }
  readonly updatePool: { readonly strategy: unknown }
  readonly addClient: AddClientBody
  readonly importClient: ImportClientBody
  readonly updateClient: UpdateClientBody
  readonly putPlan: LimitsBody
  readonly importCertificate: ImportCertificateBody
  readonly beginDeploy: BeginDeployBody
  readonly putPreview: PutPreviewBody
}

export type BodyName = keyof Bodies

/** What is written to the file is literal: the schema must not let variables through, as it does in the file. */
const literal = (schema: JsonSchema): JsonSchema =>
  JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === 'pattern' && typeof value === 'string' ? value.replace(/\|\\\$\\\{$/, '') : value,
  )

/** Absent, the weight stays as it is: no default. */
const weight = number(
  { ...defaults['pool.backend.weight'], value: undefined },
  { description: 'Its new share relative to the others.', examples: [2] },
).schema

/** Absent, it stays as it is. */
const maxInflight = orNull(
  count(
    { ...defaults['pool.backend.maxInflight'], value: undefined },
    { description: 'Requests that it is given at once; null: no bound of its own.', examples: [20] },
  ).schema,
)

export const bodySchemas: Readonly<Record<BodyName, JsonSchema>> = {
  ...clientBodies,
  ...certificateBodies,
  beginDeploy: literal(deployBodies.beginDeploy),
  ...previewBodies,
  addBackend: literal({
    ...member.schema,
    examples: ['http://10.0.0.1:8080', { url: 'http://10.0.0.1:8080', weight: 2, zone: 'eu-1' }],
  }),
  updateBackend: {
    title: 'object',
    description: 'What changes of a backend; at least one of the keys.',
    examples: [{ weight: 2 }, { maxInflight: 20 }, { drain: true }, { weight: 1, state: 'active' }],
    type: 'object',
    properties: {
      weight,
      maxInflight,
      state: {
        title: '"active" or "draining"',
        description: 'A draining backend takes no new requests; what it has begun goes on.',
        enum: ['active', 'draining'],
      },
      drain: {
        title: 'true or false',
        description: 'The same by the key that the file has for it.',
        type: 'boolean',
      },
    },
    additionalProperties: false,
    minProperties: 1,
  },
  updatePool: literal({
    title: 'object',
    description: 'What changes of a pool.',
    examples: [{ strategy: 'p2c' }, { strategy: { use: 'consistent-hash', options: {} } }],
    type: 'object',
    // As above: no default, which `literal` drops.
    properties: { strategy: { ...strategy.schema, default: undefined } },
    required: ['strategy'],
    additionalProperties: false,
  }),
}
