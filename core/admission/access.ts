/** The rules of a route's `access`, each one at work, in the order in which they are asked. */
import type { ClientDirectory } from '../clients/contract.ts'
import { addressSet } from './address-list.ts'
import { type AddressSet, allowAddresses } from './addresses.ts'
import type { Admission } from './admission.ts'
import { apiKey } from './api-key.ts'
import { basicAuth, type Users } from './basic-auth.ts'
import { bodySize } from './body-size.ts'
import { allowCertificates } from './certificate.ts'
import { cors } from './cors.ts'
import { allowMethods } from './methods.ts'
import type { PasswordChecks } from './password-checks.ts'
import type { AccessPolicy, AddressPolicy } from './policy.ts'
import { usersOf } from './user-list.ts'

/** What rules need that lives longer than they do. */
export interface AccessParts {
  /** What files hold that a policy names, by path: as they were last read. */
  readonly addresses: (path: string) => AddressSet
  readonly users: (path: string) => Users
  readonly checks: PasswordChecks
  /** Another one after each change of the database's place. */
  readonly directory: () => Pick<ClientDirectory, 'byKey' | 'freshness'>
  /** Epoch ms. */
  readonly wallTime: () => number
}

/**
 * Those that need not know who it is, and those that find out. CORS comes before all that may refuse a request for what it is:
 * a browser asks beforehand with another method and without credentials, and a script may read why it was refused.
 */
export interface AccessRules {
  readonly open: readonly Admission[]
  readonly authentication: readonly Admission[]
}

export function accessRules(policy: AccessPolicy, parts: AccessParts): AccessRules {
  const { addresses, cors: origins, methods, maxBodyBytes, certificate, basic, apiKey: key } = policy
  const open: Admission[] = []
  if (addresses !== undefined) open.push(addressRule(addresses, parts))
  if (origins !== undefined) open.push(cors(origins))
  if (methods !== undefined) open.push(allowMethods(methods))
  if (maxBodyBytes !== undefined) open.push(bodySize(maxBodyBytes))
  const authentication: Admission[] = []
  if (certificate !== undefined) authentication.push(allowCertificates(certificate))
  if (basic !== undefined) {
    const more = basic.usersFile === undefined ? undefined : parts.users(basic.usersFile)
    authentication.push(basicAuth({ ...basic, users: usersOf(basic.users, more), checks: parts.checks }))
  }
  if (key !== undefined) authentication.push(apiKey({ ...parts, policy: key }))
  return { open, authentication }
}

function addressRule({ allow, deny, allowFile, denyFile }: AddressPolicy, { addresses }: AccessParts): Admission {
  const allowed = [
    ...(allow === undefined ? [] : [addressSet(allow)]),
    ...(allowFile === undefined ? [] : [addresses(allowFile)]),
  ]
  const denied = [
    ...(deny.length === 0 ? [] : [addressSet(deny)]),
    ...(denyFile === undefined ? [] : [addresses(denyFile)]),
  ]
  return allowAddresses(allowed, denied)
}
