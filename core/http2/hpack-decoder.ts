/** Reads field blocks (RFC 7541): each field goes to a sink as the table keeps it. Whatever is wrong is a connection's fault, since the tables of both sides are no longer the same. */
import { COMPRESSION_ERROR, ConnectionFault } from './errors.ts'
import { emptyLine, type Field, fieldNamedAs, fieldOf } from './field.ts'
import { decodedBound, decodeHuffman } from './huffman.ts'
import { DynamicTable, STATIC_FIELDS, STATIC_SIZE } from './tables.ts'

/** A whole field block: bytes[start..end), which others may lie around. */
export interface FieldBlock {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** Of a block that lies alone. */
export const blockOf = (bytes: Buffer): FieldBlock => ({ bytes, start: 0, end: bytes.length })

/** Hears of the fields of a block, in order. */
export interface FieldSink {
  onField(field: Field): void
}

/** More than any number that has a use; a longer one is refused as it is read. */
const MAX_INTEGER = 0x0fff_ffff
/** Changes of the table's size at the start of a block: to the least and to the last (RFC 7541 4.2). */
const MAX_RESIZES = 2

export class HpackDecoder {
  private readonly table: DynamicTable
  /** What the peer may set the table to, as our SETTINGS say. */
  private readonly maxTableBytes: number
  private bytes: Buffer = Buffer.alloc(0)
  private position = 0
  private end = 0
  // The string that was read last: [start, end) of `source`.
  private source: Buffer = this.bytes
  private start = 0
  private stop = 0
  private nameScratch: Buffer = Buffer.alloc(0)
  private valueScratch: Buffer = Buffer.alloc(0)

  constructor(maxTableBytes: number) {
    this.maxTableBytes = maxTableBytes
    this.table = new DynamicTable(maxTableBytes)
  }

  /** Throws ConnectionFault (COMPRESSION_ERROR), and what `sink` throws. */
  decode({ bytes, start, end }: FieldBlock, sink: FieldSink): void {
    this.bytes = bytes
    this.position = start
    this.end = end
    let resizes = 0
    let hasFields = false
    while (this.position < this.end) {
      const byte = bytes[this.position] as number
      if ((byte & 0xe0) === 0x20) {
        resizes += 1
        if (hasFields || resizes > MAX_RESIZES) throw fault('a table may change its size only before the first field')
        this.resize()
        continue
      }
      hasFields = true
      if (byte >= 0x80) sink.onField(this.indexed(this.readInteger(0x7f)))
      else if (byte >= 0x40) sink.onField(this.add(this.readLiteral(0x3f, true)))
      else sink.onField(this.readLiteral(0x0f, false))
    }
    this.bytes = EMPTY
    this.source = EMPTY
  }

  private resize(): void {
    const size = this.readInteger(0x1f)
    if (size > this.maxTableBytes) throw fault(`the table may have at most ${this.maxTableBytes} bytes, not ${size}`)
    this.table.resize(size)
  }

  private add(field: Field): Field {
    this.table.add(field)
    return field
  }

  private indexed(index: number): Field {
    const field = index <= STATIC_SIZE ? STATIC_FIELDS[index - 1] : this.table.at(index - STATIC_SIZE - 1)
    if (field === undefined) throw fault(`no field has index ${index}`)
    return field
  }

  private readLiteral(mask: number, isKept: boolean): Field {
    const index = this.readInteger(mask)
    if (index > 0) {
      const named = this.indexed(index)
      this.readString(false)
      return fieldNamedAs(named, this.lineOf(named.line, 0, named.nameLength, isKept))
    }
    this.readString(true)
    const { source, start, stop } = this
    if (start === stop) throw fault('a field name may not be empty')
    this.readString(false)
    return fieldOf(this.lineOf(source, start, stop, isKept), stop - start)
  }

  /** Of that name and the string that was read last. */
  private lineOf(source: Buffer, start: number, stop: number, isKept: boolean): Buffer {
    const nameLength = stop - start
    const line = emptyLine(nameLength, this.stop - this.start, isKept)
    source.copy(line, 0, start, stop)
    this.source.copy(line, nameLength + 2, this.start, this.stop)
    return line
  }

  /** A number whose first bits are those that `mask` leaves of this byte (RFC 7541 5.1). */
  private readInteger(mask: number): number {
    let value = (this.bytes[this.position++] as number) & mask
    if (value < mask) return value
    let shift = 0
    for (;;) {
      const byte = this.position < this.end ? (this.bytes[this.position++] as number) : cutShort()
      value += (byte & 0x7f) * 2 ** shift
      if (value > MAX_INTEGER || shift > 28) throw fault('a number is too large')
      if (byte < 0x80) return value
      shift += 7
    }
  }

  /** A string (RFC 7541 5.2); a name and a value may both be there at once. */
  private readString(isName: boolean): void {
    if (this.position >= this.end) cutShort()
    const isCoded = (this.bytes[this.position] as number) >= 0x80
    const length = this.readInteger(0x7f)
    const start = this.position
    const end = start + length
    if (end > this.end) cutShort()
    this.position = end
    if (!isCoded) {
      this.source = this.bytes
      this.start = start
      this.stop = end
      return
    }
    const scratch = this.scratchFor(isName, decodedBound(length))
    const decoded = decodeHuffman(this.bytes, start, end, scratch)
    if (decoded < 0) throw fault('a string is no valid Huffman code')
    this.source = scratch
    this.start = 0
    this.stop = decoded
  }

  private scratchFor(isName: boolean, size: number): Buffer {
    const known = isName ? this.nameScratch : this.valueScratch
    if (known.length >= size) return known
    const larger = Buffer.allocUnsafeSlow(Math.max(256, size))
    if (size > MAX_SCRATCH) return larger
    if (isName) this.nameScratch = larger
    else this.valueScratch = larger
    return larger
  }
}

/** What a connection keeps for the next string. */
const MAX_SCRATCH = 4096
const EMPTY = Buffer.alloc(0)

const fault = (message: string): ConnectionFault => new ConnectionFault(message, COMPRESSION_ERROR)

function cutShort(): never {
  throw fault('a field block ends in the middle of a field')
}
