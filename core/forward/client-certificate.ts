/** What is known of a client's certificate that the handshake has verified; told to backends, and asked by rules of routes. */
export interface ClientCertificate {
  /** SHA-256 of the whole, `AA:BB:…`. */
  readonly fingerprint: string
  /** Of whom it is, most specific part first: `CN=alice,O=Example` (RFC 4514). */
  readonly subject: string
  /** Other names of its subject: `DNS:a.example`, `URI:spiffe://…`, `email:a@example`, `IP Address:192.0.2.1`. */
  readonly names: readonly string[]
  /** DER in base64, the certificate first, then those that signed it as far as the client sent them. */
  readonly chain: readonly string[]
}
