/** A source's address -> the store behind it. What it takes is loaded for whoever has one of its kind. */
import type { Clock } from '../clock.ts'
import { readRegularFile, readText } from '../config/files.ts'
import { createAsk } from '../net/ask.ts'
import type { ReportFault } from '../net/event.ts'
import { createAskLines } from '../net/lines.ts'
import type { Random } from '../random.ts'
import type { SourceAddress } from './address.ts'
import type { ConfigStore } from './store.ts'

export interface OpenServices {
  readonly clock: Clock
  readonly random: Random
  readonly reportFault: ReportFault
}

export async function openStore(
  source: SourceAddress,
  { clock, random, reportFault }: OpenServices,
): Promise<ConfigStore> {
  const services = {
    clock,
    random,
    ask: createAsk(clock, reportFault),
    askLines: createAskLines(clock, reportFault),
    readPem,
  }
  switch (source.kind) {
    case 'etcd':
      return (await import('./etcd-store.ts')).etcdStore(source, services)
    case 'consul':
      return (await import('./consul-store.ts')).consulStore(source, services)
    case 'http':
      return (await import('./http-store.ts')).httpStore(source, services)
  }
}

function readPem(path: string): string | undefined {
  const file = readText(path, readRegularFile)
  return file.kind === 'text' ? file.text : undefined
}
