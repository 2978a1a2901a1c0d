/**
 * What a node runs, kept on its own disk (mode 0600) for a start while the source is away. One for each source and node.
 * On Node's modules only: commands that read it run on Deno too.
 */
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type Home, type Kept, lastingFolders, readOwn, writeOwn } from '../own-files.ts'
import type { SourceAddress } from './address.ts'
import { readOffer, type Release, writeOffer } from './release.ts'

export type Copy =
  /** `writtenAt`: wall ms, of when it came into force. */
  | { readonly kind: 'copy'; readonly release: Release; readonly file: string; readonly writtenAt: number }
  | { readonly kind: 'absent' }
  /** It is there, and why it is not taken. */
  | { readonly kind: 'refused'; readonly reason: string }

/** A config may have 4 MiB, and JSON takes up to six characters for one. */
const MAX_BYTES = 25 * 1024 ** 2

/** What this node is called among the others: SMARTEDGE_NODE, else the machine's name. */
export const nodeName = (env: Readonly<Record<string, string | undefined>>): string =>
  env['SMARTEDGE_NODE'] || hostname()

/** A rule that a name of a node breaks, in words: it is a part of a key. */
export const faultOfNode = (name: string): string | undefined =>
  /^[\w.:@-]{1,100}$/.test(name)
    ? undefined
    : 'SMARTEDGE_NODE must be 1 to 100 letters, digits or any of . : @ - _, since it is a part of a key'

const fileName = ({ id }: SourceAddress, node: string): string =>
  `config-${id}-${createHash('sha256').update(node).digest('hex').slice(0, 8)}.json`

/** Never throws. */
export function keepCopy(source: SourceAddress, node: string, release: Release, home: Home): Kept {
  const text = writeOffer({ ...release, percent: 100, before: undefined })
  return writeOwn(lastingFolders(home), fileName(source, node), text, home)
}

/** Never throws. */
export function readCopy(source: SourceAddress, node: string, home: Home): Copy {
  let refused: Copy | undefined
  for (const folder of lastingFolders(home)) {
    const file = join(folder, fileName(source, node))
    const found = readOwn(file, MAX_BYTES, home)
    if (found.kind === 'absent') continue
    const read = found.kind === 'read' ? readOffer(found.text) : undefined
    if (found.kind === 'read' && read?.kind === 'offer') {
      const { generation, text } = read.offer
      return { kind: 'copy', release: { generation, text }, file, writtenAt: found.writtenAt }
    }
    refused ??= { kind: 'refused', reason: `${file}: ${found.kind === 'refused' ? found.reason : 'it is no copy'}` }
  }
  return refused ?? { kind: 'absent' }
}
