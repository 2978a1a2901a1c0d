/** `explain`: which requests are told about: why each went to the backend that it went to. */
import type { ExplainPolicy } from '../../explain/policy.ts'
import { defaults } from '../defaults.ts'
import { object } from '../read/containers.ts'
import type { Field } from '../read/field.ts'
import { count, number } from '../read/scalars.ts'

/** undefined when absent: nobody is told anything. */
export const explain: Field<ExplainPolicy | undefined> = object(
  {
    sample: number(defaults['explain.sample'], {
      description: 'What part of the requests is explained, by chance; 0: those alone that ask for it.',
      examples: [0.1],
    }),
    keep: count(defaults['explain.keep'], {
      description:
        'How many explained requests are kept, the newest; 2 to 10 KB each, by how many backends stand in them.',
    }),
  },
  {
    description:
      'Writes down of some requests why they went to the backend that they went to: who could have been chosen and who not, the scores of the strategy, who was drawn, and whom another strategy would have taken. `smartedge explain` shows it. Also of each request with `X-SmartEdge-Explain: TOKEN`, by the token of the admin API; that field never reaches a backend. Without it nothing is written down, and it costs nothing.',
    examples: [{ sample: 0.01, keep: 200 }],
  },
)
