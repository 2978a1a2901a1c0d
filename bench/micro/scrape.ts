/**
 * How long requests wait while `GET /metrics` of 1,000 backends with traffic is answered again and again, beside how long
 * without: `nice -n -19 bun bench/micro/scrape.ts`. One client asks one request after the other, so that a pause is one answer
 * that takes long.
 */
import { startProcess } from '../../test/support/running-process.ts'

const BACKENDS = 1000
const ROUNDS = 4
const REQUESTS = 4000

const server = Bun.serve({ hostname: '0.0.0.0', port: 0, fetch: () => new Response('ok') })
const backends = Array.from(
  { length: BACKENDS },
  (_, index) => `http://127.1.${index >> 8}.${index & 255}:${server.port}`,
)

/** Answers of so many requests, in ms, shortest first. */
async function ask(url: string, count: number): Promise<readonly number[]> {
  const times: number[] = []
  for (let number = 0; number < count; number += 1) {
    const start = performance.now()
    await fetch(url).then((response) => response.arrayBuffer())
    times.push(performance.now() - start)
  }
  return times.toSorted((a, b) => a - b)
}

/** In a process of its own, so that what the page costs its reader is nobody's pause. */
const scraper = (url: string): Bun.Subprocess =>
  Bun.spawn([
    'nice',
    '-n',
    '30',
    'sh',
    '-c',
    `while sleep 0.2; curl -s -o /dev/null -H 'accept: application/openmetrics-text' ${url}; do :; done`,
  ])

const shown = (times: readonly number[]): string =>
  [0.5, 0.99, 0.999, 1]
    .map((part) => `${part * 100} % ${times[Math.ceil(times.length * part) - 1]?.toFixed(2)} ms`)
    .join(', ')

{
  await using edge = await startProcess({ pool: { backends, strategy: 'round-robin' } })
  await edge.event('ready')
  const url = `http://127.0.0.1:${edge.port}/`
  await ask(url, 2 * BACKENDS)
  const page = await (await fetch(`${edge.adminUrl}/metrics`)).text()
  console.log(`${(page.length / 1024 ** 2).toFixed(1)} MiB`)
  const [without, beside]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round += 1) {
    without.push(...(await ask(url, REQUESTS)))
    const scraping = scraper(`${edge.adminUrl}/metrics`)
    beside.push(...(await ask(url, REQUESTS)))
    scraping.kill()
    await scraping.exited
  }
  for (const [name, times] of [
    ['without', without],
    ['beside scrapes', beside],
  ] as const)
    console.log(`${name}: ${shown(times.toSorted((a, b) => a - b))}`)
}
await server.stop(true)
