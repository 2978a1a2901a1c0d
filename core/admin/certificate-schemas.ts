/** Certificates as the admin API takes and tells them, as JSON Schemas. */
import type { JsonSchema } from '../config/read/field.ts'
import { count, list, nullOr, object, text, time, truth } from './answer-schema.ts'

export interface ImportCertificateBody {
  readonly certificate: string
  readonly key: string
}

export const certificateBodies: { readonly importCertificate: JsonSchema } = {
  importCertificate: {
    title: 'object',
    description: 'A certificate and its key.',
    examples: [
      { certificate: '-----BEGIN CERTIFICATE-----…', key: '-----BEGIN PRIVATE KEY-----…' },
      { certificate: '-----BEGIN CERTIFICATE-----…', key: '-----BEGIN EC PRIVATE KEY-----…' },
    ],
    type: 'object',
    properties: {
      certificate: {
        title: 'text in PEM',
        description: 'The certificate, then those that signed it, each behind the one it signed.',
        examples: ['-----BEGIN CERTIFICATE-----…'],
        type: 'string',
      },
      key: {
        title: 'text in PEM',
        description: 'Its private key, not encrypted; told nowhere again.',
        examples: ['-----BEGIN PRIVATE KEY-----…'],
        type: 'string',
        writeOnly: true,
      },
    },
    required: ['certificate', 'key'],
    additionalProperties: false,
  },
}

const certificate = object({
  name: text,
  listeners: list(text),
  source: { enum: ['acme', 'files'] },
  place: text,
  names: list(text),
  issuer: text,
  notBefore: nullOr(time),
  notAfter: nullOr(time),
  fingerprint: text,
  renewsAt: nullOr(time),
  isOrdering: truth,
  failures: count,
  detail: text,
})

export const certificateAnswers = {
  Certificates: object({ certificates: list(certificate) }),
} as const
