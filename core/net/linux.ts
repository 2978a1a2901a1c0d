/**
 * Numbers of Linux's headers, the same on x86-64 and arm64, in glibc and in musl. Each has the name that it has in C, by which
 * a test holds it to the headers of each of these.
 */

// socket(2), socket(7)
export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10
export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = 0o2000000
export const SHUT_WR = 1
export const SOL_SOCKET = 1
export const SO_REUSEADDR = 2
export const SO_ERROR = 4
export const SO_SNDBUF = 7
export const SO_KEEPALIVE = 9
export const SO_LINGER = 13
export const SO_REUSEPORT = 15
export const SO_ATTACH_FILTER = 26
export const SO_ACCEPTCONN = 30

// recv(2), send(2)
export const MSG_PEEK = 0x2
export const MSG_DONTWAIT = 0x40
export const MSG_NOSIGNAL = 0x4000
export const MSG_MORE = 0x8000

// tcp(7), ipv6(7)
export const IPPROTO_TCP = 6
export const TCP_NODELAY = 1
export const TCP_KEEPIDLE = 4
export const TCP_KEEPINTVL = 5
export const TCP_KEEPCNT = 6
export const TCP_DEFER_ACCEPT = 9
export const TCP_INFO = 11
export const TCP_USER_TIMEOUT = 18
export const IPPROTO_IPV6 = 41
export const IPV6_V6ONLY = 26

// epoll_ctl(2)
export const EPOLL_CLOEXEC = 0o2000000
export const EPOLL_CTL_ADD = 1
export const EPOLL_CTL_DEL = 2
export const EPOLL_CTL_MOD = 3
export const EPOLLIN = 0x1
export const EPOLLOUT = 0x4
export const EPOLLERR = 0x8
export const EPOLLHUP = 0x10
export const EPOLLRDHUP = 0x2000
/** As a signed number: events are read and written as such. */
export const EPOLLET = 0x8000_0000 | 0

// pipe2(2), fcntl(2), splice(2)
export const O_NONBLOCK = 0o4000
export const O_CLOEXEC = 0o2000000
export const F_SETFL = 4
export const F_DUPFD_CLOEXEC = 1030
export const F_SETPIPE_SZ = 1031
export const SPLICE_F_MOVE = 1
export const SPLICE_F_NONBLOCK = 2

/** Words of 32 bits in a struct epoll_event, of which the last two are its data: it is packed on x86-64 alone. */
export const eventWords = (arch: string): number => (arch === 'x64' ? 3 : 4)
