/** What killed processes leave behind: the files of their tokens, which nobody takes any more. */
import { isLoopback } from '../config/network.ts'
import { isListenedAt } from '../net/is-listened-at.ts'
import type { Home } from '../own-files.ts'
import { forgetToken, tokensHere } from './token-file.ts'

/** Removes those of our user at whose address nobody listens. Never rejects. */
export async function removeStaleTokens(home: Home): Promise<void> {
  for (const { file, address, token } of tokensHere(home)) {
    if (!isLoopback(address) || (await isListenedAt(address))) continue
    // Unless a process has begun there meanwhile: it has put its own.
    forgetToken(file, token, home)
  }
}
