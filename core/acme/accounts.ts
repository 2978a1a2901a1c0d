/** Accounts with CAs, one for each directory and address: their keys are made once and kept. */
import { createHash } from 'node:crypto'
import { Secret } from '../secrets.ts'
import { type AccountKey, accountKey, generateKey } from './jws.ts'
import type { Storage } from './storage.ts'

export interface Account {
  readonly key: AccountKey
  /** URL; undefined: it is not registered yet. */
  readonly url: string | undefined
  /** The CA has given it that URL. Rejects while the storage cannot be had. */
  registered(url: string): Promise<void>
}

/** Read, or made. Rejects with an Error in words. */
export async function accountOf(storage: Storage, directory: string, email: string | undefined): Promise<Account> {
  const id = createHash('sha256')
    .update(`${directory}\n${email ?? ''}`)
    .digest('hex')
    .slice(0, 16)
  const file = `accounts/${id}.json`
  const keep = (pem: Secret, url: string | undefined): Promise<void> =>
    storage.write(file, `${JSON.stringify({ directory, email, url, key: pem.reveal() }, null, 2)}\n`)
  const kept = await storage.read(file)
  const known = kept === undefined ? undefined : readAccount(kept)
  if (kept !== undefined && known === undefined)
    throw new Error(`${storage.place}/${file} holds no account: move it away, and another one is made`)
  const pem = known?.key ?? generateKey()
  if (known === undefined) await keep(pem, undefined)
  return { key: await accountKey(pem), url: known?.url, registered: (url) => keep(pem, url) }
}

function readAccount(text: string): { readonly key: Secret; readonly url: string | undefined } | undefined {
  try {
    const { key, url }: Record<string, unknown> = JSON.parse(text)
    if (typeof key !== 'string') return undefined
    return { key: new Secret(key), url: typeof url === 'string' ? url : undefined }
  } catch {
    return undefined
  }
}
