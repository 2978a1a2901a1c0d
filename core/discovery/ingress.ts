/** An Ingress of Kubernetes (networking.k8s.io/v1) -> rules. Pure. Its `tls` says nothing here. */
import type { ServiceRef } from './cluster-services.ts'
import { isObject, type JsonObject, listIn, objectIn, textIn } from './json.ts'
import { type ClusterRule, type ClusterRules, matchesOfPath } from './cluster-rule.ts'

/** The annotation that was there before the field. */
const CLASS = 'kubernetes.io/ingress.class'

export function isOfClass(ingress: JsonObject, wanted: string): boolean {
  const field = textIn(objectIn(ingress, 'spec'), 'ingressClassName')
  return (field ?? textIn(objectIn(objectIn(ingress, 'metadata'), 'annotations'), CLASS)) === wanted
}

export function rulesOfIngress(ingress: JsonObject, namespace: string): ClusterRules {
  const spec = objectIn(ingress, 'spec')
  const rules: ClusterRule[] = []
  const faults: string[] = []
  const add = (matches: ClusterRule['matches'], backend: JsonObject, isExact = false): void => {
    const ref = refOf(backend, namespace)
    if (typeof ref === 'string') faults.push(ref)
    else rules.push({ matches, isExact, refs: [ref], name: [] })
  }
  for (const rule of listIn(spec, 'rules').filter(isObject)) {
    const host = textIn(rule, 'host') || undefined
    for (const path of listIn(objectIn(rule, 'http'), 'paths').filter(isObject)) {
      const type = textIn(path, 'pathType')
      const isExact = type === 'Exact'
      const matches = matchesOfPath(isExact, textIn(path, 'path') ?? '/')
      add(
        matches.map((match) => ({ ...(host !== undefined && { host }), ...match })),
        objectIn(path, 'backend'),
        isExact,
      )
    }
  }
  if (isObject(spec['defaultBackend'])) add([{}], spec['defaultBackend'])
  return { rules, faults }
}

/** A text: why there is none. */
function refOf(backend: JsonObject, namespace: string): ServiceRef | string {
  const service = objectIn(backend, 'service')
  const name = textIn(service, 'name')
  if (name === undefined) return 'leads to what is no Service'
  const { number, name: portName } = objectIn(service, 'port')
  const port = typeof portName === 'string' ? portName : number
  if (typeof port !== 'number' && typeof port !== 'string') return `leads to ${name} without a port`
  return { namespace, service: name, port, weight: 1 }
}
