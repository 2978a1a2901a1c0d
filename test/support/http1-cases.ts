/**
 * The ways every codec case is fed: whole, byte by byte, behind other bytes, before other bytes, and cut short. A case is
 * good when all of them agree.
 */
import { expect } from 'bun:test'
import type { HeadReading } from './http1-heads.ts'
import { byteByByte, bytesOf, limits } from './http1-bytes.ts'
import { readRequest, readResponse } from './http1-heads.ts'
import type { HttpLimits } from '../../core/http1/limits.ts'

type Read = (pieces: readonly Buffer[], within?: HttpLimits, start?: number) => HeadReading<object>

/** What may follow a head: a pipelined request, a body with every byte that no head may hold. */
const TRAILING = 'GET /next HTTP/1.1\r\n\r\n\0\n\r\x7f\xff\r\n\r\n'
const BEFORE = 'x\n\0\r\n'

function expectAccepted(read: Read, text: string, view: object, within: HttpLimits): void {
  const accepted = (rest: string) => ({ kind: 'head', view: expect.objectContaining(view), rest }) as const
  expect(read([bytesOf(text)], within)).toEqual(accepted(''))
  expect(read([bytesOf(text + TRAILING)], within)).toEqual(accepted(TRAILING))
  expect(read([bytesOf(BEFORE + text + TRAILING)], within, BEFORE.length)).toEqual(accepted(TRAILING))
  expect(read(byteByByte(text), within)).toEqual(accepted(''))
  expect(read([...byteByByte(text.slice(0, -1)), bytesOf(text.slice(-1) + TRAILING)], within)).toEqual(
    accepted(TRAILING),
  )
  const stride = Math.max(1, Math.floor(text.length / 300))
  for (let length = 0; length < text.length; length += stride) {
    expect(read([bytesOf(text.slice(0, length))], within)).toEqual({ kind: 'incomplete' })
  }
}

/** Byte by byte, a byte that no head may hold is seen first, whatever else is wrong. */
const SEEN_EARLY = /bare LF|may not hold byte/

function expectRefused(read: Read, text: string, status: number, rule: RegExp, within: HttpLimits): void {
  const refused = (message: RegExp) => ({ kind: 'refused', status, message: expect.stringMatching(message) }) as const
  const early = new RegExp(`${rule.source}|${SEEN_EARLY.source}`)
  expect(read([bytesOf(text)], within)).toEqual(refused(rule))
  expect(read([bytesOf(text + TRAILING)], within)).toEqual(refused(rule))
  expect(read([bytesOf(BEFORE + text)], within, BEFORE.length)).toEqual(refused(rule))
  expect(read(byteByByte(text), within)).toEqual(refused(early))
  expect(read(byteByByte(text + TRAILING), within)).toEqual(refused(early))
}

export const expectRequest = (text: string, view: object, within: HttpLimits = limits): void =>
  expectAccepted(readRequest, text, view, within)

export const expectResponse = (text: string, view: object, within: HttpLimits = limits): void =>
  expectAccepted(readResponse, text, view, within)

/** `rule`: what the message must say, so that who reads it knows which rule was broken. */
export const expectRequestRefused = (text: string, rule: RegExp, status = 400, within: HttpLimits = limits): void =>
  expectRefused(readRequest, text, status, rule, within)

export const expectResponseRefused = (text: string, rule: RegExp, status = 400, within: HttpLimits = limits): void =>
  expectRefused(readResponse, text, status, rule, within)
