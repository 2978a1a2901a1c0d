/**
 * What is wrong, in words: frame -> findings, each with pool, backend, why and since when. Pure. A backend is judged
 * beside its peers, not against a fixed limit: 200 ms may be a fine answer, but not where the others take 8.
 */
import type { BackendFrame, CertificatesFrame, Frame, PoolFrame } from '../report/frame.ts'
import { counted } from './amounts.ts'
import { latency, percent, rate } from './format.ts'
import { subjectOf } from './history.ts'

/**
 * 'away': a balancer that is watched beside others, and is not there. 'nobody': a pool without a usable backend.
 * 'degraded': one that uses members which are held out. 'full': one whose usable backends are all at their bounds.
 * 'sourceless': one that does not know whether its members are still there. 'deploys': its members are being replaced. 'reverted': another strategy is asked than it says. 'down', 'fails', 'slow':
 * of a backend. 'overloaded', 'refusing', 'reload', 'certificate': of the balancer itself.
 */
export type FindingKind =
  | 'away'
  | 'nobody'
  | 'degraded'
  | 'full'
  | 'sourceless'
  | 'deploys'
  | 'reverted'
  | 'down'
  | 'fails'
  | 'slow'
  | 'overloaded'
  | 'refusing'
  | 'reload'
  | 'certificate'

export interface Finding {
  readonly kind: FindingKind
  /** Whose balancer, where several are watched and it is about that itself. */
  readonly edge?: string | undefined
  /** Where several are watched, and it is not so at each: `at 10.0.0.5:9900`. */
  readonly place?: string
  /** undefined: the balancer itself. */
  readonly pool: string | undefined
  /** undefined: the whole pool, or the balancer. */
  readonly backend: string | undefined
  /** `48 % errors: 5xx answers`. */
  readonly why: string
  /** In place of `what`, where there is little room: `fails 48 %`. */
  readonly brief?: string
  /** Wall ms. */
  readonly since: number
  /** Wall ms of the newest frame that showed it. */
  readonly seenAt: number
}

interface KindFacts {
  readonly tone: 'bad' | 'warn'
  /** Behind the name of whom it is about. */
  readonly what: string
}

const kinds: Readonly<Record<FindingKind, KindFacts>> = {
  away: { tone: 'bad', what: 'is away' },
  nobody: { tone: 'bad', what: 'has no usable backend' },
  degraded: { tone: 'warn', what: 'uses who is held out' },
  sourceless: { tone: 'warn', what: 'has a source that is away' },
  full: { tone: 'warn', what: 'is full' },
  deploys: { tone: 'warn', what: 'is being deployed' },
  reverted: { tone: 'warn', what: 'is without its strategy' },
  down: { tone: 'bad', what: 'is down' },
  fails: { tone: 'bad', what: 'fails' },
  slow: { tone: 'warn', what: 'is slow' },
  overloaded: { tone: 'bad', what: 'is overloaded' },
  refusing: { tone: 'bad', what: 'refuses requests' },
  reload: { tone: 'warn', what: 'kept its old config' },
  certificate: { tone: 'warn', what: 'has certificates near their end' },
}

export const toneOf = ({ kind }: Finding): 'bad' | 'warn' => kinds[kind].tone

/** Fewer answers than this say nothing about a backend. */
const minAnswers = 5
const failingRatio = 0.05
const minErrors = 3
/** So many times the peers' median, and so much longer, is slow. */
const slowFactor = 3
const slowMs = 20
/** A finding that the newest frame can't confirm, for want of traffic, is kept for so long. */
const graceMs = 30_000

type Fresh = Omit<Finding, 'since' | 'seenAt'> & { readonly since?: number }

/** `before`: the findings of the frame before, whose beginnings are kept. The worst come first. */
export function findFaults(frame: Frame, before: readonly Finding[]): readonly Finding[] {
  const fresh = [...frame.pools.flatMap((pool) => poolFaults(pool)), ...edgeFaults(frame)]
  const known = new Map(before.map((one) => [identityOf(one), one]))
  const found = fresh.map((one): Finding => {
    const identity = identityOf(one)
    const since = one.since ?? known.get(identity)?.since ?? frame.at
    known.delete(identity)
    return { ...one, since, seenAt: frame.at }
  })
  const kept = known.size === 0 ? [] : undecided([...known.values()], frame)
  return [...found, ...kept].toSorted((one, other) => rankOf(one) - rankOf(other) || one.since - other.since)
}

/** The same for what is the same in two frames. */
export const identityOf = ({ kind, pool, backend }: Fresh): string =>
  pool === undefined ? kind : `${kind} ${subjectOf(pool, backend)}`

/** The worst come first. */
export const rankOf = (finding: Finding): number => (toneOf(finding) === 'bad' ? 0 : 1)

