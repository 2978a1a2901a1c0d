/**
 * What a strategy may know of a request, looked up when it is first read. Reads the shared head, so it must be used in
 * the event that parsed it; what was read once is remembered.
 */
import type { Client, PickContext, Place } from '../strategy/strategy.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ClientIdentity } from '../forward/identify.ts'
import { clientAddress } from '../forward/client-address.ts'
import type { Affinity } from '../pool/policy.ts'
import type { Random } from '../random.ts'
import type { Geo } from './world.ts'

/** What is the same for every pick of a request. */
export interface PickSource {
  readonly random: Random
  readonly geo: Geo | undefined
  readonly affinity: Affinity
}

export class RequestContext implements PickContext, Client {
  readonly now: number
  readonly random: () => number
  private readonly head: RequestHead
  private readonly identity: ClientIdentity
  private readonly source: PickSource
  private knownAddress: string | undefined = undefined
  private location: { zone: string | undefined; place: Place | undefined } | undefined = undefined

  /** `head` holds the request's now. */
  constructor(head: RequestHead, identity: ClientIdentity, source: PickSource, now: number) {
    this.head = head
    this.identity = identity
    this.source = source
    this.random = source.random
    this.now = now
  }

  get client(): Client {
    return this
  }

  get key(): string | undefined {
    const { head } = this
    const { affinity } = this.source
    switch (affinity.kind) {
      case 'client':
        return this.address
      case 'path':
        return head.path
      case 'header':
        return head.fields.valuesNamed(affinity.name)[0]
      case 'cookie':
        return readCookie(head.fields.valuesNamed('cookie'), affinity.name)
      case 'query':
        return readQuery(head.query, affinity.name)
    }
  }

  get address(): string {
    this.knownAddress ??= clientAddress(this.identity, this.head)
    return this.knownAddress
  }

  get zone(): string | undefined {
    return this.locate().zone
  }

  get place(): Place | undefined {
    return this.locate().place
  }

  private locate(): { zone: string | undefined; place: Place | undefined } {
    this.location ??= this.source.geo?.find(this.address, this.geoHeader(this.head)) ?? NOWHERE
    return this.location
  }

  private geoHeader(head: RequestHead): string | undefined {
    const name = this.source.geo?.header
    if (name === undefined || !this.identity.isTrusted) return undefined
    return head.fields.valuesNamed(name)[0]
  }
}

const NOWHERE = { zone: undefined, place: undefined }

/** Value of a cookie (RFC 6265 4.2.1: `name=value; name=value`), first one wins; undefined when absent or empty. */
function readCookie(lines: readonly string[], name: string): string | undefined {
  for (const pair of lines.join('; ').split(';')) {
    const [key = '', ...value] = pair.split('=')
    if (key.trim() === name) return nonEmpty(value.join('=').trim())
  }
  return undefined
}

/** Raw value of a query parameter, undecoded, since only its identity counts; undefined when absent or empty. */
function readQuery(query: string | undefined, name: string): string | undefined {
  for (const pair of (query ?? '').split('&')) {
    const [key, ...value] = pair.split('=')
    if (key === name) return nonEmpty(value.join('='))
  }
  return undefined
}

const nonEmpty = (text: string): string | undefined => (text === '' ? undefined : text)
