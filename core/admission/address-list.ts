/** Lists of addresses and blocks, of the config or as the text of a file. */
import { BlockTableBuilder, parseBlock, setOf } from '../ip/blocks.ts'
import type { AddressSet } from './addresses.ts'
import { type ReadLines, readLines } from './line-file.ts'

/** Whoever comes over a Unix socket, where a peer has no address. */
const UNIX = 'unix:'

/** Throws as `parseBlock` does. */
export function addressSet(entries: readonly string[]): AddressSet {
  const builder = new AddressSetBuilder()
  for (const entry of entries) builder.add(entry)
  return builder.build()
}

/** One address, block or `unix:` a line. Rejects naming the first line that is none. */
export async function readAddressList(file: ReadLines): Promise<AddressSet> {
  const builder = new AddressSetBuilder()
  await readLines(file, (line) => builder.add(line))
  return builder.build()
}

class AddressSetBuilder {
  private readonly table = new BlockTableBuilder<true>()
  private hasUnix = false

  add(entry: string): void {
    if (entry === UNIX) this.hasUnix = true
    else this.table.add(parseBlock(entry), true)
  }

  build(): AddressSet {
    const { hasUnix } = this
    const blocks = setOf(this.table.build())
    return hasUnix ? { has: (address) => address === '' || blocks.has(address) } : blocks
  }
}
