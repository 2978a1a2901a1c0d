/** Routes that need somebody who can change things. */
import type { Controller } from '../control/contract.ts'
import { problem } from './problem.ts'
import type { Call } from './route.ts'

export type Controlled = Call & { readonly control: Controller }

/** `answer`, where there is a controller. */
export const controlled =
  (answer: (call: Controlled) => Promise<Response>) =>
  (call: Call): Response | Promise<Response> => {
    const { control } = call.source
    if (control !== undefined) return answer({ ...call, control })
    return problem(409, 'This process was started without a configuration file; there is nothing to change.')
  }

/** The body of a request that needs none. */
export const nothing = { description: 'Nothing.' } as const
