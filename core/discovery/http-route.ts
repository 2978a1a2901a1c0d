/**
 * An HTTPRoute of the Gateway API (gateway.networking.k8s.io/v1) -> rules. Pure. Of its core: host names, exact and prefix
 * paths, exact header matches, methods, and weights. A rule that asks for more is left out: half of it would be something else.
 */
import { type ClusterRule, type ClusterRules, matchesOfPath } from './cluster-rule.ts'
import type { ServiceRef } from './cluster-services.ts'
import { isObject, type JsonObject, listIn, objectIn, textIn } from './json.ts'

/** `gateway`: `namespace/name`, or a name in whatever namespace; undefined: any. */
export function isOfGateway(route: JsonObject, namespace: string, gateway: string | undefined): boolean {
  return listIn(objectIn(route, 'spec'), 'parentRefs')
    .filter(isObject)
    .some((parent) => {
      if ((parent['kind'] ?? 'Gateway') !== 'Gateway') return false
      const name = textIn(parent, 'name') ?? ''
      return (
        gateway === undefined || gateway === name || gateway === `${textIn(parent, 'namespace') ?? namespace}/${name}`
      )
    })
}

export function rulesOfRoute(route: JsonObject, namespace: string): ClusterRules {
  const spec = objectIn(route, 'spec')
  const hosts = listIn(spec, 'hostnames').filter((host) => typeof host === 'string')
  const name = textIn(objectIn(route, 'metadata'), 'name') ?? ''
  const rules: ClusterRule[] = []
  const given = listIn(spec, 'rules')
  if (Math.max(hosts.length, given.length) > MOST) return { rules, faults: [TOO_MANY] }
  const faults: string[] = []
  for (const [index, rule] of given.entries()) {
    const read = isObject(rule) ? readRule(rule, namespace) : 'is no rule'
    if (typeof read === 'string') {
      faults.push(`rules[${index}] ${read}`)
      continue
    }
    for (const { isExact, matches } of read.matches)
      rules.push({
        matches: (hosts.length === 0 ? [undefined] : hosts).flatMap((host) =>
          matches.map((match) => ({ ...(host !== undefined && { host }), ...match })),
        ),
        isExact,
        refs: read.refs,
        name: [namespace, name, String(index)],
      })
  }
  return { rules, faults }
}

/** Gateway API itself allows fewer: 16 rules and host names, 64 matches and Services. Each is multiplied by the others. */
const MOST = 128
const TOO_MANY = `has more than ${MOST} rules, host names, matches or Services`

interface RouteMatch {
  readonly isExact: boolean
  readonly matches: ClusterRule['matches']
}

/** A text: why it is left out. */
function readRule(
  rule: JsonObject,
  namespace: string,
): { readonly matches: readonly RouteMatch[]; readonly refs: readonly ServiceRef[] } | string {
  if (listIn(rule, 'filters').length > 0) return 'has filters, which SmartEdge does not know'
  const matches: RouteMatch[] = []
  const [given, backends] = [listIn(rule, 'matches'), listIn(rule, 'backendRefs')]
  if (Math.max(given.length, backends.length) > MOST) return TOO_MANY
  for (const match of given.length === 0 ? [{}] : given) {
    const read = isObject(match) ? readMatch(match) : 'has a match that is none'
    if (typeof read === 'string') return read
    matches.push(read)
  }
  const refs: ServiceRef[] = []
  for (const backend of backends) {
    const ref = isObject(backend) ? refOf(backend, namespace) : 'has a backendRef that is none'
    if (typeof ref === 'string') return ref
    refs.push(ref)
  }
  return { matches, refs }
}

function readMatch(match: JsonObject): RouteMatch | string {
  const path = objectIn(match, 'path')
  const type = path['type'] ?? 'PathPrefix'
  if (type !== 'Exact' && type !== 'PathPrefix') return `matches paths by ${JSON.stringify(type)}, which is not known`
  if (listIn(match, 'queryParams').length > 0) return 'matches queryParams, which SmartEdge does not know'
  const header: Record<string, string> = {}
  for (const one of listIn(match, 'headers').filter(isObject)) {
    const [name, value] = [textIn(one, 'name')?.toLowerCase(), textIn(one, 'value')]
    if ((one['type'] ?? 'Exact') !== 'Exact') return 'matches a header by a pattern, which is not known'
    // Of several of one name the first counts.
    if (name !== undefined && value !== undefined) header[name] ??= value
  }
  const method = textIn(match, 'method')
  const further = { ...(Object.keys(header).length > 0 && { header }), ...(method !== undefined && { method }) }
  const isExact = type === 'Exact'
  const paths = matchesOfPath(isExact, textIn(path, 'value') ?? '/')
  return { isExact, matches: paths.map((one) => ({ ...one, ...further })) }
}

/** A text: why there is none. */
function refOf(backend: JsonObject, namespace: string): ServiceRef | string {
  if (listIn(backend, 'filters').length > 0) return 'has filters, which SmartEdge does not know'
  const [service, port, weight] = [textIn(backend, 'name'), backend['port'], backend['weight'] ?? 1]
  if ((backend['kind'] ?? 'Service') !== 'Service' || service === undefined) return 'leads to what is no Service'
  if ((backend['namespace'] ?? namespace) !== namespace)
    return `leads to ${service} in another namespace, which nobody grants here`
  if (typeof port !== 'number') return `leads to ${service} without a port`
  if (typeof weight !== 'number' || !(weight >= 0)) return `has a weight of ${service} that is none`
  return { namespace, service, port, weight }
}
