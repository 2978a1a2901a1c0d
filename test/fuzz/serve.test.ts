/** Request smuggling through Bun.serve: what a backend is asked is what strict reading finds in the same bytes, or nothing. */
import { expect, test } from 'bun:test'
import { tcpListener } from '../support/edge.ts'
import { codingLines, hostileHosts, hostileTargets, lengthLines } from '../support/http1-corpus.ts'
import { readPipeline } from '../support/http1-pipeline.ts'
import { ok } from '../support/raw-backend.ts'
import { turn } from '../support/raw-peer.ts'
import { type Rig, startRig } from '../support/rig.ts'

const TIMEOUT_MS = 120_000
const CHUNKS = '5\r\nhello\r\n0\r\n\r\n'
const BEHIND = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'

const framings = codingLines.flatMap((coding) =>
  lengthLines.flatMap((length) => {
    const head = `POST /first HTTP/1.1\r\nHost: a\r\n${coding}\r\n${length}\r\n\r\n`
    return [`${head}hello`, `${head}${CHUNKS}`, `${head}${CHUNKS}${BEHIND}`]
  }),
)
const hosts = hostileHosts.flatMap((host) => {
  const head = `GET /first HTTP/1.1\r\nHost: ${host}\r\n\r\n`
  return [head, head + BEHIND]
})
const targets = hostileTargets.flatMap((target) => {
  const head = `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`
  return [head, head + BEHIND]
})

/** Turns in which an answer to what is whole has come; what is not is given up. */
const PATIENCE_TURNS = 300

/** What the backend was asked for by whoever sent `text`. */
async function askedBy(rig: Rig, text: string): Promise<readonly string[]> {
  const before = rig.backend.requests.length
  await using client = await rig.connect()
  client.send(text)
  for (let turns = 0; turns < PATIENCE_TURNS && client.text === '' && client.closing === undefined; turns += 1)
    await turn()
  // What stands behind it would come now.
  for (let turns = 0; turns < 20; turns += 1) await turn()
  return rig.backend.requests.slice(before).map(({ method, body }) => `${method} ${body}`)
}

const startServed = (): Promise<Rig> =>
  startRig({ answer: ok(), config: { listeners: [{ ...tcpListener('web', 0), engine: 'serve' }] } })

test(
  'by obfuscated framing nobody gets anything in',
  async () => {
    await using rig = await startServed()
    for (const text of framings) {
      const strict = readPipeline(text).map(({ method, body }) => `${method} ${body}`)
      const asked = await askedBy(rig, text)
      if (!Bun.deepEquals(asked, strict.slice(0, asked.length)))
        throw new Error(
          `${JSON.stringify(text)}: strict reading finds ${JSON.stringify(strict)}, asked was ${asked.join()}`,
        )
    }
    expect(rig.backend.requests.length).toBeGreaterThan(20)
  },
  TIMEOUT_MS,
)

test('by odd hosts nobody gets anything in', async () => {
  await using rig = await startServed()
  for (const text of hosts) expect([text, ...(await askedBy(rig, text))]).toEqual([text])
})

test('by odd targets nobody gets more in than one request, in origin-form', async () => {
  await using rig = await startServed()
  for (const text of targets) expect((await askedBy(rig, text)).length).toBeLessThan(2)
  const asked = rig.backend.requests.map(({ target }) => target)
  expect(asked.length).toBeGreaterThan(5)
  expect(asked.filter((target) => !/^\/[!-~]*$/.test(target) || target.includes('smuggled'))).toEqual([])
})
