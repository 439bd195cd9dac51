/* A WebSocket client that costs little: it opens many sockets and counts marked messages.

   usage: wsload PORT COUNT AT_ONCE TARGETS [HELLO]
     TARGETS  file with one request target per line; socket n takes line n, beginning anew at the end
     HELLO    text that each socket sends as one binary frame when it is open
   WSLOAD_SUBPROTOCOL in the environment is offered by each socket.

   Speaks with whoever started it over stdin and stdout, a line each: says `open GOOD BAD SECONDS`,
   then answers `reset` with `ok` and `report` with
   `MESSAGES OPEN P50_US P99_US MAX_US CPU_SECONDS`. A message is marked by `@T` and the nineteen digits
   of its sender's CLOCK_REALTIME in nanoseconds. Pings are answered. Ends when stdin does. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MARK 21
#define KEPT 160
#define DELAYS (1u << 22)

enum { CLOSED, CONNECTING, ASKING, OPEN };

struct line {
    int fd, state;
    int kept;           /* bytes of a frame's head, or of a whole ping, that are not all here */
    int cut;            /* bytes of a mark that is not all here */
    uint64_t left;      /* payload of the frame that is being read */
    char keep[KEPT], mark[MARK];
};

static char read_buffer[1 << 18];
static char hello[1 << 16];
static size_t hello_size;
static char offer[256];
static uint32_t *delays;
static uint64_t messages;
static int open_count, bad_count, pending;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void give_up(struct line *line) {
    if (line->state == OPEN) open_count--;
    else { bad_count++; pending--; }
    close(line->fd);
    line->state = CLOSED;
}

static void make_hello(const char *text) {
    size_t size = strlen(text), at = 0;
    unsigned char *out = (unsigned char *)hello;
    out[at++] = 0x82;
    if (size < 126) out[at++] = 0x80 | (unsigned char)size;
    else { out[at++] = 0xfe; out[at++] = (unsigned char)(size >> 8); out[at++] = size & 0xff; }
    memset(out + at, 0, 4);
    memcpy(out + at + 4, text, size);
    hello_size = at + 4 + size;
}

static void dial(struct line *line, int port, int poll, uint32_t number) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    line->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    line->state = CONNECTING;
    pending++;
    int on = 1;
    setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (line->fd < 0 || (connect(line->fd, (void *)&to, sizeof to) < 0 && errno != EINPROGRESS)) {
        give_up(line);
        return;
    }
    struct epoll_event event = {.events = EPOLLOUT, .data.u32 = number};
    epoll_ctl(poll, EPOLL_CTL_ADD, line->fd, &event);
}

static void ask(struct line *line, const char *target, int poll, uint32_t number) {
    static char request[1 << 14];
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(line->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    int length = snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2l4dGVlbiBsZXR0ZXJzIQ==\r\n%s\r\n", target,
        offer);
    if (error || write(line->fd, request, (size_t)length) != length) {
        give_up(line);
        return;
    }
    line->state = ASKING;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    epoll_ctl(poll, EPOLL_CTL_MOD, line->fd, &event);
}

/* Counts the marks that begin in a text; returns where one begins that is cut at its end. */
static const char *count_marks(const char *at, const char *end, uint64_t now) {
    while ((at = memmem(at, (size_t)(end - at), "@T", 2)) && end - at >= MARK) {
        uint64_t sent = 0;
        for (int i = 2; i < MARK; i++) sent = sent * 10 + (uint64_t)(at[i] - '0');
        uint64_t micros = now > sent ? (now - sent) / 1000 : 0;
        delays[messages++ % DELAYS] = micros > UINT32_MAX ? UINT32_MAX : (uint32_t)micros;
        at += MARK;
    }
    return at != NULL ? at : end[-1] == '@' ? end - 1 : end;
}

static void count(struct line *line, const char *text, size_t size, uint64_t now) {
    if (size == 0) return;
    if (line->cut) {
        char joined[2 * MARK];
        size_t more = size < MARK ? size : MARK - 1;
        memcpy(joined, line->mark, (size_t)line->cut);
        memcpy(joined + line->cut, text, more);
        size_t whole = (size_t)line->cut + more;
        if (whole < MARK) {
            memcpy(line->mark, joined, whole);
            line->cut = (int)whole;
            return;
        }
        count_marks(joined, joined + MARK, now);
        line->cut = 0;
    }
    const char *end = text + size, *rest = count_marks(text, end, now);
    line->cut = (int)(end - rest);
    memcpy(line->mark, rest, (size_t)line->cut);
}

static void answer_ping(struct line *line, const char *payload, size_t size) {
    char pong[2 + 4 + 125] = {(char)0x8a, (char)(0x80 | size)};
    memcpy(pong + 6, payload, size);
    if (write(line->fd, pong, 6 + size) < 0) give_up(line);
}