function poolFaults(pool: PoolFrame): Fresh[] {
  const { name, backends, usable } = pool
  if (backends.length === 0 && pool.sourceAway)
    return [{ kind: 'nobody', pool: name, backend: undefined, why: pool.sourceAway }]
  if (backends.length > 0 && usable === 0) {
    const whys = new Set(backends.map((backend) => backend.reason ?? backend.state))
    const why = `${counted(backends.length, 'backend')}, ${whys.size === 1 ? [...whys].join() : 'see each'}`
    const since = Math.max(...backends.map((backend) => backend.since))
    return [{ kind: 'nobody', pool: name, backend: undefined, why, since }]
  }
  const medians = mediansOf(backends)
  return [
    ...degradedFaults(pool),
    ...lostSources(pool),
    ...deploysOf(pool),
    ...fullness(pool),
    ...reversion(pool),
    ...backends.flatMap((backend) => backendFault(pool, backend, medians) ?? []),
  ]
}

type Named = Pick<PoolFrame, 'name'> & Partial<PoolFrame>

/** Balancers of before there were queues leave both numbers out. */
function fullness({ name, waiting = 0, turnedAwayPerSecond = 0 }: Named): Fresh[] {
  if (waiting === 0 && turnedAwayPerSecond === 0) return []
  const why = `${counted(waiting, 'request')} waiting, ${rate(turnedAwayPerSecond)}/s turned away`
  return [{ kind: 'full', pool: name, backend: undefined, why }]
}

const reversion = ({ name, strategy }: PoolFrame): Fresh[] =>
  strategy.reverted
    ? [{ kind: 'reverted', pool: name, backend: undefined, why: strategy.revertedBecause ?? 'it failed' }]
    : []

/** Balancers of before it was told leave it out. */
const degradedFaults = ({ name, degraded }: PoolFrame): Fresh[] =>
  degraded ? [{ kind: 'degraded', pool: name, backend: undefined, why: degraded }] : []

/** Balancers of before it was told leave it out. */
const lostSources = ({ name, sourceAway }: PoolFrame): Fresh[] =>
  sourceAway ? [{ kind: 'sourceless', pool: name, backend: undefined, why: sourceAway }] : []

/** Balancers of before there were any leave it out. */
const deploysOf = ({ name, deploy }: PoolFrame): Fresh[] =>
  deploy ? [{ kind: 'deploys', pool: name, backend: undefined, why: deploy }] : []

/** The gravest fault of a backend, if any. */
function backendFault({ name }: PoolFrame, backend: BackendFrame, medians: Medians): Fresh | undefined {
  const base = { pool: name, backend: backend.id }
  if (backend.state === 'unhealthy')
    return { ...base, kind: 'down', why: backend.reason ?? 'no reason given', since: backend.since }
  if (backend.errorRatio >= failingRatio && backend.errors >= minErrors) {
    const share = percent(backend.errorRatio)
    return {
      ...base,
      kind: 'fails',
      why: `${share} errors: ${backend.worstError ?? 'unknown'}`,
      brief: `fails ${share}`,
    }
  }
  const typical = medians.get(backend)
  const own = backend.latency?.p50Ms ?? 0
  if (typical === undefined || own < slowFactor * typical || own < typical + slowMs) return undefined
  const times = Math.round(own / Math.max(typical, 0.001))
  const why = `p50 ${latency(own)}, peers ${latency(typical)}`
  return { ...base, kind: 'slow', why, brief: `is ${times}x slower` }
}

/** By backend, the median of its peers' p50 in ms; none where it or they have answered too little to be compared. */
type Medians = ReadonlyMap<BackendFrame, number>

/** Of n - 1 peers the middle one stands where it stands among all n, or next to it where the backend itself comes before. */
function mediansOf(backends: readonly BackendFrame[]): Medians {
  const ordered = backends
    .flatMap((backend) => {
      const { count = 0, p50Ms = 0 } = backend.latency ?? {}
      return count >= minAnswers ? [{ backend, p50Ms }] : []
    })
    .toSorted((one, other) => one.p50Ms - other.p50Ms)
  const middle = Math.floor((ordered.length - 2) / 2)
  return new Map(
    ordered.flatMap(({ backend }, place) => {
      const peer = ordered[place <= middle ? middle + 1 : middle]
      return peer === undefined ? [] : [[backend, peer.p50Ms] as const]
    }),
  )
}

/** Balancers of before there were bounds for themselves tell neither of the two. */
interface Shed {
  readonly shedding?: boolean
  readonly totals: { readonly refusedPerSecond: number; readonly shedPerSecond?: number }
}

function refusals({ shedding = false, totals: { refusedPerSecond, shedPerSecond = 0 } }: Shed): Fresh[] {
  const base = { pool: undefined, backend: undefined }
  const others = refusedPerSecond - shedPerSecond
  const why = `${others.toFixed(1)}/s, for want of backends or connections`
  return [
    ...(shedding ? [{ ...base, kind: 'overloaded' as const, why: `${rate(shedPerSecond)}/s refused for it` }] : []),
    ...(others > 0 ? [{ ...base, kind: 'refusing' as const, why }] : []),
  ]
}

