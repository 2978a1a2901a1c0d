/** The certificates that listeners serve, whoever brought them, as the admin API tells and changes them. */
import type { AdminCertificates } from '../admin/source.ts'
import type { CertificateView } from '../admin/certificate-view.ts'
import { isFor, readPair } from '../acme/certificate.ts'
import { fault } from '../acme/fault.ts'
import type { Clock } from '../clock.ts'
import type { Emit } from '../observe/events.ts'
import { Secret } from '../secrets.ts'
import type { Certificate } from '../tls/certificate.ts'
import type { CertificateStore } from '../tls/certificate-store.ts'
import { type AcmeHost, factsOf } from './acme-host.ts'
import type { Published } from './published.ts'

export interface CertificatesOptions {
  readonly published: Pick<Published, 'config'>
  readonly tls: { front(listener: string): { readonly store: CertificateStore } | undefined }
  readonly acme: Pick<AcmeHost, 'views' | 'renew' | 'import'>
  readonly clock: Pick<Clock, 'wallTime'>
  readonly emit: Emit
}

export function createCertificates({ published, tls, acme, clock, emit }: CertificatesOptions): AdminCertificates {
  const audit = (what: string, from: string, outcome: string): void => emit({ kind: 'audit', what, from, outcome })
  return {
    list: () => {
      const ordered = acme.views
      return [...ordered, ...fromFiles(published, tls, new Set(ordered.map(({ fingerprint }) => fingerprint)))]
    },
    renew(name, origin) {
      const isKept = acme.renew(name)
      if (isKept) audit(`order a certificate for ${name} now`, origin, 'done')
      return isKept
    },
    async import({ certificate: chain, key }, origin) {
      const read = readPair({ chain, key: new Secret(key) })
      if (read.kind === 'fault') return { kind: 'fault', key: read.part, rule: read.rule }
      const { certificate } = read
      if (certificate.notAfter <= clock.wallTime())
        return {
          kind: 'fault',
          key: 'certificate',
          rule: `must not have ended, this did at ${new Date(certificate.notAfter).toISOString()}`,
        }
      const names = acme.views.map(({ name }) => name)
      if (!names.some((name) => isFor(certificate, name)))
        return { kind: 'fault', key: 'certificate', rule: elsewhere(certificate, names) }
      try {
        const taken = await acme.import(certificate)
        audit(`import a certificate for ${taken.join(', ')}`, origin, 'done')
        return { kind: 'imported', names: taken, notAfter: new Date(certificate.notAfter).toISOString() }
      } catch (error) {
        const { detail } = fault('own', error instanceof Error ? error.message : String(error))
        audit('import a certificate', origin, detail)
        return { kind: 'unkept', reason: detail }
      }
    },
  }
}

function elsewhere({ names }: Certificate, kept: readonly string[]): string {
  const own = `must be for a name that is kept, this is for ${names.slice(0, 5).join(', ') || 'none'}`
  return kept.length === 0 ? `${own}, and no listener has tls.acme` : `${own}: kept are ${kept.slice(0, 10).join(', ')}`
}

function fromFiles(
  { config }: Pick<Published, 'config'>,
  tls: CertificatesOptions['tls'],
  ordered: ReadonlySet<string>,
): readonly CertificateView[] {
  return config.listeners.flatMap(({ name: listener }) =>
    (tls.front(listener)?.store.certificates ?? [])
      .filter(({ fingerprint }) => !ordered.has(fingerprint))
      .map((certificate) => ({
        name: certificate.names[0] ?? '',
        listeners: [listener],
        source: 'files' as const,
        place: '',
        ...factsOf(certificate),
        renewsAt: null,
        isOrdering: false,
        failures: 0,
        detail: '',
      })),
  )
}
