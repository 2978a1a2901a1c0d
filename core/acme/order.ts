/**
 * How a certificate is ordered (RFC 8555 7.1.6), as a table: each state knows what is asked next, and what is heard leads
 * to the next state. Nothing here waits, asks or draws: `place-order.ts` does what a state says.
 */
import {
  type Authorization,
  type Challenge,
  type Directory,
  type Order,
  readAuthorization,
  readOrder,
} from './answers.ts'
import { type AcmeFault, fault } from './fault.ts'
import type { ChallengeKind } from './policy.ts'
import { type Heard, jsonOf, type Post, type Reply } from './session.ts'

/** What is wanted, and by whom. */
export interface Plan {
  readonly name: string
  readonly challenge: ChallengeKind
  readonly directory: Directory
  /** Whose directory it is: what its answers lead to must be alike. */
  readonly base: string
  /** What a new account is asked for with. */
  readonly registration: object
  /** The request for the certificate, in DER. */
  readonly request: Buffer
  /** RFC 9773: the certificate that this one takes the place of. */
  readonly replaces: string | undefined
  /** ms from a challenge's being presented until the CA may look. */
  readonly settleMs: number
}

export type OrderState =
  | { readonly step: 'register' }
  | {
      readonly step: 'order'
      readonly account: string
      readonly replaces: string | undefined
      readonly isFresh: boolean
    }
  /** Looks at the first of `rest`. */
  | (Placed & { readonly step: 'authorization' })
  /** To be presented, for the CA to see. */
  | (Placed & { readonly step: 'present'; readonly challenge: Challenge })
  /** Told to look. */
  | (Placed & { readonly step: 'respond'; readonly challenge: Challenge })
  /** The CA looks; asked again and again. */
  | (Placed & { readonly step: 'validation'; readonly waits: Waits })
  | (Placed & { readonly step: 'finalize' })
  | (Placed & { readonly step: 'issuance'; readonly waits: Waits })
  | { readonly step: 'download'; readonly account: string; readonly certificate: string }
  | { readonly step: 'issued'; readonly account: string; readonly chain: string }
  | { readonly step: 'failed'; readonly fault: AcmeFault }

/** An order that stands with the CA. */
interface Placed {
  readonly account: string
  readonly url: string
  readonly order: Order
  /** Authorizations that are not yet known to be valid. */
  readonly rest: readonly string[]
}

interface Waits {
  /** ms before it is asked for again. */
  readonly nextMs: number
  /** So far, and failures to hear anything. */
  readonly spentMs: number
  readonly misses: number
}

const FIRST: Waits = { nextMs: 250, spentMs: 0, misses: 0 }
/** Longest wait for the CA to look, or to issue. */
const MAX_WAIT_MS = 10 * 60_000
const MAX_PAUSE_MS = 60_000
/** A CA that says when may say 0. */
const MIN_ASKED_MS = 1000
/** A CA that is not heard while it looks may still be looking. */
const MAX_MISSES = 3

export const beginOrder = (plan: Plan, account: string | undefined): OrderState =>
  account === undefined ? { step: 'register' } : { step: 'order', account, replaces: plan.replaces, isFresh: false }

/** What is posted in a state; undefined: it is over, or something of our own is to be done. */
export function postOf(state: OrderState, plan: Plan): Post | undefined {
  switch (state.step) {
    case 'register':
      return { url: plan.directory.newAccount, account: undefined, payload: plan.registration }
    case 'order': {
      const { account, replaces } = state
      const identifiers = [{ type: 'dns', value: plan.name }]
      return {
        url: plan.directory.newOrder,
        account,
        payload: { identifiers, ...(replaces !== undefined && { replaces }) },
      }
    }
    case 'authorization':
    case 'validation':
      return { url: state.rest[0] ?? '', account: state.account, payload: undefined }
    case 'respond':
      return { url: state.challenge.url, account: state.account, payload: {} }
    case 'finalize':
      return { url: state.order.finalize, account: state.account, payload: { csr: plan.request.toString('base64url') } }
    case 'issuance':
      return { url: state.url, account: state.account, payload: undefined }
    case 'download':
      return { url: state.certificate, account: state.account, payload: undefined }
    case 'present':
    case 'issued':
    case 'failed':
      return undefined
  }
}

/** ms to wait in a state before its post. */
export function pauseOf(state: OrderState, plan: Plan): number {
  if (state.step === 'respond') return plan.settleMs
  return state.step === 'validation' || state.step === 'issuance' ? state.waits.nextMs : 0
}

/** The challenge was presented, or could not be. */
export function presented(state: OrderState, failure: AcmeFault | undefined): OrderState {
  if (failure !== undefined) return failed(failure)
  return state.step === 'present' ? { ...state, step: 'respond' } : state
}

/** What a state becomes by what was heard on its post. */
export function advance(state: OrderState, plan: Plan, heard: Heard): OrderState {
  if (heard.kind === 'fault') return afterFault(state, heard.fault)
  switch (state.step) {
    case 'register': {
      const { location } = heard
      if (location === undefined) return nonsense('it gave the account no URL')
      return { step: 'order', account: location, replaces: plan.replaces, isFresh: true }
    }
    case 'order':
      return placed(state.account, plan, heard)
    case 'authorization':
      return authorized(state, plan, heard)
    case 'respond':
      return { ...state, step: 'validation', waits: waitsAfter(FIRST, heard) }
    case 'validation':
      return validated(state, plan, heard)
    case 'finalize':
    case 'issuance':
      return finalized(state, plan, heard)
    case 'download':
      return { step: 'issued', account: state.account, chain: heard.body.toString('latin1') }
    case 'present':
    case 'issued':
    case 'failed':
      return state
  }
}

