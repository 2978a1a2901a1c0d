import { describe, expect, test } from 'bun:test'
import { rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ListenerConfig } from '../../../core/config/config.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { Refusal } from '../../../core/part.ts'
import { TlsHost } from '../../../core/runtime/tls-host.ts'
import type { CertificateFiles, TlsPolicy } from '../../../core/tls/policy.ts'
import { createAuthority, type Issued, type Wish } from '../../support/authority.ts'
import { tcpListener, testConfig } from '../../support/edge.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { save, tlsPolicy } from '../../support/tls.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const DAY = 24 * 60 * 60 * 1000
const root = createAuthority()

/** A part, the folder of its files, and what it does with a listener that has these. */
function hosting(isTrial = false) {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const host = new TlsHost({ clock, emit: (event) => void events.push(event) }, isTrial)
  const folder = temporaryFolder()
  const now = clock.wallTime()
  const issue = (wish: Wish): Issued => root.issue({ notBefore: now - 300 * DAY, notAfter: now + 100 * DAY, ...wish })
  const put = (name: string, issued: Issued, passphrase?: string) => save(folder, name, issued, passphrase)
  const prepare = (files: readonly CertificateFiles[], more: Partial<TlsPolicy> = {}) => {
    const web: ListenerConfig = { ...tcpListener('web', 0), tls: tlsPolicy(files, more) }
    return host.prepare(testConfig({ listeners: [web, tcpListener('plain', 0)] }))
  }
  const take = async (...given: Parameters<typeof prepare>) => {
    const move = await prepare(...given)
    move.commit()
    return {
      isNews: move.isNews,
      news: move.news ?? [],
      kept: move.kept?.map(({ key, message }) => `${key}: ${message}`) ?? [],
    }
  }
  const shown = () => host.certificatesOf('web')?.map(({ names: [name] }) => name)
  return { clock, events, host, folder, issue, put, prepare, take, shown }
}

const problemsOf = async (prepared: Promise<unknown>): Promise<string[]> => {
  const error: unknown = await prepared.then(
    () => new Error('nothing was refused'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Refusal)) throw error
  return error.problems.map(({ key, message }) => `${key}: ${message}`)
}

