/**
 * What a strategy may know of a request, looked up when it is first read. Reads the shared head, so it must be used in
 * the event that parsed it; what was read once is remembered.
 */
import type { PickRecorder, RecordedContext } from '../balance/pick-recorder.ts'
import type { Client, PickNotes, Place } from '../strategy/strategy.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { cookieNamed, queryNamed } from '../http1/pairs.ts'
import type { ClientIdentity } from '../forward/identify.ts'
import { clientAddress } from '../forward/client-address.ts'
import type { Affinity } from '../pool/policy.ts'
import type { Explaining } from './explaining.ts'
import type { Geo, Services } from './world.ts'

/** What is the same for every pick of a request. */
export interface PickSource {
  readonly services: Pick<Services, 'clock' | 'random'>
  readonly geo: Geo | undefined
  /** In order: the first that the request has is its key. */
  readonly affinity: readonly Affinity[]
  /** Whom picks are told to; absent: nobody wants to know. */
  readonly explaining?: Explaining | undefined
}

export class RequestContext implements RecordedContext, Client {
  readonly now: number
  readonly random: () => number
  readonly recorder: PickRecorder | undefined
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
    this.recorder = source.explaining?.recorder()
    this.random = this.recorder?.tap(source.services.random) ?? source.services.random
    this.now = now
  }

  get notes(): PickNotes | undefined {
    return this.recorder?.notes
  }

  get client(): Client {
    return this
  }

  get wallTime(): number {
    return this.source.services.clock.wallTime()
  }

  get key(): string | undefined {
    for (const affinity of this.source.affinity) {
      const key = this.keyBy(affinity)
      if (key !== undefined) return key
    }
    return undefined
  }

  private keyBy(affinity: Affinity): string | undefined {
    const { head } = this
    switch (affinity.kind) {
      case 'client':
        return this.address
      case 'path':
        return head.path
      case 'header':
        return head.fields.valueNamed(affinity.name) || undefined
      case 'cookie':
        return cookieNamed(head.fields, affinity.name)
      case 'query':
        return queryNamed(head, affinity.name)
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
    return head.fields.valueNamed(name)
  }
}

const NOWHERE = { zone: undefined, place: undefined }
