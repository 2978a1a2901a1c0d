/**
 * Certificates by themselves, as a part: listeners of one policy share who keeps theirs, for as long as the policy's text
 * stays the same. What is had goes into the stores of these listeners at once, and so does what a CA wants to see.
 */
import type { Keeper } from '../acme/keeper.ts'
import type { KeeperNews } from '../acme/keeper-contract.ts'
import { provable } from '../acme/names.ts'
import type { AcmePolicy } from '../acme/policy.ts'
import type { CertificateView } from '../admin/certificate-view.ts'
import type { Config } from '../config/config.ts'
import { formatKey } from '../config/read/reading.ts'
import type { ProofAnswers } from '../exchange/world.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { Emit } from '../observe/events.ts'
import { homeOf } from '../own-files.ts'
import { asRefusal, type Move, NO_MOVE, type Part } from '../part.ts'
import { fingerprint } from '../secrets.ts'
import type { Problem } from '../stream/client-stream.ts'
import type { Certificate } from '../tls/certificate.ts'
import type { CertificateStore } from '../tls/certificate-store.ts'
import type { AcmeServices, AcmeWork } from './acme-work.ts'

export interface AcmeHostOptions extends Omit<AcmeServices, 'home'> {
  readonly env: Readonly<Record<string, string | undefined>> | undefined
  readonly emit: Emit
  readonly counters: Pick<EdgeCounters, 'certificatesIssued' | 'certificatesFailed'>
  readonly tls: { front(listener: string): { readonly store: CertificateStore } | undefined }
}

/** What stores call the certificates that come from here. */
const SOURCE = 'acme'

interface Running extends AcmeWork {
  /** Names of those that it works for. */
  listeners: readonly string[]
}

/** What a config wants of one policy. */
interface Wanted {
  readonly id: string
  /** `isShared`: other processes listen there, too. */
  readonly policy: AcmePolicy & { readonly isShared: boolean }
  readonly names: readonly string[]
  readonly listeners: readonly string[]
}

type Loaded = Awaited<ReturnType<Keeper['load']>>

export class AcmeHost implements Part<Config>, ProofAnswers {
  private readonly options: AcmeHostOptions
  /** By the policy's own text, its names left out. */
  private running: ReadonlyMap<string, Running> = new Map()
  /** Names that have been told to have none. */
  private toldMissing: ReadonlySet<string> = new Set()

  constructor(options: AcmeHostOptions) {
    this.options = options
  }

  async prepare(config: Config): Promise<Move> {
    const wanted = wantedBy(config)
    if (wanted.length === 0 && this.running.size === 0) return NO_MOVE
    const next: { readonly wanted: Wanted; readonly work: Running; readonly loaded: Loaded }[] = []
    for (const one of wanted) {
      const work = this.running.get(one.id) ?? (await this.create(one))
      // A storage that is away is told when something is to be ordered; what serves goes on.
      if (work.onDemand !== undefined) await work.keeper.loadDemanded().catch(() => undefined)
      const loaded = await work.keeper.load(one.names).catch(() => [])
      next.push({ wanted: one, work, loaded })
    }
    return { ...NO_MOVE, commit: () => this.take(next) }
  }

  /** Gives up what is under way. */
  stop(): void {
    for (const work of this.running.values()) work.end()
    this.running = new Map()
  }

  find(head: RequestHead): Problem | undefined {
    const token = tokenIn(head)
    if (token === undefined) return undefined
    for (const { proofs } of this.running.values()) {
      const text = proofs.answerTo(token)
      if (text !== undefined)
        return { status: 200, detail: 'a challenge', content: { type: 'application/octet-stream', text } }
    }
    return undefined
  }

  /** Of all listeners that order theirs. */
  get views(): readonly CertificateView[] {
    return [...this.running.values()].flatMap(({ keeper, listeners, place }) =>
      keeper.views.map(({ name, certificate, dueAt, isOrdering, failures, detail }) => ({
        name,
        listeners,
        source: 'acme' as const,
        place,
        ...factsOf(certificate),
        renewsAt: instant(Math.max(dueAt, this.options.clock.wallTime())),
        isOrdering,
        failures,
        detail,
      })),
    )
  }

  /** Names that a listener orders for, and that have none yet. */
  missingAt(listener: string): readonly string[] {
    if (this.running.size === 0) return []
    const works = [...this.running.values()].filter(({ listeners }) => listeners.includes(listener))
    return works.flatMap(({ keeper }) => missingIn(keeper))
  }

  /** Orders one for that name now; false: nobody keeps one for it. */
  renew(name: string): boolean {
    return [...this.running.values()].map(({ keeper }) => keeper.renew(name)).includes(true)
  }

  /** The names that it serves for from now on; none: it is for none that is kept. Rejects while the storage cannot be had. */
  async import(certificate: Certificate): Promise<readonly string[]> {
    const names = await Promise.all([...this.running.values()].map(({ keeper }) => keeper.import(certificate)))
    return [...new Set(names.flat())]
  }

