/** A policy -> who keeps its certificates. It alone has the ACME client loaded, and `jose` with it: 15 ms and 5 MB. */
import { join } from 'node:path'
import { Authority } from '../acme/authority.ts'
import { dnsHook } from '../acme/dns-hook.ts'
import { folderStorage } from '../acme/folder-storage.ts'
import { Keeper, type KeeperNews } from '../acme/keeper.ts'
import type { AcmePolicy, DirectoryPolicy } from '../acme/policy.ts'
import { Proofs } from '../acme/proofs.ts'
import type { Clock } from '../clock.ts'
import { readRegularFile, readText } from '../config/files.ts'
import type { Ask } from '../net/ask.ts'
import { type Home, lastingFolders } from '../own-files.ts'
import type { Random } from '../random.ts'

export interface AcmeServices {
  readonly ask: Ask
  readonly clock: Clock
  readonly random: Random
  /** Of whose files are kept where no folder is named. */
  readonly home: Home
}

export interface AcmeWork {
  readonly keeper: Keeper
  readonly proofs: Proofs
  /** Where its certificates are, in words. */
  readonly place: string
}

export interface AcmeEvents {
  readonly tell: (news: KeeperNews) => void
  /** Other certificates are there. */
  readonly onChange: () => void
}

/** Throws an Error in words where nothing can be kept. */
export function acmeAtWork(policy: AcmePolicy, services: AcmeServices, events: AcmeEvents): AcmeWork {
  const { ask, clock, random, home } = services
  const storage = folderStorage(folderOf(policy, home), home, () => clock.wallTime())
  const proofs = new Proofs(storage, clock)
  const authorityOf = (one: DirectoryPolicy): Authority =>
    new Authority({
      policy: one,
      email: policy.email,
      storage,
      ask,
      clock,
      readPem,
      onClock: (aheadMs) => keeper.noteClock(aheadMs),
    })
  const [first, ...others] = policy.directories
  const keeper: Keeper = new Keeper({
    policy,
    storage,
    authorities: [authorityOf(first), ...others.map(authorityOf)],
    presenter: policy.dns ? dnsHook({ program: policy.dns.hook, settleMs: policy.dns.settleMs, clock }) : proofs,
    clock,
    random,
    ...events,
  })
  return { keeper, proofs, place: storage.place }
}

function folderOf({ folder }: AcmePolicy, home: Home): string {
  const [lasting] = lastingFolders(home)
  if (folder !== undefined) return folder
  if (lasting === undefined) throw new Error('must name a folder: the user has none of their own')
  return join(lasting, 'acme')
}

function readPem(path: string): string | undefined {
  const file = readText(path, readRegularFile)
  return file.kind === 'text' ? file.text : undefined
}
