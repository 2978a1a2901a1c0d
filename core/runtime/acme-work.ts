/** A policy -> who keeps its certificates. It alone has the ACME client loaded, and `jose` with it: 15 ms and 5 MB. */
import { join } from 'node:path'
import { Authority } from '../acme/authority.ts'
import { dnsHook } from '../acme/dns-hook.ts'
import { etcdStorage } from '../acme/etcd-storage.ts'
import { folderStorage } from '../acme/folder-storage.ts'
import { Keeper } from '../acme/keeper.ts'
import type { KeeperNews } from '../acme/keeper-contract.ts'
import { OnDemand } from '../acme/on-demand.ts'
import type { AcmePolicy, ChallengeKind, DirectoryPolicy } from '../acme/policy.ts'
import { Proofs } from '../acme/proofs.ts'
import { redisStorage } from '../acme/redis-storage.ts'
import type { Storage } from '../acme/storage.ts'
import type { Clock } from '../clock.ts'
import { readRegularFile, readText } from '../config/files.ts'
import { askEtcd } from '../discovery/etcd-client.ts'
import { dialRedis } from '../limits/redis.ts'
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
  readonly challenge: ChallengeKind
  /** Absent: nobody may ask for names. */
  readonly onDemand?: OnDemand
  /** Nothing more is wanted; what is under way is given up. */
  readonly end: () => void
  /** Where its certificates are, in words. */
  readonly place: string
}

export interface AcmeEvents {
  readonly tell: (news: KeeperNews) => void
  /** Other certificates are there. */
  readonly onChange: () => void
}

/** Throws an Error in words where nothing can be kept. */
export function acmeAtWork(
  policy: AcmePolicy & { readonly isShared: boolean },
  services: AcmeServices,
  events: AcmeEvents,
): AcmeWork {
  const { ask, clock, random } = services
  const storage = storageOf(policy, services)
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
  const onDemand =
    policy.onDemand === undefined
      ? undefined
      : new OnDemand({
          url: policy.onDemand,
          ask,
          clock,
          has: (name) => keeper.has(name),
          onAllowed: (name) => keeper.demand(name),
        })
  const [first, ...others] = policy.directories
  const keeper: Keeper = new Keeper({
    ...(onDemand && { agrees: (name: string) => onDemand.agrees(name) }),
    policy,
    storage,
    authorities: [authorityOf(first), ...others.map(authorityOf)],
    presenter: policy.dns ? dnsHook({ program: policy.dns.hook, settleMs: policy.dns.settleMs, clock }) : proofs,
    clock,
    random,
    ...events,
  })
  const end = (): void => {
    keeper.stop()
    proofs.stop()
    storage.end()
  }
  return { keeper, proofs, end, challenge: policy.challenge, place: storage.place, ...(onDemand && { onDemand }) }
}

function storageOf(
  { storage: place, isShared }: AcmePolicy & { readonly isShared: boolean },
  { ask, clock, home }: AcmeServices,
): Storage {
  switch (place.kind) {
    case 'folder':
      return folderStorage({ folder: place.folder ?? lasting(home), home, now: () => clock.wallTime(), isShared })
    case 'redis':
      return redisStorage({ url: place.url, dial: dialRedis, clock })
    case 'etcd':
      return etcdStorage({ prefix: place.prefix, ask: askEtcd(place, { ask, readPem }) })
  }
}

function lasting(home: Home): string {
  const [folder] = lastingFolders(home)
  if (folder === undefined) throw new Error('must name a folder: the user has none of their own')
  return join(folder, 'acme')
}

function readPem(path: string): string | undefined {
  const file = readText(path, readRegularFile)
  return file.kind === 'text' ? file.text : undefined
}