describe('the certificates of listeners', () => {
  test('are those of the last commit, of listeners that end TLS', async () => {
    const { host, issue, put, prepare, take, shown } = hosting()
    const [a, b] = [put('a', issue({ names: ['a.test'] })), put('b', issue({ names: ['b.test'] }))]
    // A new listener lets clients in before all is committed.
    const first = await prepare([a])
    expect(shown()).toEqual(['a.test'])
    first.abandon()
    expect(shown()).toBeUndefined()
    await take([a])
    expect(shown()).toEqual(['a.test'])
    ;(await prepare([b, a])).abandon()
    expect(shown()).toEqual(['a.test'])
    await take([b, a])
    expect(shown()).toEqual(['b.test', 'a.test'])
    expect(host.front('plain')).toBeUndefined()
    ;(await host.prepare(testConfig())).commit()
    expect(host.front('web')).toBeUndefined()
  })

  test('are read again when a file shows a change, which is news', async () => {
    const { issue, put, take, shown } = hosting()
    const files = put('a', issue({ names: ['a.test'] }))
    await take([files])
    expect(await take([files])).toEqual({ isNews: false, news: [], kept: [] })
    put('a', issue({ names: ['new.test'] }))
    expect(await take([files])).toMatchObject({
      isNews: true,
      news: ['listeners.web.tls.certificates[0] read anew'],
    })
    expect(shown()).toEqual(['new.test'])
  })

  test('keep their sessions when others come, or something else of their listener changes', async () => {
    const { host, issue, put, take } = hosting()
    const [a, b] = [put('a', issue({ names: ['a.test'] })), put('b', issue({ names: ['b.test'] }))]
    await take([a])
    const { store } = host.front('web')!
    const { context } = store.fallback
    await take([a, b], { handshakeTimeoutMs: 1, strict: true })
    expect([host.front('web')!.store, store.fallback.context]).toEqual([store, context])
    expect(store.fallback.context).toBe(context)
    await take([a, b], { minVersion: '1.3' })
    expect(store.fallback.context).not.toBe(context)
  })

  test('stay in force when their files go bad, and are told of each time', async () => {
    const { folder, issue, put, take, shown } = hosting()
    const [a, other] = [issue({ names: ['a.test'] }), issue({ names: ['a.test'] })]
    const files = put('a', a)
    await take([files])
    writeFileSync(join(folder, 'a.key'), other.key)
    for (let times = 0; times < 2; times += 1)
      expect(await take([files])).toMatchObject({
        isNews: false,
        kept: [
          expect.stringMatching(
            /^listeners\.web\.tls\.certificates\[0\]\.key: must be the key of its certificate, .*: .*a\.key$/,
          ),
        ],
      })
    rmSync(join(folder, 'a.key'))
    expect((await take([files])).kept).toEqual([expect.stringContaining('must name a file that exists')])
    expect(shown()).toEqual(['a.test'])
    put('a', other)
    expect((await take([files])).kept).toEqual([])
  })

  test('that are no good from the start are refused, every one at once', async () => {
    const { folder, issue, put, prepare } = hosting()
    const huge = put('huge', issue({ names: ['a.test'] }))
    truncateSync(huge.cert, 100 * 1024 * 1024)
    const locked = put('locked', issue({ names: ['a.test'], passphrase: 'open sesame' }))
    const folderly = { cert: folder, key: huge.key, passphrase: undefined }
    const binary = put('binary', issue({ names: ['a.test'] }))
    writeFileSync(binary.cert, Buffer.from([0x30, 0x82, 0xff, 0xfe]))
    expect(await problemsOf(prepare([huge, locked, folderly, binary]))).toEqual([
      expect.stringMatching(/^listeners\.web\.tls\.certificates\[0\]\.cert: must be at most \d+ MiB$/),
      expect.stringMatching(
        /^listeners\.web\.tls\.certificates\[1\]\.key: is encrypted, and no passphrase is given for it: .*locked\.key$/,
      ),
      'listeners.web.tls.certificates[2].cert: must be a file, this is a folder',
      'listeners.web.tls.certificates[3].cert: must be PEM, this is binary',
    ])
  })

  test('are none of lists of revoked ones, be it that a file stands in both places', async () => {
    const { issue, put, prepare } = hosting()
    const pair = put('a', issue({ names: ['a.test'] }))
    const path = put('ca', { ...root, chain: root.cert }).cert
    const clients = [{ names: undefined, certificate: 'required' as const, ca: [path], crl: [path], tell: [] }]
    expect(await problemsOf(prepare([pair], { clients }))).toEqual([
      `listeners.web.tls.clients.crl[0]: must hold a list of revoked certificates in PEM (X509 CRL): ${path}`,
    ])
  })

  test('may have ended at a start alone, since other names would be served nowhere', async () => {
    const { clock, events, issue, put, prepare, take, shown } = hosting()
    const ended = put('ended', issue({ names: ['ended.test'], notAfter: clock.wallTime() - DAY }))
    await take([ended])
    expect(shown()).toEqual(['ended.test'])
    expect(events).toMatchObject([{ kind: 'certificate-ending', name: 'ended.test', days: 0 }])
    const another = put('another', issue({ names: ['b.test'], notAfter: clock.wallTime() - 1 }))
    expect(await problemsOf(prepare([ended, another]))).toEqual([expect.stringContaining('must not have ended')])
    const trial = hosting(true)
    const files = trial.put('ended', trial.issue({ names: ['a.test'], notAfter: trial.clock.wallTime() - 1 }))
    expect(await problemsOf(trial.prepare([files]))).toEqual([expect.stringContaining('must not have ended')])
  })

  test('are told of 30, 7 and 1 days before their end, and at it, once each', async () => {
    const { clock, events, host, issue, put, take } = hosting()
    const files = put('a', issue({ names: ['a.test'], notAfter: clock.wallTime() + 40 * DAY }))
    await take([files, put('b', issue({ names: ['b.test'], notAfter: clock.wallTime() + 300 * DAY }))])
    const told = () => events.map((event) => (event.kind === 'certificate-ending' ? event.days : event.kind))
    expect(told()).toEqual([])
    for (const [days, expected] of [
      [11, [30]],
      [10, [30]],
      [13, [30, 7]],
      [5, [30, 7, 1]],
      [1, [30, 7, 1, 0]],
      [9, [30, 7, 1, 0]],
    ] as const) {
      clock.advance(days * DAY)
      expect(told()).toEqual([...expected])
    }
    host.stop()
  })

  test('are doubted that come without who has signed them, or are not valid yet', async () => {
    const { clock, events, host, issue, put, take } = hosting()
    const files = put(
      'a',
      issue({ names: ['a.test'], notBefore: clock.wallTime() + DAY, caIssuers: 'http://ca.test/' }),
    )
    await take([files])
    await take([files])
    expect(events.map((event) => event.kind === 'certificate-doubtful' && event.detail)).toEqual([
      'comes without that of "Test Root", who has signed it: clients may not trust it',
      expect.stringContaining('is valid from'),
    ])
    host.stop()
  })
})
