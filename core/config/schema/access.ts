/** `access` of a route: whom it lets in. */
import type { AccessPolicy } from '../config.ts'
import { object } from '../read/containers.ts'
import { convert, type Field } from '../read/field.ts'
import { forwardAuth } from './forward-auth.ts'
import { jwt } from './jwt.ts'

/** undefined when absent: everybody. */
export const access: Field<AccessPolicy | undefined> = convert(
  object({ jwt, forwardAuth }, { description: 'Whom it lets in; absent: everybody. All of it must hold.' }),
  (policy) => policy,
)
