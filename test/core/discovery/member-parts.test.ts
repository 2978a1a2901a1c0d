import { expect, test } from 'bun:test'
import { readMember } from '../../../core/config/read-member.ts'
import { readParts } from '../../../core/discovery/member-parts.ts'

test('a member that is told by its parts leaves it to its pool what is spoken to it', () => {
  const read = readParts({ host: '10.0.0.1', port: 8443, weight: 2, zone: 'eu' }, readMember)
  expect(read).toMatchObject({ kind: 'member', member: { id: '10.0.0.1:8443', weight: 2, zone: 'eu' } })
  expect(read.kind === 'member' && 'scheme' in read.member).toBe(false)
})

test('one that is told by its URL says so itself', () => {
  expect(readMember('https://10.0.0.1')).toMatchObject({ member: { id: 'https://10.0.0.1:443', scheme: 'https' } })
  expect(readMember('http://10.0.0.1')).toMatchObject({ member: { id: '10.0.0.1:80', scheme: 'http' } })
})

test('parts that are none are told', () => {
  expect(readParts({ host: '10.0.0.1', port: 0 }, readMember)).toMatchObject({ kind: 'fault' })
  expect(readParts({ host: 'a b', port: 1 }, readMember)).toMatchObject({ kind: 'fault' })
})
