/** One question to one name server: over UDP, and over TCP where the answer does not fit (RFC 7766). */
import { randomInt } from 'node:crypto'
import { connect } from 'node:net'
import { formatAddress } from '../address.ts'
import type { Cancel, Clock } from '../clock.ts'
import { DnsFault, type DnsMessage, readAnswer, type RecordType, writeQuestion } from '../names/dns-message.ts'
import type { NameServer } from '../names/servers.ts'
import { codeOf } from './error-code.ts'
import { inEvent, type ReportFault } from './event.ts'

export interface DnsQuestion {
  readonly server: NameServer
  /** In full, without a dot at its end. */
  readonly name: string
  readonly type: RecordType
  /** For the whole. */
  readonly timeoutMs: number
}

export type DnsAnswer =
  | { readonly kind: 'message'; readonly message: DnsMessage }
  /** In words. */
  | { readonly kind: 'failure'; readonly reason: string }

/** `heard` is called once, in an event of its own, unless the cancel that is returned is called before. */
export type AskDns = (question: DnsQuestion, heard: (answer: DnsAnswer) => void) => Cancel

export function createAskDns(clock: Pick<Clock, 'after'>, reportFault: ReportFault): AskDns {
  return (question, heard) => {
    const { server, timeoutMs } = question
    let isOver = false
    let stopAsking: Cancel = () => undefined
    const stop = (): void => {
      isOver = true
      cancelTimer()
      stopAsking()
    }
    const end = (answer: DnsAnswer): void => {
      if (isOver) return
      stop()
      inEvent(reportFault, () => heard(answer))
    }
    const where = formatAddress({ kind: 'tcp', host: server.address, port: server.port })
    const fail = (reason: string): void => end({ kind: 'failure', reason: `${where} ${reason}` })
    const cancelTimer = clock.after(timeoutMs, () => fail(`does not answer within ${timeoutMs} ms`))
    const bytes = bytesOf(question)
    if (bytes === undefined) {
      queueMicrotask(() => end({ kind: 'failure', reason: `${question.name} is no name` }))
      return stop
    }
    const take = (message: DnsMessage): void => {
      stopAsking()
      if (message.isTruncated) stopAsking = askOverTcp(server, bytes, { take: finish, fail })
      else finish(message)
    }
    const finish = (message: DnsMessage): void =>
      message.isTruncated ? fail('cuts its answers off') : end({ kind: 'message', message })
    stopAsking = askOverUdp(server, bytes, { take, fail })
    return stop
  }
}

/** Who asks knows neither the id nor, over UDP, the port by which the next question goes: nor does whoever would forge an answer. */
function bytesOf({ name, type }: DnsQuestion): Buffer | undefined {
  try {
    return writeQuestion(randomInt(2 ** 16), name, type)
  } catch {
    return undefined
  }
}

interface Hearing {
  readonly take: (message: DnsMessage) => void
  readonly fail: (reason: string) => void
}

/** A socket for each question, so that its port is another each time (RFC 5452 9.2), and connected, so that others are not heard. */
function askOverUdp({ address, port }: NameServer, question: Buffer, { take, fail }: Hearing): Cancel {
  let isOver = false
  let close: Cancel = () => undefined
  const hear = (bytes: Buffer): void => {
    try {
      const message = readAnswer(bytes, question)
      if (!isOver) take(message)
    } catch (error) {
      // Of somebody else, perhaps, who guesses: the true one may still come.
      if (!(error instanceof DnsFault)) throw error
    }
  }
  const stopWith = (error: unknown): void => {
    if (!isOver) fail(wordsOf(error))
  }
  // Bun 1.4.5 throws at once where no socket can be had, for want of a descriptor as well: in here it is a rejection.
  const open = async () =>
    await Bun.udpSocket({
      connect: { hostname: address, port },
      socket: {
        data: (_, bytes) => hear(bytes),
        // Bun 1.4.5 hands the error alone, whatever its types say.
        error: (...given: readonly unknown[]) => stopWith(given.at(-1)),
      },
    })
  open()
    .then((socket) => {
      if (isOver) return socket.close()
      close = () => socket.close()
      socket.send(question)
    })
    .catch(stopWith)
  return () => {
    isOver = true
    close()
  }
}

/** Each message behind its length, of two bytes. */
function askOverTcp({ address, port }: NameServer, question: Buffer, { take, fail }: Hearing): Cancel {
  const socket = connect({ host: address, port })
  let bytes = Buffer.alloc(0)
  let isOver = false
  const end = (): void => {
    isOver = true
    socket.destroy()
  }
  const stopWith = (reason: string): void => {
    if (isOver) return
    end()
    fail(reason)
  }
  socket.on('connect', () => {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(question.length, 0)
    socket.write(Buffer.concat([length, question]))
  })
  socket.on('data', (piece: Buffer) => {
    bytes = Buffer.concat([bytes, piece])
    if (isOver || bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) return
    try {
      const message = readAnswer(bytes.subarray(2, 2 + bytes.readUInt16BE(0)), question)
      end()
      take(message)
    } catch (error) {
      stopWith(error instanceof DnsFault ? `says what is no answer: ${error.message}` : String(error))
    }
  })
  socket.on('error', (error) => stopWith(wordsOf(error)))
  socket.on('close', () => stopWith('breaks off'))
  return end
}

const wordsOf = (error: unknown): string => `cannot be asked: ${codeOf(error) ?? String(error)}`