/* Goes through the frames in what was read; keeps what is not all here yet. */
static void walk(struct line *line, const char *at, const char *end, uint64_t now) {
    while (at < end && line->state == OPEN) {
        if (line->left) {
            size_t here = (size_t)(end - at) < line->left ? (size_t)(end - at) : line->left;
            count(line, at, here, now);
            at += here;
            line->left -= here;
            continue;
        }
        const unsigned char *head = (const unsigned char *)at;
        size_t there = (size_t)(end - at), needed = 2;
        if (there >= 2) needed = head[1] < 126 ? 2 : head[1] == 126 ? 4 : 10;
        int is_ping = (head[0] & 0x0f) == 9;
        if (there >= 2 && is_ping) needed += head[1];
        if (there < needed) break;
        if (is_ping) answer_ping(line, at + 2, head[1]);
        else {
            line->left = head[1];
            if (head[1] >= 126)
                for (size_t i = 2, left = line->left = 0; i < needed; i++)
                    line->left = left = left << 8 | head[i];
        }
        at += needed;
    }
    line->kept = (int)(end - at);
    memcpy(line->keep, at, (size_t)line->kept);
}

static int opened(struct line *line, int size) {
    read_buffer[size] = 0;
    char *end = strstr(read_buffer, "\r\n\r\n");
    if (end == NULL || strncmp(read_buffer, "HTTP/1.1 101", 12) != 0) {
        if (bad_count == 0) fprintf(stderr, "refused: %.300s\n", read_buffer);
        give_up(line);
        return -1;
    }
    line->state = OPEN;
    open_count++;
    pending--;
    if (hello_size && write(line->fd, hello, hello_size) != (ssize_t)hello_size) give_up(line);
    return (int)(end + 4 - read_buffer);
}

static void hear(struct line *line, uint64_t now) {
    memcpy(read_buffer, line->keep, (size_t)line->kept);
    ssize_t got = read(line->fd, read_buffer + line->kept,
                       sizeof read_buffer - (size_t)line->kept - 1);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        give_up(line);
        return;
    }
    int size = (int)got + line->kept, from = 0;
    if (line->state == ASKING) from = opened(line, size);
    if (from < 0) return;
    line->kept = 0;
    walk(line, read_buffer + from, read_buffer + size, now);
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void report(void) {
    uint64_t known = messages < DELAYS ? messages : DELAYS;
    qsort(delays, known, sizeof *delays, by_size);
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
        + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("%llu %d %u %u %u %.3f\n", (unsigned long long)messages, open_count,
           known ? delays[known / 2] : 0, known ? delays[known * 99 / 100] : 0,
           known ? delays[known - 1] : 0, cpu);
    fflush(stdout);
}

/* Does what stdin says; returns 0 at its end. */
static int obey(void) {
    char word[64];
    ssize_t size = read(0, word, sizeof word - 1);
    if (size <= 0) return 0;
    word[size] = 0;
    if (strncmp(word, "report", 6) == 0) report();
    else {
        messages = 0;
        printf("ok\n");
        fflush(stdout);
    }
    return 1;
}

static char **read_targets(const char *path, size_t *count_of_them) {
    size_t room = 0, known = 0, size = 0;
    char **targets = NULL, *text = NULL;
    FILE *file = fopen(path, "r");
    if (file == NULL) { perror(path); exit(2); }
    for (ssize_t length; (length = getline(&text, &size, file)) > 0;) {
        if (known == room) targets = realloc(targets, (room = room ? 2 * room : 64) * sizeof *targets);
        text[strcspn(text, "\n")] = 0;
        targets[known++] = strdup(text);
    }
    fclose(file);
    *count_of_them = known;
    return targets;
}

int main(int argc, char **argv) {
    if (argc < 5) { fprintf(stderr, "usage: wsload PORT COUNT AT_ONCE TARGETS [HELLO]\n"); return 2; }
    int port = atoi(argv[1]), wanted = atoi(argv[2]), at_once = atoi(argv[3]), begun = 0, is_told = 0;
    size_t known;
    char **targets = read_targets(argv[4], &known);
    if (argc > 5) make_hello(argv[5]);
    const char *subprotocol = getenv("WSLOAD_SUBPROTOCOL");
    if (subprotocol != NULL)
        snprintf(offer, sizeof offer, "Sec-WebSocket-Protocol: %s\r\n", subprotocol);
    delays = malloc(DELAYS * sizeof *delays);
    struct line *lines = calloc((size_t)wanted, sizeof *lines);
    int poll = epoll_create1(0);
    struct epoll_event input = {.events = EPOLLIN, .data.u32 = UINT32_MAX}, events[1024];
    epoll_ctl(poll, EPOLL_CTL_ADD, 0, &input);
    uint64_t began = now_ns();
    for (;;) {
        for (; begun < wanted && pending < at_once; begun++)
            dial(&lines[begun], port, poll, (uint32_t)begun);
        if (begun == wanted && pending == 0 && !is_told) {
            is_told = 1;
            printf("open %d %d %.3f\n", open_count, bad_count, (double)(now_ns() - began) / 1e9);
            fflush(stdout);
        }
        int ready = epoll_wait(poll, events, 1024, -1);
        uint64_t now = now_ns();
        for (int i = 0; i < ready; i++) {
            uint32_t number = events[i].data.u32;
            if (number == UINT32_MAX) {
                if (!obey()) return 0;
                continue;
            }
            struct line *line = &lines[number];
            if (line->state == CONNECTING) ask(line, targets[number % known], poll, number);
            else if (line->state != CLOSED) hear(line, now);
        }
    }
}
