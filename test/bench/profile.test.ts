import { describe, expect, test } from 'bun:test'
import { profiles, renderRequest, renderResponse } from '../../bench/profile.ts'

const parts = (message: Buffer) => {
  const text = message.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const [start = '', ...fields] = text.slice(0, end).split('\r\n')
  return { start, fields, bodyBytes: message.length - end - 4 }
}

describe.each(Object.values(profiles))('the profile $name', (profile) => {
  test('has requests with its number of fields, all different, and its body', () => {
    const { start, fields, bodyBytes } = parts(renderRequest(profile, 'h:1', { close: false, path: '/p', id: 7 }))
    expect(start).toBe(`${profile.requestBodyBytes > 0 ? 'POST' : 'GET'} /p?id=7 HTTP/1.1`)
    expect(fields).toHaveLength(profile.requestFields)
    expect(new Set(fields.map((field) => field.split(':')[0])).size).toBe(profile.requestFields)
    expect(fields[0]).toBe('Host: h:1')
    expect(bodyBytes).toBe(profile.requestBodyBytes)
    const length = fields.find((field) => field.startsWith('Content-Length'))
    expect(length).toBe(bodyBytes > 0 ? `Content-Length: ${bodyBytes}` : undefined)
  })

  test('has responses with its number of fields and its body', () => {
    const { start, fields, bodyBytes } = parts(renderResponse(profile))
    expect(start).toBe('HTTP/1.1 200 OK')
    expect(fields).toHaveLength(profile.responseFields)
    expect(fields).toContain(`Content-Length: ${profile.responseBodyBytes}`)
    expect(bodyBytes).toBe(profile.responseBodyBytes)
  })

  test('asks to close in one more field', () => {
    const { fields } = parts(renderRequest(profile, 'h:1', { close: true, path: '/', id: 0 }))
    expect(fields).toHaveLength(profile.requestFields + 1)
    expect(fields).toContain('Connection: close')
  })
})
