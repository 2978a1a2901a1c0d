/** `routes[].access`: who may come, how, and with what. Large rules stand in files of their own. */
import type { AccessPolicy } from '../../admission/policy.ts'
import { defaults } from '../defaults.ts'
import { list, object } from '../read/containers.ts'
import { convert, type Field } from '../read/field.ts'
import { size } from '../read/scalars.ts'
import { addresses } from './access-addresses.ts'
import { basic } from './access-basic.ts'
import { certificate } from './access-certificate.ts'
import { cors } from './access-cors.ts'
import { apiKey } from './access-key.ts'
import { forwardAuth } from './forward-auth.ts'
import { jwt } from './jwt.ts'
import { method } from './names.ts'
import { reportToldTwice } from './told-fields.ts'

const methods = convert(
  list(method, {
    description: 'Methods that are allowed, HEAD too only where it is named; others get 405.',
    examples: [['GET', 'HEAD']],
    ifEmpty: 'must not be empty; leave it out to allow every method',
  }),
  (names) => [...new Set(names)],
)

const body = object(
  {
    addresses,
    cors,
    methods,
    maxBody: size(defaults['route.access.maxBody'], {
      description: 'A request’s body may be no longer: 413, before any of it is passed on where its length is told.',
      examples: ['1MiB'],
    }),
    certificate,
    basic,
    apiKey,
    jwt,
    forwardAuth,
  },
  { description: 'What a request must be to be let in, asked in this order. Absent: whoever comes is.' },
)

export const access: Field<AccessPolicy | undefined> = convert(body, (read, node, reading) => {
  if (read.basic !== undefined && read.apiKey !== undefined && node !== undefined)
    reading.report(node, { rule: 'must have one of basic and apiKey, not both: a request has one sender' })
  const { addresses, cors, methods, maxBody, certificate, basic, apiKey, jwt, forwardAuth } = read
  const policy: AccessPolicy = {
    ...(addresses && { addresses }),
    ...(cors && { cors: cors(methods) }),
    ...(methods && { methods }),
    ...(maxBody !== undefined && { maxBodyBytes: maxBody }),
    ...(certificate && { certificate }),
    ...(basic && { basic }),
    ...(apiKey && { apiKey }),
    ...(jwt && { jwt }),
    ...(forwardAuth && { forwardAuth }),
  }
  if (node !== undefined) reportToldTwice(policy, node, reading)
  return policy
})
