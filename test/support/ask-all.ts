/** Requests of every kind to a backend of `steady-load.ts`, and what came of them. */

const upload = 'u'.repeat(200 * 1024)
const downloadBytes = 512 * 1024

/** How many of each status, `lost` without one, `wrong` with other bytes than they should have. */
export type Tally = Record<string, number>

/** Each over a connection of its own, so that all calls are made for each. */
const oneShot = { headers: { connection: 'close' } }

const kinds: readonly ((url: string) => Promise<string>)[] = [
  async (url) => tell(await fetch(url), async (response) => (await response.text()) === 'ok'),
  async (url) => tell(await fetch(url, oneShot), async (response) => (await response.text()) === 'ok'),
  async (url) =>
    tell(
      await fetch(url, { ...oneShot, method: 'POST', body: upload }),
      async (response) => (await response.text()) === String(upload.length),
    ),
  async (url) =>
    tell(
      await fetch(`${url}/download`, oneShot),
      async (response) => (await response.bytes()).length === downloadBytes,
    ),
]

async function tell(response: Response, isRight: (response: Response) => Promise<boolean>): Promise<string> {
  if (response.status !== 200) return (await response.text(), String(response.status))
  return (await isRight(response)) ? '200' : 'wrong'
}

/** Eight clients at once, of four kinds, each `rounds` times; all of them come to an end. */
export async function askAll(url: string, rounds: number): Promise<Tally> {
  const tally: Tally = {}
  const client = async (kind: (url: string) => Promise<string>): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      const word = await kind(url).catch(() => 'lost')
      tally[word] = (tally[word] ?? 0) + 1
    }
  }
  await Promise.all([...kinds, ...kinds].map(client))
  return tally
}
