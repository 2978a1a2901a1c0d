/*
 * The floor for a large body: whatever comes from one socket goes to the other by splice(2) through a pipe of 1 MiB, unread,
 * on edge-triggered epoll, a backend's connection for each client's. No balancer. A contestant beside others:
 *   cc -O2 -o /tmp/splice bench/micro/splice.c
 *   bun bench/cpu.ts --only nginx,smartedge --contestant 'splice=/tmp/splice {port} {backend}' --profile body-1m --warmup 60000
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIPE = 1024 * 1024, EVENTS = 256, FLAGS = SPLICE_F_MOVE | SPLICE_F_NONBLOCK };

/** `pipe`: what has come from it, on the way to the other. */
struct end {
  int fd, pipe[2], pending;
  struct end *other;
};

static int epoll;

static void must(long result, const char *what) {
  if (result < 0) {
    perror(what);
    exit(1);
  }
}

static struct sockaddr_in at(int port) {
  return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static struct end *make(int fd) {
  struct end *one = calloc(1, sizeof *one);
  one->fd = fd;
  int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  must(fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
  must(pipe2(one->pipe, O_NONBLOCK), "pipe2");
  fcntl(one->pipe[1], F_SETPIPE_SZ, PIPE);
  return one;
}

static void watch(struct end *one) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = one};
  must(epoll_ctl(epoll, EPOLL_CTL_ADD, one->fd, &event), "epoll_ctl");
}

static void let_in(int fd, int backend) {
  struct sockaddr_in address = at(backend);
  int behind = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(behind, (void *)&address, sizeof address) < 0) {
    close(fd);
    close(behind);
    return;
  }
  struct end *client = make(fd), *server = make(behind);
  client->other = server;
  server->other = client;
  watch(client);
  watch(server);
}

static void shut(struct end *one) {
  for (int i = 0; i < 2; i += 1, one = one->other) {
    close(one->fd);
    close(one->pipe[0]);
    close(one->pipe[1]);
    one->fd = -1;
  }
}

static void pass_on(struct end *one) {
  for (;;) {
    if (one->pending == 0) {
      int came = splice(one->fd, NULL, one->pipe[1], NULL, PIPE, FLAGS);
      if (came <= 0) return;
      one->pending = came;
    }
    int went = splice(one->pipe[0], NULL, one->other->fd, NULL, one->pending, FLAGS);
    if (went > 0) one->pending -= went;
    if (one->pending > 0) return;
  }
}

int main(int count, char **words) {
  if (count < 3) return fprintf(stderr, "usage: splice PORT BACKEND_PORT\n"), 1;
  const char *colon = strrchr(words[2], ':');
  int backend = atoi(colon ? colon + 1 : words[2]), yes = 1;
  struct sockaddr_in address = at(atoi(words[1]));
  signal(SIGPIPE, SIG_IGN);
  int door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  must(bind(door, (void *)&address, sizeof address), "bind");
  must(listen(door, 4096), "listen");
  must(epoll = epoll_create1(0), "epoll_create1");
  struct epoll_event events[EVENTS], knock = {.events = EPOLLIN, .data.ptr = NULL};
  must(epoll_ctl(epoll, EPOLL_CTL_ADD, door, &knock), "epoll_ctl");
  for (;;) {
    int ready = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < ready; i += 1) {
      struct end *one = events[i].data.ptr;
      if (one == NULL)
        for (int fd; (fd = accept(door, NULL, NULL)) >= 0;) let_in(fd, backend);
      else if (one->fd >= 0) {
        if (events[i].events & EPOLLOUT) pass_on(one->other);
        pass_on(one);
        // What has come behind an end is of no use here.
        if (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) shut(one);
      }
    }
  }
}