function certificateFault({ ending, name, notAfter }: CertificatesFrame, now: number): Fresh {
  const day = new Date(notAfter).toISOString().slice(0, 10)
  const others = ending > 1 ? `, and ${ending - 1} more` : ''
  const why = `${name} ${notAfter <= now ? 'ended' : 'ends'} on ${day}${others}`
  return { pool: undefined, backend: undefined, kind: 'certificate', why }
}

function edgeFaults(frame: Frame): Fresh[] {
  const { reload } = frame
  const faults = refusals(frame)
  if (reload && !reload.ok) {
    const [first = 'the newest could not be loaded'] = reload.problems
    faults.push({ pool: undefined, backend: undefined, kind: 'reload', why: first, since: reload.at })
  }
  // Balancers of before there was TLS tell nothing of it.
  const { certificates }: { readonly certificates?: Frame['certificates'] } = frame
  if (certificates) faults.push(certificateFault(certificates, frame.at))
  return faults
}

/** Those that were slow or failing before, and now are without enough traffic to tell. */
function undecided(some: readonly Finding[], { at, pools }: Frame): Finding[] {
  const backends = new Map(
    pools.flatMap(({ name, backends }) => backends.map((one) => [subjectOf(name, one.id), one] as const)),
  )
  return some.filter(({ kind, pool, backend: id, seenAt }) => {
    if (kind !== 'fails' && kind !== 'slow') return false
    const backend = backends.get(subjectOf(pool ?? '', id))
    if (!backend || backend.effectiveWeight === 0) return false
    return (backend.latency?.count ?? 0) < minAnswers && backend.errors === 0 && at - seenAt < graceMs
  })
}

export interface Verdict {
  readonly tone: 'good' | 'warn' | 'bad'
  /** The same in fewer words each time; the first has them all. */
  readonly wordings: readonly string[]
}

/** One sentence: which pool is unwell, which backends, why, since when. */
export function verdictOf(all: readonly Finding[], frame: Frame, timeText: (wallMs: number) => string): Verdict {
  // A deploy is no illness, and is told where there is none.
  const findings = all.filter(({ kind }) => kind !== 'deploys')
  const [worst] = findings
  if (!worst && all.length > 0) return verdictOfDeploys(all)
  if (!worst) {
    const backends = frame.pools.reduce((sum, pool) => sum + pool.backends.length, 0)
    return {
      tone: 'good',
      wordings: [`All is well: ${counted(frame.pools.length, 'pool')}, ${counted(backends, 'backend')}.`],
    }
  }
  const since = timeText(Math.min(...findings.map((finding) => finding.since)))
  const worstSince = timeText(worst.since)
  const owners = [...new Set(findings.map(ownerOf))]
  const who = owners.join(' and ')
  const opening = owners.length === 1 ? `${who} is unwell` : `${who} are unwell`
  // Whose it is stands in the opening, where it is about one pool alone.
  const subject = owners.length === 1 ? (one: Finding) => one.backend ?? 'it' : fullNameOf
  const list = (words: (one: Finding) => string): string =>
    findings.map((one) => `${subject(one)} ${words(one)}${placeOf(one)}`).join(', ')
  const short = list(whatOf)
  const more = findings.length === 1 ? '' : `, and ${findings.length - 1} more`
  return {
    tone: toneOf(worst),
    wordings: [
      `${opening} since ${since}: ${list((one) => `${whatOf(one)} (${one.why})`)}`,
      `${opening} since ${since}: ${list((one) => one.brief ?? whatOf(one))}`,
      `${opening} since ${since}: ${short}`,
      `${opening}: ${short}`,
      owners.length === 1 ? `${who}: ${short}` : short,
      `${ownerOf(worst)} is unwell since ${worstSince}: ${worst.backend ?? 'it'} ${whatOf(worst)}${placeOf(worst)}${more}`,
    ],
  }
}

function verdictOfDeploys(deploys: readonly Finding[]): Verdict {
  const words = (one: Finding): string => `${ownerOf(one)} ${whatOf(one)}${placeOf(one)}`
  return {
    tone: 'warn',
    wordings: [deploys.map((one) => `${words(one)}: ${one.why}`).join('; '), deploys.map(words).join(', ')],
  }
}

/** `fails`, `is slow`. */
export const whatOf = ({ kind }: Finding): string => kinds[kind].what

const ownerOf = ({ pool, edge }: Finding): string => pool ?? edge ?? 'the balancer'

const placeOf = ({ place }: Finding): string => (place === undefined ? '' : ` ${place}`)

const fullNameOf = (finding: Finding): string =>
  finding.backend === undefined ? ownerOf(finding) : `${ownerOf(finding)}/${finding.backend}`
