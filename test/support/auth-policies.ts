/** Policies of auth services and tokens as a test needs them. */
import type { ForwardAuthPolicy, JwtPolicy } from '../../core/admission/auth-policy.ts'
import type { AccessPolicy } from '../../core/admission/policy.ts'
import type { RouteConfig } from '../../core/config/config.ts'
import { anyRequest } from './edge.ts'
import { ISSUER } from './tokens.ts'

export const forwardAuthPolicy = (changes: Partial<ForwardAuthPolicy> = {}): ForwardAuthPolicy => ({
  url: 'http://127.0.0.1:9091/verify',
  timeoutMs: 5000,
  requestFields: undefined,
  responseFields: ['remote-user'],
  cache: undefined,
  whenAway: 'refuse',
  ...changes,
})

export const jwtPolicy = (changes: Partial<JwtPolicy> = {}): JwtPolicy => ({
  keys: { kind: 'file', path: '/keys.json' },
  issuers: [ISSUER],
  audiences: undefined,
  algorithms: ['RS256', 'ES256', 'EdDSA'],
  clockToleranceMs: 30_000,
  required: ['exp'],
  from: undefined,
  claims: [{ claim: 'sub', field: 'x-user' }],
  ...changes,
})

/** One for everything to the pool `web`. */
export const guardedRoute = (access: AccessPolicy, facts: Partial<RouteConfig> = {}): RouteConfig => ({
  match: anyRequest,
  pool: 'web',
  priority: 5,
  access,
  ...facts,
})
