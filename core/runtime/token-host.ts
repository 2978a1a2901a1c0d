/** A policy of tokens -> who checks them, with the keys to check them by. It alone has `jose` loaded: 15 ms and 5 MB. */
import type { JwtPolicy } from '../admission/auth-policy.ts'
import { TokenAdmission } from '../admission/jwt.ts'
import { fixedKeys, type Keys, KeySet } from '../admission/key-set.ts'
import type { Reach } from '../reach.ts'
import type { Clock } from '../clock.ts'
import type { Ask } from '../net/ask.ts'
import { inEvent, type ReportFault } from '../net/event.ts'
import type { AtWork } from './at-work.ts'
import { KeyFile } from './key-file.ts'

export interface TokenHostOptions {
  readonly ask: Ask
  readonly clock: Clock
  readonly reportFault: ReportFault
  /** Who tells whether that URL answers. */
  readonly reachOf: (url: string) => Reach
}

/** Nothing is fetched or read before it is started, or got ready. */
export function tokensAtWork(policy: JwtPolicy, options: TokenHostOptions): AtWork {
  const { clock, reportFault } = options
  const { keys, ...rest } = keysAtWork(policy.keys, options, () => admission.forget())
  const admission = new TokenAdmission({ policy, keys, clock, inEvent: (task) => inEvent(reportFault, task) })
  return { admission, ...rest }
}

type KeysAtWork = Omit<AtWork, 'admission'> & { readonly keys: Keys }

/** `onChange`: there are other keys. */
function keysAtWork(
  source: JwtPolicy['keys'],
  { ask, clock, reachOf }: TokenHostOptions,
  onChange: () => void,
): KeysAtWork {
  switch (source.kind) {
    case 'secret':
      return { keys: fixedKeys(Buffer.from(source.secret.reveal())) }
    case 'file': {
      const keys = new KeyFile(source.path, onChange)
      return { keys, prepare: (key) => keys.prepare(`${key}.jwksFile`) }
    }
    case 'url': {
      const { url, refreshMs } = source
      const keys = new KeySet({ url, refreshMs, ask, clock, onChange, reach: reachOf(url) })
      return { keys, start: () => keys.start(), stop: () => keys.stop() }
    }
  }
}
