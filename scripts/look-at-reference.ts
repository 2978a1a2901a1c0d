/**
 * Opens the reference page of a running admin API in headless Chromium and tells what it did: every address that was asked,
 * every complaint of the browser, how many operations it shows. Exits with 1 where something went elsewhere than to that API,
 * was refused by the page's policy, or did not show.
 *
 *     bun scripts/look-at-reference.ts http://127.0.0.1:9900 [picture.png] [TOKEN]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [base = 'http://127.0.0.1:9900', picture, token] = process.argv.slice(2)
/** Given up after so long. */
const patienceMs = 15_000

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Record<string, unknown>
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

/** A tab of a browser, by the DevTools protocol. */
interface Tab {
  call(method: string, params?: object): Promise<Record<string, unknown>>
  /** The value of an expression in the page. */
  evaluate(expression: string): Promise<unknown>
}

async function openTab(endpoint: string, onEvent: (message: Message) => void): Promise<Tab> {
  const socket = new WebSocket(endpoint)
  const waiting = new Map<number, (message: Message) => void>()
  let [last, sessionId] = [0, undefined as string | undefined]
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message
    if (message.id === undefined) return onEvent(message)
    waiting.get(message.id)?.(message)
    waiting.delete(message.id)
  })
  const call: Tab['call'] = async (method, params = {}) => {
    last += 1
    const answer = new Promise<Message>((resolve) => waiting.set(last, resolve))
    socket.send(JSON.stringify({ id: last, method, params, ...(sessionId !== undefined && { sessionId }) }))
    const { result = {}, error } = await answer
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result
  }
  const { targetId } = await call('Target.createTarget', { url: 'about:blank' })
  sessionId = String((await call('Target.attachToTarget', { targetId, flatten: true }))['sessionId'])
  return {
    call,
    async evaluate(expression) {
      const { result } = await call('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
      return (result as { readonly value?: unknown }).value
    },
  }
}

/** Resolves when the expression holds; rejects after `patienceMs`. */
async function until(tab: Tab, expression: string): Promise<void> {
  for (const start = Date.now(); Date.now() - start < patienceMs; await Bun.sleep(50))
    if ((await tab.evaluate(expression)) === true) return
  throw new Error(`not within ${patienceMs / 1000} s: ${expression}`)
}

async function look(tab: Tab): Promise<number> {
  for (const domain of ['Network', 'Log', 'Runtime', 'Page']) await tab.call(`${domain}.enable`)
  await tab.call('Emulation.setDeviceMetricsOverride', {
    width: 1280,
    height: 1600,
    deviceScaleFactor: 1,
    mobile: false,
  })
  await tab.call('Page.navigate', { url: `${base}/api` })
  const isDrawn = "document.querySelectorAll('.opblock').length > 0"
  await until(tab, `${isDrawn} || document.querySelector('#access')?.hidden === false`)
  if (token !== undefined && (await tab.evaluate("!document.querySelector('#access').hidden")) === true)
    await tab.evaluate(
      `document.querySelector('#token').value = ${JSON.stringify(token)}; document.querySelector('#access').requestSubmit()`,
    )
  await until(tab, isDrawn)
  // One of them opened: what is drawn then has pictures and colours of its own.
  await tab.evaluate("document.querySelector('#operations-clients-post-api-clients .opblock-summary-control').click()")
  await until(tab, "document.querySelector('#operations-clients-post-api-clients .opblock-body') !== null")
  if (picture !== undefined) {
    const { data } = await tab.call('Page.captureScreenshot', { format: 'png' })
    writeFileSync(picture, Buffer.from(String(data), 'base64'))
  }
  return Number(await tab.evaluate("document.querySelectorAll('.opblock').length"))
}

const profile = mkdtempSync(join(tmpdir(), 'smartedge-chromium-'))
const browser = Bun.spawn(
  [
    'chromium',
    '--headless=new',
    '--no-sandbox',
    '--no-first-run',
    '--disable-background-networking',
    `--user-data-dir=${profile}`,
    '--remote-debugging-port=0',
    'about:blank',
  ],
  { stdout: 'ignore', stderr: 'pipe' },
)
const asked: string[] = []
const complaints: string[] = []
try {
  let said = ''
  for await (const piece of browser.stderr) {
    said += new TextDecoder().decode(piece)
    if (/ws:\/\/\S+/.test(said)) break
  }
  const tab = await openTab(/ws:\/\/\S+/.exec(said)?.[0] ?? '', ({ method, params = {} }) => {
    if (method === 'Network.requestWillBeSent') asked.push((params['request'] as { readonly url: string }).url)
    if (method === 'Log.entryAdded') complaints.push((params['entry'] as { readonly text: string }).text)
    if (method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(params['exceptionDetails']).slice(0, 500))
  })
  const operations = await look(tab)
  const strange = asked.filter((url) => !url.startsWith(`${base}/`) && !url.startsWith('data:'))
  // A page that wants a token has been refused once.
  const faults = complaints.filter((text) => token === undefined || !text.includes('401'))
  process.stdout.write(
    [...asked.map((url) => `asked ${url.slice(0, 100)}`), ...faults, `${operations} operations`, ''].join('\n'),
  )
  process.exitCode = strange.length + faults.length === 0 ? 0 : 1
} finally {
  browser.kill('SIGKILL')
  await browser.exited
  rmSync(profile, { recursive: true, force: true })
}
