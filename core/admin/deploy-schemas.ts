/** JSON Schemas of deploys: what begins one, and what is told of them. Change the answers together with `core/deploy/contract.ts`. */
import type { JsonSchema } from '../config/read/field.ts'
import { member } from '../config/schema/member.ts'
import { deployPhases } from '../report/view.ts'
import { count, list, nullOr, number, object, text, time, truth } from './answer-schema.ts'

/** What begins a deploy, once it has been validated. Durations and criteria are texts, which the route reads. */
export interface BeginDeployBody {
  readonly members?: readonly unknown[]
  readonly rollback?: true
  readonly timeout?: string
  readonly canary?: {
    readonly share: number
    readonly for: string
    readonly promoteIf?: string
    readonly minRequests?: number
  }
}

const duration = (description: string, example: string): JsonSchema => ({
  title: 'duration',
  description,
  type: 'string',
  pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$',
  examples: [example],
})

const canary: JsonSchema = {
  title: 'object',
  description: 'The new members get a share first, and are compared with the old ones.',
  type: 'object',
  properties: {
    share: {
      title: 'number from 0.001 to 0.9',
      description: 'Of the requests, by weight.',
      type: 'number',
      minimum: 0.001,
      maximum: 0.9,
      examples: [0.05],
    },
    for: duration('How long, 1s to 24h.', '5m'),
    promoteIf: {
      title: 'list of criteria',
      description: 'What is to hold, each compared over the whole time; the default is errors<1%,p99<1.2x.',
      type: 'string',
      examples: ['errors<1%,p99<1.2x'],
    },
    minRequests: {
      title: 'whole number from 1 to 1000000',
      description: 'Fewer are too few to judge by, and the old members stay; the default is 100.',
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      examples: [100],
    },
  },
  required: ['share', 'for'],
  additionalProperties: false,
}

export const deployBodies: { readonly beginDeploy: JsonSchema } = {
  beginDeploy: {
    title: 'object',
    description: 'The members that are to serve, or that those are to come back which the last deploy replaced.',
    examples: [
      { members: ['http://10.0.0.7:8080'], timeout: '2m' },
      {
        members: ['http://10.0.0.7:8080'],
        canary: { share: 0.05, for: '5m', promoteIf: 'errors<1%,p99<1.2x' },
      },
      { rollback: true },
    ],
    type: 'object',
    properties: {
      members: {
        title: 'list of members',
        description: 'All that are to serve once it is done; those that are in the pool already stay.',
        type: 'array',
        items: member.schema,
        minItems: 1,
      },
      rollback: {
        title: 'true',
        description: 'In place of members: those that the last deploy replaced.',
        enum: [true],
      },
      timeout: duration('How long to wait until all are healthy, 1s to 24h; the default is 1m.', '2m'),
      canary,
    },
    additionalProperties: false,
    minProperties: 1,
  },
}

const side = object({
  requests: count,
  errors: count,
  errorRatio: number,
  p50Ms: nullOr(number),
  p90Ms: nullOr(number),
  p95Ms: nullOr(number),
  p99Ms: nullOr(number),
})

const deploy = object({
  id: count,
  pool: text,
  phase: { enum: deployPhases },
  over: truth,
  detail: text,
  origin: text,
  rollback: truth,
  startedAt: time,
  since: time,
  added: list(text),
  kept: list(text),
  removed: list(text),
  timeoutMs: count,
  members: list(object({ id: text, health: text, why: nullOr(text) })),
  canary: nullOr(
    object({
      share: number,
      forMs: count,
      elapsedMs: count,
      promoteIf: text,
      minRequests: count,
      new: side,
      old: side,
    }),
  ),
})

export const deployAnswers = {
  Deploy: deploy,
  Deploys: object({ pool: text, deploys: list(deploy), replaced: nullOr(list(text)) }),
} as const
