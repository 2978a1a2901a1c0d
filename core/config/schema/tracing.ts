/** `tracing`: which requests are traced, and where their spans go; and what of that a route has otherwise. */
import { formatNames, parentRules, type RouteTracingPolicy, type TracingPolicy } from '../../trace/policy.ts'
import { defaults } from '../defaults.ts'
import { either, list, object, record } from '../read/containers.ts'
import { convert, type Field, located, orElse, required } from '../read/field.ts'
import { choice, duration, number, off, type Parsed, text } from '../read/scalars.ts'
import { serviceUrl } from './auth-fields.ts'
import { secretFields } from './secret-fields.ts'

const headers = secretFields({
  description: 'Fields that the collector is sent, such as a key.',
  examples: [{ authorization: 'Bearer ${COLLECTOR_TOKEN}' }],
})

function parseLine(written: string): Parsed<string> {
  const isLine = /^\P{Cc}{1,256}$/u.test(written) && written.trim() === written
  return isLine ? { kind: 'value', value: written } : { kind: 'fault' }
}

const label = (title: string, description: string, example: string) =>
  text({
    title,
    description,
    examples: [example],
    rule: 'must be 1 to 256 characters in one line, without spaces around them',
    parse: parseLine,
  })

const attributes = convert(
  record(label('text', 'Value of an attribute.', 'production'), {
    description: 'What else is said of this process (resource attributes).',
    examples: [{ 'deployment.environment.name': 'production' }],
    namePattern: /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/,
    nameRule: 'must be a name of letters, digits, dots, hyphens and underscores that begins with a letter',
  }),
  (entries) => entries.map(({ name, value }) => ({ name, value })),
)

const body = object(
  {
    endpoint: required(
      serviceUrl({
        description:
          'Where spans are posted to, as OTLP over HTTP in JSON: an OpenTelemetry collector, Jaeger, Tempo or another that speaks it.',
        examples: ['http://127.0.0.1:4318/v1/traces'],
      }),
    ),
    headers,
    service: orElse(
      label('name', 'The name of this service in traces (`service.name`).', 'edge'),
      defaults['tracing.service'].value,
    ),
    attributes,
    sample: number(defaults['tracing.sample'], {
      description:
        'What part of the traces that begin here is recorded, by the trace’s id, so that others of the same ratio take the same ones.',
      examples: [0.01],
    }),
    parent: orElse(
      choice(parentRules, {
        description:
          'What the trace that a request tells of counts for: it goes on here and is recorded if its sender records it (`follow`); the same from trusted proxies alone, while others begin one here (`trusted`); it goes on, and `sample` decides (`sample`); each request begins one here (`ignore`). Anybody can have all requests recorded with `follow`.',
      }),
      defaults['tracing.parent'].value,
    ),
    propagate: located(
      list(
        choice(formatNames, {
          description:
            'W3C Trace Context (`traceparent`), B3 in one field (`b3`), or B3 in several (`X-B3-TraceId` and so on).',
        }),
        {
          description:
            'How traces are told: looked for in this order, and all of them written. Fields of others are passed on as they came. By default `tracecontext`.',
          examples: [['tracecontext', 'b3']],
        },
      ),
    ),
    timeout: duration(defaults['tracing.timeout'], { description: 'For one answer of the collector, to its end.' }),
  },
  {
    description:
      'Traces requests by OpenTelemetry: a span for each, and one below it for each attempt at a backend. Without it nothing is traced, and what requests say of traces is passed on.',
    examples: [{ endpoint: 'http://127.0.0.1:4318/v1/traces', sample: 0.01 }],
  },
)

export const tracing: Field<TracingPolicy | undefined> = convert(body, (value, node, reading) => {
  const { endpoint, propagate } = value
  const formats = propagate?.value ?? ['tracecontext']
  const isRepeated = new Set(formats).size < formats.length
  if (node !== undefined && (propagate?.node.children?.length === 0 || isRepeated))
    return reading.report(node, { rule: 'must name each format once, and one at least' }, { child: 'propagate' })
  if (endpoint === undefined) return undefined
  return {
    endpoint,
    headers: value.headers ?? [],
    timeoutMs: value.timeout,
    service: value.service,
    attributes: value.attributes ?? [],
    sampleRatio: value.sample,
    parent: value.parent,
    formats,
  }
})

const ofRoute = convert(
  object(
    {
      sample: number(
        { ...defaults['tracing.sample'], value: undefined },
        { description: 'Instead of `tracing.sample`.', examples: [1] },
      ),
    },
    { description: 'What is traced of these requests.' },
  ),
  ({ sample }): RouteTracingPolicy => ({ sampleRatio: sample }),
)

/** Of a route. */
export const routeTracing: Field<RouteTracingPolicy | false | undefined> = either<RouteTracingPolicy | false>(
  {
    object: ofRoute,
    boolean: off({ description: 'They are not traced.' }, 'must be an object with sample, or false'),
  },
  {
    title: 'object, or false',
    description: 'How much of these requests is traced; `false`: nothing, as if there were no `tracing`.',
    examples: [{ sample: 1 }],
    rule: 'must be an object with sample, or false',
  },
)
