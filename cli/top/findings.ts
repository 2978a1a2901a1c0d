/**
 * What is wrong, in words: frame -> findings, each with pool, backend, why and since when. Pure. A backend is judged
 * beside its peers, not against a fixed limit: 200 ms may be a fine answer, but not where the others take 8.
 */
import type { BackendFrame, Frame, PoolFrame } from '../../core/report/frame.ts'
import { counted, latency, percent } from './format.ts'

export interface Finding {
  /** Tells whether it is the same one as in the frame before. */
  readonly key: string
  /** Empty: the balancer itself. */
  readonly pool: string
  readonly backend: string | undefined
  readonly tone: 'bad' | 'warn'
  /** After the backend's name: `fails`, `is slow`, `is down`. */
  readonly what: string
  /** `48 % errors: 5xx answers`. */
  readonly why: string
  /** Both in fewer words: `fails 48 %`. */
  readonly brief: string
  /** Wall ms. */
  readonly since: number
  /** Wall ms of the newest frame that showed it. */
  readonly seenAt: number
}

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
  const known = new Map(before.map((finding) => [finding.key, finding]))
  const fresh = [...frame.pools.flatMap((pool) => poolFaults(pool)), ...edgeFaults(frame)]
  const found = fresh.map((one): Finding => ({
    ...one,
    since: one.since ?? known.get(one.key)?.since ?? frame.at,
    seenAt: frame.at,
  }))
  const keys = new Set(found.map(({ key }) => key))
  const kept = before.filter((one) => !keys.has(one.key) && isUndecided(one, frame))
  return [...found, ...kept].toSorted((one, other) => rank(one) - rank(other) || one.since - other.since)
}

const rank = ({ tone }: Finding): number => (tone === 'bad' ? 0 : 1)

function poolFaults(pool: PoolFrame): Fresh[] {
  const { name, backends, usable } = pool
  if (backends.length > 0 && usable === 0) {
    const whys = new Set(backends.map((backend) => backend.reason ?? backend.state))
    const why = `${counted(backends.length, 'backend')}, ${whys.size === 1 ? [...whys].join() : 'see each'}`
    const since = Math.max(...backends.map((backend) => backend.since))
    return [
      {
        key: `${name} nobody`,
        pool: name,
        backend: undefined,
        tone: 'bad',
        what: 'has no usable backend',
        brief: 'has no usable backend',
        why,
        since,
      },
    ]
  }
  return backends.flatMap((backend) => backendFault(pool, backend) ?? [])
}

/** The gravest fault of a backend, if any. */
function backendFault(pool: PoolFrame, backend: BackendFrame): Fresh | undefined {
  const base = { pool: pool.name, backend: backend.id, key: `${pool.name}/${backend.id}` }
  if (backend.state === 'unhealthy')
    return {
      ...base,
      key: `${base.key} down`,
      tone: 'bad',
      what: 'is down',
      brief: 'is down',
      why: backend.reason ?? 'no reason given',
      since: backend.since,
    }
  if (backend.errorRatio >= failingRatio && backend.errors >= minErrors) {
    const why = `${percent(backend.errorRatio)} errors: ${backend.worstError ?? 'unknown'}`
    return {
      ...base,
      key: `${base.key} fails`,
      tone: 'bad',
      what: 'fails',
      why,
      brief: `fails ${percent(backend.errorRatio)}`,
    }
  }
  const typical = peersMedianMs(pool, backend)
  const own = backend.latency?.p50Ms ?? 0
  if (typical === undefined || own < slowFactor * typical || own < typical + slowMs) return undefined
  const times = Math.round(own / Math.max(typical, 0.001))
  return {
    ...base,
    key: `${base.key} slow`,
    tone: 'warn',
    what: 'is slow',
    why: `p50 ${latency(own)}, peers ${latency(typical)}`,
    brief: `is ${times}x slower`,
  }
}

/** undefined when it or they have answered too little to be compared. */
function peersMedianMs({ backends }: PoolFrame, backend: BackendFrame): number | undefined {
  const speaks = ({ latency }: BackendFrame): boolean => latency !== null && latency.count >= minAnswers
  if (!speaks(backend)) return undefined
  const peers = backends
    .filter((peer) => peer !== backend && speaks(peer))
    .map((peer) => peer.latency?.p50Ms ?? 0)
    .toSorted((one, other) => one - other)
  return peers[Math.floor((peers.length - 1) / 2)]
}

function edgeFaults({ totals, reload }: Frame): Fresh[] {
  const faults: Fresh[] = []
  if (totals.refusedPerSecond > 0)
    faults.push({
      key: ' refusing',
      pool: '',
      backend: undefined,
      tone: 'bad',
      what: 'refuses requests',
      brief: 'refuses requests',
      why: `${totals.refusedPerSecond.toFixed(1)}/s, for want of backends or connections`,
    })
  if (reload && !reload.ok) {
    const [first] = reload.problems
    faults.push({
      key: ' reload',
      pool: '',
      backend: undefined,
      tone: 'warn',
      what: 'kept its old config',
      brief: 'kept its old config',
      why: first ?? 'the newest could not be loaded',
      since: reload.at,
    })
  }
  return faults
}

/** Slow or failing before, and now without enough traffic to tell. */
function isUndecided(finding: Finding, frame: Frame): boolean {
  if (finding.backend === undefined || !/ (?:fails|slow)$/.test(finding.key)) return false
  const backend = frame.pools
    .find((pool) => pool.name === finding.pool)
    ?.backends.find((one) => one.id === finding.backend)
  if (!backend || backend.effectiveWeight === 0) return false
  return (backend.latency?.count ?? 0) < minAnswers && backend.errors === 0 && frame.at - finding.seenAt < graceMs
}

export interface Verdict {
  readonly tone: 'good' | 'warn' | 'bad'
  /** The same in fewer words each time; the first has them all. */
  readonly wordings: readonly string[]
}

/** One sentence: which pool is unwell, which backends, why, since when. */
export function verdictOf(findings: readonly Finding[], frame: Frame, timeText: (wallMs: number) => string): Verdict {
  const [worst] = findings
  if (!worst) {
    const backends = frame.pools.reduce((sum, pool) => sum + pool.backends.length, 0)
    return {
      tone: 'good',
      wordings: [`All is well: ${counted(frame.pools.length, 'pool')}, ${counted(backends, 'backend')}.`],
    }
  }
  const since = timeText(Math.min(...findings.map((finding) => finding.since)))
  const pools = [...new Set(findings.map(({ pool }) => pool))]
  const who = pools.map((pool) => pool || 'the balancer').join(' and ')
  const full = findings.map((one) => `${nameOf(one)} (${one.why})`).join(', ')
  const short = findings.map(nameOf).join(', ')
  const brief = findings.map((one) => `${one.backend ?? 'it'} ${one.brief}`).join(', ')
  const opening = pools.length === 1 ? `${who} is unwell` : `${who} are unwell`
  return {
    tone: worst.tone,
    wordings: [
      `${opening} since ${since}: ${full}`,
      `${opening} since ${since}: ${brief}`,
      `${opening} since ${since}: ${short}`,
      `${opening}: ${short}`,
      `${who}: ${short}`,
      `${worst.pool || 'the balancer'} is unwell since ${since}: ${nameOf(worst)}, and ${findings.length - 1} more`,
    ],
  }
}

const nameOf = ({ backend, what }: Finding): string => (backend ? `${backend} ${what}` : `it ${what}`)
