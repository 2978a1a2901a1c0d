/**
 * What became of the requests of one route: by who answered them, class of method and class of status, and how long they
 * took. Whatever clients send, there are no more numbers than these classes and the backends of a pool come to.
 */
import { createBuckets, type LatencyBuckets } from './buckets.ts'

/** The methods of RFC 9110 and 5789 that are told by name; all the others are one. */
export const methodClasses = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'] as const

/** `none`: the client left before there was a status; `1xx`: a tunnel. */
export const statusClasses = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const

/** A place in `methodClasses`. */
export type MethodClass = number

/** Also of connections in TCP mode, which have none. */
export const OTHER_METHOD: MethodClass = methodClasses.length - 1
const NAMED = methodClasses.slice(0, OTHER_METHOD).map((name) => Buffer.from(name))

/** Of the method at bytes[start..end), which is one of that very case (RFC 9110 9.1). */
export function methodClassOf(bytes: Uint8Array, start: number, end: number): MethodClass {
  for (let index = 0; index < OTHER_METHOD; index += 1) {
    const name = NAMED[index] as Buffer
    if (name.length !== end - start) continue
    let at = 0
    while (at < name.length && bytes[start + at] === name[at]) at += 1
    if (at === name.length) return index
  }
  return OTHER_METHOD
}

/** Requests by class of method, and within it by class of status. */
export type ClassCounts = ArrayLike<number>

/** Where a request of these classes is counted. */
export const classIndex = (method: MethodClass, statusClass: number): number =>
  method * statusClasses.length + statusClass

const newCounts = (): Float64Array => new Float64Array(methodClasses.length * statusClasses.length)

export class RouteTraffic {
  /** Requests that this route took. */
  requests = 0
  /** Those of them that one of its rules refused. */
  refused = 0
  /** From the head of a request to the end of its answer, tunnels left out; undefined before the first. */
  durations: LatencyBuckets | undefined = undefined
  private own: Float64Array | undefined = undefined
  /** Weak: what a backend has answered goes with it. */
  private readonly byBackend = new WeakMap<object, Float64Array>()

  /** How a request ended. `status`: 101..599; 0: there was none. `backend`: whose answer it was; undefined: one of our own. */
  end(method: MethodClass, status: number, backend: object | undefined, elapsedMs: number): void {
    const counts = backend === undefined ? (this.own ??= newCounts()) : this.countsOf(backend)
    const index = classIndex(method, Math.floor(status / 100))
    counts[index] = (counts[index] as number) + 1
    if (status !== 101) (this.durations ??= createBuckets()).record(elapsedMs)
  }

  /** What `backend` has answered, or for undefined what nobody has; undefined: nothing yet. */
  of(backend: object | undefined): ClassCounts | undefined {
    return backend === undefined ? this.own : this.byBackend.get(backend)
  }

  private countsOf(backend: object): Float64Array {
    const known = this.byBackend.get(backend)
    if (known !== undefined) return known
    const counts = newCounts()
    this.byBackend.set(backend, counts)
    return counts
  }
}
