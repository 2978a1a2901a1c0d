/**
 * What speaks the API of Docker over a Unix socket, so far as it is asked: the list of containers and the stream of events, in
 * shapes recorded from Podman 4.3 (its Docker API, 1.41) and as Docker's API 1.50 describes them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Container {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
  /** Addresses by network. */
  readonly networks?: Readonly<Record<string, string>>
  /** Of TCP, that its image tells of. */
  readonly ports?: readonly number[]
  readonly state?: string
  /** Behind how long it is up. */
  readonly health?: string
}

export interface Docker extends AsyncDisposable {
  readonly socket: string
  /** How often it was asked for its list. */
  readonly lists: number
  /** These run from now on, and no others: without an event. A text is handed out as it stands. */
  run(containers: readonly Container[] | string): void
  /** Of a container, by its name. */
  event(action: string, name: string, attributes?: Readonly<Record<string, string>>): void
  /** To all who follow its events, as it stands. */
  say(text: string): void
  /** It is killed. */
  stop(): Promise<void>
  start(): void
}

/** Of 64 hex digits. */
export const idOf = (name: string): string => new Bun.CryptoHasher('sha256').update(name).digest('hex')

export function startDocker(): Docker {
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-docker-'))
  const socket = join(folder, 'docker.sock')
  let containers: readonly Container[] | string = []
  let lists = 0
  let server: Bun.Server<undefined> | undefined
  const followers = new Set<ReadableStreamDefaultController>()

  function answer(request: Request): Response {
    const { pathname, searchParams } = new URL(request.url)
    const filters = searchParams.get('filters')
    if (pathname === '/containers/json' && filters === '{"label":["smartedge.enable=true"]}') {
      lists += 1
      return new Response(typeof containers === 'string' ? containers : JSON.stringify(containers.map(listed)))
    }
    if (pathname !== '/events' || filters !== '{"type":["container"]}')
      return Response.json({ message: 'page not found' }, { status: 404 })
    let own: ReadableStreamDefaultController | undefined
    const stream = new ReadableStream({
      start(controller) {
        own = controller
        followers.add(controller)
      },
      cancel: () => void (own && followers.delete(own)),
    })
    // Bun sends no head before there is a body, Docker does: an empty line says nothing.
    own?.enqueue('\n')
    return new Response(stream, { headers: { 'content-type': 'application/json' } })
  }

  const say = (text: string): void => {
    for (const follower of followers) follower.enqueue(text)
  }
  const start = (): void => {
    server = Bun.serve({ unix: socket, fetch: answer })
  }
  const stop = async (): Promise<void> => {
    followers.clear()
    await server?.stop(true)
    rmSync(socket, { force: true })
  }
  start()
  return {
    socket,
    get lists() {
      return lists
    },
    run: (next) => void (containers = next),
    event: (action, name, attributes = {}) =>
      say(
        `${JSON.stringify({
          status: action,
          id: idOf(name),
          from: 'web:latest',
          Type: 'container',
          Action: action,
          Actor: { ID: idOf(name), Attributes: { image: 'web:latest', name, ...attributes } },
          scope: 'local',
          time: 1795737998,
          timeNano: 1795737998461969e3,
        })}\n`,
      ),
    say,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function listed({ name, labels = {}, networks = {}, ports = [], state = 'running', health }: Container): object {
  return {
    Id: idOf(name),
    Names: [`/${name}`],
    Image: 'web:latest',
    ImageID: 'sha256:54d86a4b32c3f6bea3fc7c83a5029444ef467dc52d072bdffcb1bf157ebfb3cb',
    Command: '/bin/httpd -f -p 80',
    Created: 1795737997,
    Ports: ports.map((port) => ({ PrivatePort: port, Type: 'tcp' })),
    Labels: { 'smartedge.enable': 'true', ...labels },
    State: state,
    Status: health === undefined ? 'Up 2 seconds' : `Up 2 seconds (${health})`,
    HostConfig: { NetworkMode: Object.keys(networks)[0] ?? 'none' },
    NetworkSettings: {
      Networks: Object.fromEntries(
        Object.entries(networks).map(([network, address]) => [
          network,
          {
            IPAMConfig: null,
            Links: null,
            Aliases: [idOf(name).slice(0, 12)],
            NetworkID: network,
            EndpointID: '',
            Gateway: '10.88.0.1',
            IPAddress: address.includes(':') ? '' : address,
            IPPrefixLen: 16,
            IPv6Gateway: '',
            GlobalIPv6Address: address.includes(':') ? address : '',
            GlobalIPv6PrefixLen: 0,
            MacAddress: '8e:f9:65:83:c7:e4',
            DriverOpts: null,
          },
        ]),
      ),
    },
    Mounts: [],
  }
}
