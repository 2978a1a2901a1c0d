/** Which clients may come, by the one address that rules go by. What is denied counts before what is allowed. */
import { clientAddress } from '../forward/client-address.ts'
import { type Admission, ADMITTED, type Verdict } from './admission.ts'

/** Of clients; '' stands for whoever comes over a Unix socket. */
export interface AddressSet {
  has(address: string): boolean
}

const detail = 'requests from this address are not allowed here'
const REFUSED: Verdict = { kind: 'refused', problem: { status: 403, detail }, reason: 'address' }

/** `allowed`, each one of them enough; empty: whoever is in none of `denied`. */
export function allowAddresses(allowed: readonly AddressSet[], denied: readonly AddressSet[]): Admission {
  const mayCome = (address: string): boolean =>
    !denied.some((set) => set.has(address)) && (allowed.length === 0 || allowed.some((set) => set.has(address)))
  return { admit: ({ identity }, head) => (mayCome(clientAddress(identity, head)) ? ADMITTED : REFUSED) }
}
