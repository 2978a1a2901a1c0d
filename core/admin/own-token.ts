/** Which access holds at an address by what the config says; makes and keeps a token of the process's own where it takes one. */
import { formatAddress, type SocketAddress } from '../address.ts'
import type { AdminConfig } from '../config/config.ts'
import type { Env } from '../config/read/expand.ts'
import { Secret } from '../secrets.ts'
import type { Access } from './access.ts'
import { homeOf, type Kept } from '../own-files.ts'
import { createToken, dropTokens, forgetToken, keepToken } from './token-file.ts'

export interface OwnToken {
  /** By the config as it is now: the token stays the same for as long as one is wanted. */
  accessFor(config: Omit<AdminConfig, 'address'>): Access
  /** Where it is kept, or why it is not; undefined: there is none. */
  readonly kept: Kept | undefined
  /** Takes the file away. */
  forget(): void
}

/** `address`: where the API really listens, numeric. `env`: says where files of the user lie; absent: nowhere. */
export function createOwnToken(address: SocketAddress, env: Env | undefined): OwnToken {
  const home = env && homeOf(env)
  let own: { readonly token: Secret; readonly kept: Kept } | undefined

  function make(): { readonly token: Secret; readonly kept: Kept } {
    const text = createToken()
    const kept: Kept = home ? keepToken(address, text, home) : { kind: 'fault', reason: 'nobody said where' }
    return { token: new Secret(text), kept }
  }

  function forget(): void {
    if (own?.kept.kind === 'kept' && home) forgetToken(own.kept.file, own.token.reveal(), home)
    own = undefined
  }

  return {
    accessFor({ token, open }) {
      // Whoever may open a Unix socket may read the file, too.
      if (token !== undefined || open || address.kind === 'unix') {
        forget()
        if (home) dropTokens(address, home)
        return token === undefined ? { kind: 'open' } : { kind: 'guarded', token }
      }
      own ??= make()
      return { kind: 'changes-guarded', token: own.token, advice: adviceOn(own.kept, address) }
    },
    get kept() {
      return own?.kept
    },
    forget,
  }
}

function adviceOn(kept: Kept, address: SocketAddress): string {
  if (kept.kind === 'fault')
    return `the process could keep its own nowhere (${kept.reason}); set admin.token, or admin.open where it is yours alone`
  return `send the header "Authorization: Bearer <token>" with what ${kept.file} holds; commands of smartedge that ask ${formatAddress(address)} find it there by themselves`
}