  private async create({ policy, listeners }: Wanted): Promise<Running> {
    const { env, ...services } = this.options
    const { acmeAtWork } = await import('./acme-work.ts')
    try {
      const work: Running = {
        listeners,
        ...acmeAtWork(
          policy,
          { ...services, home: homeOf(env ?? {}) },
          {
            tell: (news) => this.tell(news),
            onChange: () => this.offer(work),
          },
        ),
      }
      return work
    } catch (error) {
      throw asRefusal(error, formatKey(['listeners', listeners[0] ?? '', 'tls', 'acme', 'storage']))
    }
  }

  private take(next: readonly { readonly wanted: Wanted; readonly work: Running; readonly loaded: Loaded }[]): void {
    const former = this.running
    this.running = new Map(next.map(({ wanted: { id }, work }) => [id, work]))
    for (const [id, work] of former) if (!this.running.has(id)) work.end()
    for (const listener of [...former.values()].flatMap(({ listeners }) => listeners)) this.withdraw(listener)
    const stillMissing = new Set<string>()
    for (const { wanted, work, loaded } of next) {
      work.listeners = wanted.listeners
      for (const listener of wanted.listeners) this.join(listener, work)
      work.keeper.take(wanted.names, loaded)
      const missing = missingIn(work.keeper)
      if (missing.some((name) => !this.toldMissing.has(name)))
        this.options.emit({ kind: 'certificates-missing', names: missing })
      for (const name of missing) stillMissing.add(name)
      work.proofs.start()
      work.keeper.start()
    }
    this.toldMissing = stillMissing
  }

  /** One that is kept on is joined again in the same turn. */
  private withdraw(listener: string): void {
    const store = this.options.tls.front(listener)?.store
    if (store === undefined) return
    store.set(SOURCE, [])
    store.challenge = undefined
    store.onUnknown = undefined
  }

  private join(listener: string, { keeper, proofs, onDemand, challenge }: Running): void {
    const store = this.options.tls.front(listener)?.store
    if (store === undefined) return
    // Without it nobody looks what a handshake offers.
    store.challenge = challenge === 'tls-alpn-01' ? (name) => proofs.certificateFor(name) : undefined
    store.onUnknown = onDemand && ((name) => onDemand.want(name))
    store.set(SOURCE, keeper.certificates)
  }

  private offer({ listeners, keeper }: Running): void {
    for (const listener of listeners) this.options.tls.front(listener)?.store.set(SOURCE, keeper.certificates)
  }

  private tell(news: KeeperNews): void {
    const { counters, emit } = this.options
    switch (news.kind) {
      case 'issued': {
        counters.certificatesIssued += 1
        const { name, certificate } = news
        return emit({
          kind: 'certificate-issued',
          name,
          issuer: certificate.issuer,
          until: instant(certificate.notAfter),
        })
      }
      case 'failed': {
        counters.certificatesFailed += 1
        const { name, fault, againMs, held } = news
        const until = held && instant(held.notAfter)
        return emit({ kind: 'certificate-failed', name, detail: fault.detail, againMs, until })
      }
      case 'unkept':
        return emit({ kind: 'certificate-unkept', name: news.name, reason: news.reason })
      case 'clock-off':
        return emit({ kind: 'clock-off', aheadMs: news.aheadMs })
    }
  }
}

const missingIn = ({ views }: Keeper): readonly string[] =>
  views.filter(({ certificate }) => certificate === undefined).map(({ name }) => name)

function wantedBy({ listeners, routes }: Config): readonly Wanted[] {
  const hosts = routes.flatMap(({ match }) => match.host ?? [])
  const byId = new Map<string, Wanted>()
  for (const { name, tls, reusePort: isShared } of listeners) {
    if (tls?.acme === undefined) continue
    const { names, ...policy } = tls.acme
    const id = fingerprint({ ...policy, isShared })
    const before = byId.get(id)
    const own = names ?? provable(hosts, policy.challenge)
    byId.set(id, {
      id,
      policy: { ...tls.acme, isShared },
      names: [...new Set([...(before?.names ?? []), ...own])],
      listeners: [...(before?.listeners ?? []), name],
    })
  }
  return [...byId.values()]
}

const PREFIX = '/.well-known/acme-challenge/'

/** RFC 8555 8.3; undefined: it is another request. */
function tokenIn(head: RequestHead): string | undefined {
  // Most paths are done with here, before a text is made of them.
  if (head.bytes[head.pathStart + 1] !== 0x2e) return undefined
  const { path } = head
  return path.startsWith(PREFIX) ? path.slice(PREFIX.length) : undefined
}

const instant = (at: number): string => new Date(at).toISOString()

export const factsOf = (certificate: Certificate | undefined) =>
  certificate === undefined
    ? { names: [], issuer: '', notBefore: null, notAfter: null, fingerprint: '' }
    : {
        names: certificate.names,
        issuer: certificate.issuer,
        notBefore: instant(certificate.notBefore),
        notAfter: instant(certificate.notAfter),
        fingerprint: certificate.fingerprint,
      }
