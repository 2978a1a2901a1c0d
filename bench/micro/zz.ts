import { HpackDecoder } from '../../core/http2/hpack-decoder.ts'
import { HpackEncoder, emptySpan } from '../../core/http2/hpack-encoder.ts'
import { RequestFields } from '../../core/http2/request-fields.ts'
import { RequestHead } from '../../core/http1/request-head.ts'
import { ResponseHead } from '../../core/http1/response-head.ts'
import { writeResponseBlock } from '../../core/inbound/http2-response-block.ts'
import { writeRequestHead } from '../../core/forward/rewrite-request.ts'
import { forwardedForLines } from '../../core/forward/client-lines.ts'
import { requestIds } from '../../core/forward/request-id.ts'
import { seededRandom } from '../../core/random.ts'
import { FrameWriter } from '../../core/http2/frame-writer.ts'
import { listRequestFields, profiles, renderResponse } from '../profile.ts'
const limits = { maxHeadBytes: 65536, maxTargetBytes: 16384, maxFields: 256 }
const profile = profiles[process.argv[2] ?? 'headers-13']!
const enc = new HpackEncoder()
const fields = [[':method','GET'],[':path','/some/path?id=0'],[':scheme','http'],[':authority','127.0.0.1:8080'],...listRequestFields(profile,'').slice(1)] as const
const blocks = [1,2,3].map(() => { const out = Buffer.alloc(4096); const span = emptySpan(); let e = enc.begin(out,0); for (const [n,v] of fields) { span.names=Buffer.from(n.toLowerCase()); span.nameEnd=span.names.length; span.bytes=Buffer.from(v); span.valueEnd=span.bytes.length; e=enc.write(out,e,span)} return out.subarray(0,e) })
const dec = new HpackDecoder(4096)
const IGN = { onField() {} }
dec.decode(blocks[0]!, IGN); dec.decode(blocks[1]!, IGN)
const rf = new RequestFields()
const head = new RequestHead(256)
const res = new ResponseHead(256)
const resBytes = renderResponse(profile)
const out = Buffer.alloc(65536)
const frames = new FrameWriter({ onFrames() {}, sendFrames() {} })
const target = { frames, encoder: new HpackEncoder(), settings: { maxFrameBytes: 16384 } }
const rewrite = { client: { address: '127.0.0.1', isTrusted: false, scheme: 'http', forwardedFields: forwardedForLines('127.0.0.1') }, backendHost: '127.0.0.1:8081', isUpgrade: false, hiddenCookie: undefined, version: '2', writeRequestId: requestIds(seededRandom(1)) } as any
let built: any
const steps: Record<string, () => unknown> = {
  'decode only': () => dec.decode(blocks[2]!, IGN),
  'decode + build': () => { rf.begin(limits, head.fields); dec.decode(blocks[2]!, rf); built = rf.finish(false, () => '') },
  'decode + build + settle': () => { rf.begin(limits, head.fields); dec.decode(blocks[2]!, rf); built = rf.finish(false, () => ''); head.settle(built.bytes, built.start, built.end, limits) },
  '... + rewrite': () => { rf.begin(limits, head.fields); dec.decode(blocks[2]!, rf); built = rf.finish(false, () => ''); head.settle(built.bytes, built.start, built.end, limits); writeRequestHead(out, 0, head, rewrite) },
  'response parse': () => res.parse(resBytes, 0, resBytes.length, limits),
  'response parse + encode': () => { res.parse(resBytes, 0, resBytes.length, limits); writeResponseBlock(target, 1, res, () => Buffer.alloc(0)); frames.flush() },
}
const N = 2000
for (let w = 0; w < 100; w++) for (const f of Object.values(steps)) for (let i = 0; i < 300; i++) f()
const best: Record<string, number> = {}
for (let r = 0; r < 150; r++) for (const [k, f] of Object.entries(steps)) { const t = performance.now(); for (let i = 0; i < N; i++) f(); const ns = (performance.now() - t) * 1e6 / N; best[k] = Math.min(best[k] ?? 1e9, ns) }
for (const [k, v] of Object.entries(best)) console.log(v.toFixed(0).padStart(6), k)
