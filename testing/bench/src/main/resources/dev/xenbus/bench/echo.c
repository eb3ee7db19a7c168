/*
 * The least that a XenStore server can do, to know what the machine allows: speaks the framing on a
 * Unix socket, answers at once with replies of a real size, and keeps no store. Each WRITE also
 * sends every connection that has sent a WATCH one event.
 *
 *   echo SOCKET
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WATCH = 4, START = 6, WRITE = 11, EVENT = 15, READ = 2 };

struct frame { uint32_t type, req_id, tx_id, len; };

struct client {
	int fd, watching;
	size_t in_used, out_used;
	char in[1 << 16];
	char out[1 << 19];
};

static struct client *clients[1 << 16];
static int last_fd;

static void put(struct client *c, uint32_t type, uint32_t req_id, uint32_t tx_id,
		const char *text, uint32_t len)
{
	struct frame f = { type, req_id, tx_id, len };

	if (c->out_used + sizeof f + len > sizeof c->out)
		return;
	memcpy(c->out + c->out_used, &f, sizeof f);
	memcpy(c->out + c->out_used + sizeof f, text, len);
	c->out_used += sizeof f + len;
}

static void flush(struct client *c)
{
	if (!c->out_used)
		return;
	ssize_t n = write(c->fd, c->out, c->out_used);

	if (n > 0) {
		memmove(c->out, c->out + n, c->out_used - n);
		c->out_used -= n;
	}
}

static void answer(struct client *c, const struct frame *f)
{
	switch (f->type) {
	case READ:
		put(c, READ, f->req_id, f->tx_id, "0123456789abcdef", 16);
		return;
	case START:
		put(c, START, f->req_id, f->tx_id, "1", 2);
		return;
	case WATCH:
		c->watching = 1;
		put(c, WATCH, f->req_id, f->tx_id, "OK", 3);
		put(c, EVENT, 0, 0, "/bench/node\0token", 18);
		return;
	case WRITE:
		for (int fd = 0; fd <= last_fd; fd++)
			if (clients[fd] && clients[fd]->watching) {
				put(clients[fd], EVENT, 0, 0, "/bench/node\0token", 18);
				if (clients[fd] != c)
					flush(clients[fd]);
			}
		/* fall through */
	default:
		put(c, f->type, f->req_id, f->tx_id, "OK", 3);
	}
}

static int serve(struct client *c)
{
	ssize_t n = read(c->fd, c->in + c->in_used, sizeof c->in - c->in_used);
	size_t at = 0;

	if (n == 0 || (n < 0 && errno != EAGAIN))
		return -1;
	if (n > 0)
		c->in_used += n;
	while (c->in_used - at >= sizeof(struct frame)) {
		struct frame f;

		memcpy(&f, c->in + at, sizeof f);
		if (f.len > 4096 || c->in_used - at < sizeof f + f.len)
			break;
		answer(c, &f);
		at += sizeof f + f.len;
	}
	memmove(c->in, c->in + at, c->in_used - at);
	c->in_used -= at;
	flush(c);
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	struct epoll_event ready[256];
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), poll = epoll_create1(0);
	struct epoll_event e = { .events = EPOLLIN, .data.fd = listener };

	signal(SIGPIPE, SIG_IGN); /* a client may be gone before its reply */
	if (argc != 2 || strlen(argv[1]) >= sizeof where.sun_path)
		return 2;
	strcpy(where.sun_path, argv[1]);
	if (bind(listener, (struct sockaddr *)&where, sizeof where) || listen(listener, 1024)) {
		perror(argv[1]);
		return 1;
	}
	epoll_ctl(poll, EPOLL_CTL_ADD, listener, &e);
	puts("ready");
	fflush(stdout);
	for (;;) {
		int n = epoll_wait(poll, ready, 256, -1);

		for (int i = 0; i < n; i++) {
			int fd = ready[i].data.fd;

			if (fd == listener) {
				fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
				if (fd < 0 || fd >= (int)(sizeof clients / sizeof *clients))
					continue;
				clients[fd] = calloc(1, sizeof **clients);
				clients[fd]->fd = fd;
				last_fd = fd > last_fd ? fd : last_fd;
				e.data.fd = fd;
				epoll_ctl(poll, EPOLL_CTL_ADD, fd, &e);
			} else if (serve(clients[fd])) {
				close(fd);
				free(clients[fd]);
				clients[fd] = NULL;
			}
		}
	}
}