function afterFault(state: OrderState, met: AcmeFault): OrderState {
  // An account that the CA has forgotten, as test CAs do, is made anew, once.
  if (state.step === 'order' && met.type === 'accountDoesNotExist' && !state.isFresh) return { step: 'register' }
  // RFC 9773 5: something is not right with what it replaces; the certificate is wanted all the same.
  if (state.step === 'order' && state.replaces !== undefined && met.kind === 'refused')
    return { ...state, replaces: undefined }
  // The CA may have finalized it, and be issuing (RFC 8555 7.4).
  if (state.step === 'finalize' && met.type === 'orderNotReady') return { ...state, step: 'issuance', waits: FIRST }
  if (state.step !== 'validation' && state.step !== 'issuance') return failed(met)
  const { waits } = state
  if (met.kind !== 'away' || waits.misses >= MAX_MISSES) return failed(met)
  return { ...state, waits: { ...longer(waits, met.retryAfterMs), misses: waits.misses + 1 } }
}

function placed(account: string, plan: Plan, heard: Reply): OrderState {
  const order = readOrder(jsonOf(heard.body), plan.base)
  if (order === undefined || heard.location === undefined) return nonsense('what it answered is no order')
  return nextOf({ account, url: heard.location, order, rest: order.authorizations }, FIRST)
}

/** Where an order goes on by its own status. */
function nextOf(at: Placed, waits: Waits): OrderState {
  const { order, account } = at
  switch (order.status) {
    case 'pending':
      return { ...at, step: 'authorization' }
    case 'ready':
      return { ...at, step: 'finalize' }
    case 'processing':
      return waits.spentMs > MAX_WAIT_MS ? failed(tooLong('issue')) : { ...at, step: 'issuance', waits }
    case 'valid':
      if (order.certificate === undefined) return nonsense('it has issued a certificate that is nowhere')
      return { step: 'download', account, certificate: order.certificate }
    case 'invalid':
      return failed(fault('refused', order.detail ?? 'it has made the order invalid, and does not say why'))
  }
}

function authorized(state: OrderState & { step: 'authorization' }, plan: Plan, heard: Reply): OrderState {
  const read = authorizationOf(plan, heard)
  if (read === undefined) return nonsense('what it answered is no authorization of that name')
  if (read.status === 'valid') return without(state)
  if (read.status !== 'pending') return failed(invalid(read))
  const challenge = read.challenges.find(({ type }) => type === plan.challenge)
  if (challenge !== undefined) return { ...state, step: 'present', challenge }
  const offered = read.challenges.map(({ type }) => type).join(', ') || 'nothing'
  return failed(fault('refused', `for ${plan.name} it offers ${offered}, not ${plan.challenge}`))
}

function validated(state: OrderState & { step: 'validation' }, plan: Plan, heard: Reply): OrderState {
  const read = authorizationOf(plan, heard)
  if (read === undefined) return nonsense('what it answered is no authorization of that name')
  if (read.status === 'valid') return without(state)
  if (read.status !== 'pending') return failed(invalid(read))
  const waits = waitsAfter(state.waits, heard)
  return waits.spentMs > MAX_WAIT_MS ? failed(tooLong('look at the challenge')) : { ...state, waits }
}

function authorizationOf(plan: Plan, heard: Reply): Authorization | undefined {
  const read = readAuthorization(jsonOf(heard.body), plan.base)
  return read?.name === plan.name.replace(/^\*\./, '') ? read : undefined
}

/** One authorization less; behind the last the order is looked at anew. */
function without({ account, url, order, rest }: Placed): OrderState {
  const left = { account, url, order, rest: rest.slice(1) }
  return left.rest.length > 0 ? { ...left, step: 'authorization' } : { ...left, step: 'finalize' }
}

function finalized(
  state: Placed & { step: 'finalize' | 'issuance'; waits?: Waits },
  plan: Plan,
  heard: Reply,
): OrderState {
  const order = readOrder(jsonOf(heard.body), plan.base)
  if (order === undefined) return nonsense('what it answered is no order')
  // It was finalized already: a CA that has it pending or ready still needs a moment.
  const { account, url } = state
  const status = order.status === 'pending' || order.status === 'ready' ? 'processing' : order.status
  return nextOf({ account, url, order: { ...order, status }, rest: [] }, waitsAfter(state.waits ?? FIRST, heard))
}

const waitsAfter = (waits: Waits, heard: Reply): Waits => ({ ...longer(waits, heard.retryAfterMs), misses: 0 })

function longer({ nextMs, spentMs, misses }: Waits, retryAfterMs: number | undefined): Waits {
  const pause = retryAfterMs === undefined ? nextMs * 1.5 : Math.max(retryAfterMs, MIN_ASKED_MS)
  return { nextMs: Math.min(pause, MAX_PAUSE_MS), spentMs: spentMs + nextMs, misses }
}

const failed = (why: AcmeFault): OrderState => ({ step: 'failed', fault: why })
const nonsense = (detail: string): OrderState => failed(fault('nonsense', detail))
const tooLong = (act: string): AcmeFault => fault('away', `it takes longer than 10 minutes to ${act}`)
const invalid = ({ status, name, detail }: Authorization): AcmeFault =>
  fault('refused', detail ?? `it has the authorization of ${name} ${status}, and does not say why`)
