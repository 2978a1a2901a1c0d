/** Takes an order from its beginning to a certificate, by the table of `order.ts`: asks, waits, presents, and clears up. */
import { generateKeyPairSync } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { isFor, readPair } from './certificate.ts'
import type { SecureMaterial } from '../net/tls-context.ts'
import type { Certificate } from '../tls/certificate.ts'
import { certificateRequest, pemOf } from './certificate-request.ts'
import { type AcmeFault, fault } from './fault.ts'
import type { AccountKey } from './jws.ts'
import { advance, beginOrder, type OrderState, pauseOf, type Plan, postOf, presented } from './order.ts'
import type { Presenter, Proof } from './presenter.ts'
import type { Session } from './session.ts'

export interface OrderRequest {
  readonly plan: Omit<Plan, 'request'>
  readonly session: Session
  readonly key: AccountKey
  /** URL; undefined: there is none yet. */
  readonly account: string | undefined
  readonly presenter: Presenter
  readonly clock: Pick<Clock, 'after'>
  /** Aborted: nobody wants it any more. */
  readonly signal: AbortSignal
}

export type Outcome = { readonly account: string | undefined } & (
  | { readonly kind: 'issued'; readonly certificate: Certificate }
  | { readonly kind: 'failed'; readonly fault: AcmeFault }
)

/** Never rejects. */
export async function placeOrder(wanted: OrderRequest): Promise<Outcome> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const plan: Plan = { ...wanted.plan, request: certificateRequest(wanted.plan.name, privateKey) }
  const proofs: Proof[] = []
  let account = wanted.account
  let state = beginOrder(plan, account)
  try {
    while (state.step !== 'issued' && state.step !== 'failed') {
      state = await step(state, plan, { ...wanted, proofs })
      if ('account' in state) ({ account } = state)
      if (wanted.signal.aborted) state = { step: 'failed', fault: fault('own', 'it is not wanted any more') }
    }
  } catch (error) {
    state = { step: 'failed', fault: fault('own', String(error)) }
  }
  for (const proof of proofs) await wanted.presenter.remove(proof)
  if (state.step !== 'issued') return { kind: 'failed', fault: faultOf(state), account }
  return { ...judge(plan.name, { chain: state.chain, key: pemOf(privateKey) }), account }
}

async function step(
  state: OrderState,
  plan: Plan,
  { session, key, presenter, clock, signal, proofs }: OrderRequest & { readonly proofs: Proof[] },
): Promise<OrderState> {
  if (state.step === 'present') {
    const { token } = state.challenge
    const proof = { name: plan.name, token, keyAuthorization: `${token}.${key.thumbprint}` }
    proofs.push(proof)
    return presented(state, await presenter.present(proof))
  }
  const post = postOf(state, plan)
  if (post === undefined) return state
  await pause(clock, pauseOf(state, plan), signal)
  return signal.aborted ? state : advance(state, plan, await session.post(plan.directory, post))
}

const faultOf = (state: OrderState): AcmeFault =>
  state.step === 'failed' ? state.fault : fault('own', 'the order did not come to an end')

/** What the CA gave is looked at as a stranger's: it must be for the name, and our key's. */
function judge(name: string, pair: SecureMaterial) {
  const read = readPair(pair)
  if (read.kind === 'fault')
    return { kind: 'failed', fault: fault('nonsense', `the ${read.part} that it issued ${read.rule}`) } as const
  if (!isFor(read.certificate, name))
    return { kind: 'failed', fault: fault('nonsense', 'the certificate that it issued is for another name') } as const
  return { kind: 'issued', certificate: read.certificate } as const
}

async function pause(clock: Pick<Clock, 'after'>, ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0 || signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(ms, resolve)
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
  cancel()
}
