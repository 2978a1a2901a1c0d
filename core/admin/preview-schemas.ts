/** JSON Schemas of previews. Change the answers together with `core/preview/contract.ts`. */
import type { JsonSchema } from '../config/read/field.ts'
import { backendUrlTitle } from '../config/schema/member.ts'
import { count, list, nullOr, object, text, time } from './answer-schema.ts'

/** What serves a host for a while, once it has been validated. */
export interface PutPreviewBody {
  readonly url: string
  /** Read by the route. */
  readonly for: string
}

export const previewBodies: { readonly putPreview: JsonSchema } = {
  putPreview: {
    title: 'object',
    description: 'The backend that serves the host, and for how long.',
    examples: [
      { url: 'http://10.0.0.9:8080', for: '2d' },
      { url: 'unix:/run/pr-123.sock', for: '12h' },
    ],
    type: 'object',
    properties: {
      url: {
        title: backendUrlTitle,
        description: 'Where it listens.',
        type: 'string',
        pattern: '^(http://|unix:/)',
        examples: ['http://10.0.0.9:8080'],
      },
      for: {
        title: 'time from 1m to 30d',
        description: 'From now on.',
        type: 'string',
        pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$',
        examples: ['2d', '12h'],
      },
    },
    required: ['url', 'for'],
    additionalProperties: false,
  },
}

const preview = object({ host: text, url: text, until: time, at: time, origin: text, hiddenBy: nullOr(text) })

export const previewAnswers = {
  Preview: preview,
  Previews: object({ previews: list(preview), most: count }),
} as const
