/*
 * What io_uring would save of a small message: a server on edge-triggered epoll beside one on multishot recv with provided
 * buffers and plain sends, both answering 100 bytes with 150 on 64 connections. CPU time of each server for 20,000 messages
 * in turns, in which neither waits for anything else. Linux 6.1 and later, two cores:
 *   cc -O2 -o /tmp/uring bench/micro/uring.c && /tmp/uring [rounds]
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 64, MESSAGES = 20000, ASK = 100, ANSWER = 150, BUFFERS = 256, BUFFER = 4096, ENTRIES = 256 };

static char answer[ANSWER];

static void must(long result, const char *what) {
  if (result < 0) {
    perror(what);
    exit(1);
  }
}

static void pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  must(sched_setaffinity(0, sizeof set, &set), "sched_setaffinity");
}

static void serve_epoll(const int *fds) {
  int epoll = epoll_create1(0);
  char bytes[BUFFER];
  struct epoll_event events[ENTRIES];
  for (int i = 0; i < CONNECTIONS; i += 1) {
    struct epoll_event one = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = fds[i]};
    must(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &one), "epoll_ctl");
  }
  for (;;) {
    int count = epoll_wait(epoll, events, ENTRIES, -1);
    for (int i = 0; i < count; i += 1)
      if (recv(events[i].data.fd, bytes, BUFFER, 0) > 0) send(events[i].data.fd, answer, ANSWER, MSG_NOSIGNAL);
  }
}

struct ring {
  int fd;
  unsigned *sq_tail, *sq_array, sq_mask, *cq_head, *cq_tail, cq_mask, pending;
  struct io_uring_sqe *sqes;
  struct io_uring_cqe *cqes;
};

static void open_ring(struct ring *ring) {
  struct io_uring_params p = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
                              .cq_entries = 4 * ENTRIES};
  ring->fd = syscall(SYS_io_uring_setup, ENTRIES, &p);
  must(ring->fd, "io_uring_setup");
  size_t size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
  char *sq = mmap(NULL, p.sq_off.array + p.sq_entries * 4, 3, MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQ_RING);
  char *cq = mmap(NULL, size, 3, MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_CQ_RING);
  ring->sqes = mmap(NULL, p.sq_entries * sizeof *ring->sqes, 3, MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
  ring->sq_tail = (unsigned *)(sq + p.sq_off.tail);
  ring->sq_array = (unsigned *)(sq + p.sq_off.array);
  ring->sq_mask = *(unsigned *)(sq + p.sq_off.ring_mask);
  ring->cq_head = (unsigned *)(cq + p.cq_off.head);
  ring->cq_tail = (unsigned *)(cq + p.cq_off.tail);
  ring->cq_mask = *(unsigned *)(cq + p.cq_off.ring_mask);
  ring->cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
}

static void receive(struct ring *ring, int fd) {
  unsigned tail = *ring->sq_tail, at = tail & ring->sq_mask;
  ring->sqes[at] = (struct io_uring_sqe){.opcode = IORING_OP_RECV, .fd = fd, .ioprio = IORING_RECV_MULTISHOT,
                                         .flags = IOSQE_BUFFER_SELECT, .buf_group = 1, .user_data = fd};
  ring->sq_array[at] = at;
  __atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
  ring->pending += 1;
}

static void serve_uring(const int *fds) {
  struct ring ring = {0};
  open_ring(&ring);
  char *bytes = aligned_alloc(4096, BUFFERS * BUFFER);
  struct io_uring_buf_ring *buffers = mmap(NULL, BUFFERS * sizeof(struct io_uring_buf), 3, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  struct io_uring_buf_reg reg = {.ring_addr = (unsigned long)buffers, .ring_entries = BUFFERS, .bgid = 1};
  must(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_PBUF_RING, &reg, 1), "IORING_REGISTER_PBUF_RING");
  unsigned short given = 0;
  for (; given < BUFFERS; given += 1) {
    struct io_uring_buf *one = &buffers->bufs[given];
    one->addr = (unsigned long)(bytes + given * BUFFER), one->len = BUFFER, one->bid = given;
  }
  __atomic_store_n(&buffers->tail, given, __ATOMIC_RELEASE);
  for (int i = 0; i < CONNECTIONS; i += 1) receive(&ring, fds[i]);
  for (;;) {
    long taken = syscall(SYS_io_uring_enter, ring.fd, ring.pending, 1, IORING_ENTER_GETEVENTS, NULL, 0);
    if (taken > 0) ring.pending -= taken;
    unsigned head = *ring.cq_head, tail = __atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE);
    for (; head != tail; head += 1) {
      struct io_uring_cqe *one = &ring.cqes[head & ring.cq_mask];
      int fd = one->user_data;
      if (one->res > 0) send(fd, answer, ANSWER, MSG_NOSIGNAL);
      if (one->flags & IORING_CQE_F_BUFFER) {
        unsigned id = one->flags >> IORING_CQE_BUFFER_SHIFT;
        struct io_uring_buf *back = &buffers->bufs[given & (BUFFERS - 1)];
        back->addr = (unsigned long)(bytes + id * BUFFER), back->len = BUFFER, back->bid = id;
        given += 1;
      }
      if (!(one->flags & IORING_CQE_F_MORE)) receive(&ring, fd);
    }
    __atomic_store_n(&buffers->tail, given, __ATOMIC_RELEASE);
    __atomic_store_n(ring.cq_head, head, __ATOMIC_RELEASE);
  }
}

struct server {
  pid_t pid;
  int clients[CONNECTIONS];
  int epoll;
  clockid_t clock;
};

static void join_pairs(int *ours, int *theirs) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int one = 1, listening = socket(AF_INET, SOCK_STREAM, 0);
  must(bind(listening, (void *)&address, size), "bind");
  must(listen(listening, CONNECTIONS), "listen");
  getsockname(listening, (void *)&address, &size);
  for (int i = 0; i < CONNECTIONS; i += 1) {
    ours[i] = socket(AF_INET, SOCK_STREAM, 0);
    must(connect(ours[i], (void *)&address, size), "connect");
    theirs[i] = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
    setsockopt(ours[i], IPPROTO_TCP, TCP_NODELAY, &one, 4);
    setsockopt(theirs[i], IPPROTO_TCP, TCP_NODELAY, &one, 4);
  }
  close(listening);
}

static void start(struct server *server, void (*serve)(const int *)) {
  int theirs[CONNECTIONS];
  join_pairs(server->clients, theirs);
  server->pid = fork();
  if (server->pid == 0) {
    pin(0);
    serve(theirs);
  }
  server->epoll = epoll_create1(0);
  for (int i = 0; i < CONNECTIONS; i += 1) {
    close(theirs[i]);
    struct epoll_event one = {.events = EPOLLIN, .data.fd = server->clients[i]};
    epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->clients[i], &one);
  }
  must(-clock_getcpuclockid(server->pid, &server->clock), "clock_getcpuclockid");
}

static double cpu_us(const struct server *server) {
  struct timespec time;
  clock_gettime(server->clock, &time);
  return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

/* CPU time of the server for each message, in µs. */
static double run(struct server *server) {
  char bytes[BUFFER];
  struct epoll_event events[CONNECTIONS];
  double before = cpu_us(server);
  for (int i = 0; i < CONNECTIONS; i += 1) send(server->clients[i], bytes, ASK, 0);
  for (int done = 0, asked = CONNECTIONS; done < asked;) {
    int count = epoll_wait(server->epoll, events, CONNECTIONS, -1);
    for (int i = 0; i < count; i += 1) {
      recv(events[i].data.fd, bytes, BUFFER, 0);
      done += 1;
      if (asked < MESSAGES) asked += 1, send(events[i].data.fd, bytes, ASK, 0);
    }
  }
  return (cpu_us(server) - before) / MESSAGES;
}

static int by_value(const void *a, const void *b) {
  double difference = *(double *)a - *(double *)b;
  return difference < 0 ? -1 : difference > 0;
}

int main(int count, char **words) {
  setlinebuf(stdout);
  int rounds = count > 1 ? atoi(words[1]) : 20;
  double ratios[1000];
  struct server epoll, uring;
  start(&epoll, serve_epoll);
  start(&uring, serve_uring);
  pin(1);
  for (int round = -1; round < rounds && round < 1000; round += 1) {
    double one = run(&epoll), other = run(&uring);
    if (round < 0) continue;
    ratios[round] = other / one;
    printf("epoll %.2f us, io_uring %.2f us, ratio %.3f\n", one, other, other / one);
  }
  qsort(ratios, rounds, sizeof *ratios, by_value);
  printf("median %.3f, quartiles %.3f to %.3f\n", ratios[rounds / 2], ratios[rounds / 4], ratios[3 * rounds / 4]);
  kill(epoll.pid, SIGKILL);
  kill(uring.pid, SIGKILL);
  while (wait(NULL) > 0);
}
