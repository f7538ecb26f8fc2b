// A load generator for the Kubernetes API: TLS, HTTP/1.1 keep-alive, one request in flight per connection, one epoll loop.
//
//   loadgen PORT PKI CLIENTS SECONDS METHOD PATH [TYPE BODY [RATE]]
//   loadgen PORT PKI CLIENTS SECONDS MIX FILE
//
// PKI is a directory with ca.crt, admin.crt and admin.key. SECONDS may be a number of requests instead, `500n`, which must all be
// answered within 60 s. Every `@` in PATH and BODY becomes a number: in BODY the request's own, in PATH the same modulo 11 when METHOD is PATCH; `~` becomes the number of the
// connection. RATE is requests per second over all clients; without it each client sends as soon as its answer has come. METHOD `MIX`
// has each connection send the requests of a file over and over: one a line, METHOD, PATH, TYPE and BODY with tabs in between. There
// `@` is the number of the round on that connection. METHOD `READ` does one GET until the server closes or the chunked body ends, and
// reports bytes instead. Prints one JSON object: n, errors, bytes, seconds, rate, and p50, p90, p99, max in milliseconds.
#include "loadtls.h"

enum { HEAD_LIMIT = 4096, SAMPLE_LIMIT = 1 << 22, MIX_LIMIT = 64 };

typedef struct {
    const char *method, *path, *type, *body;
} Request;

typedef struct {
    SSL *tls;
    double sent; // 0 while no request is in flight
    long number, turn;
    size_t have;  // of the head
    size_t owed;  // of the body, once the head is whole
    int is_in_body;
    char head[HEAD_LIMIT];
} Connection;

static Request requests[MIX_LIMIT];
static int request_count;
static long sequence;
static char scratch[1 << 18];

/// Copies `from` with every `@` replaced by `number` and every `~` by `connection`; returns the length.
static size_t expand(const char *from, long number, long connection, char *to, size_t room) {
    size_t length = 0;
    for (; *from != 0 && length + 24 < room; from++) {
        if (*from == '@' || *from == '~') length += (size_t)snprintf(to + length, room - length, "%ld", *from == '@' ? number : connection);
        else to[length++] = *from;
    }
    to[length] = 0;
    return length;
}

static void send_request(Connection *c) {
    static char target[2048], content[8192], text[16384];
    const Request *r = &requests[c->turn % request_count];
    long number = request_count > 1 ? c->turn / request_count : sequence;
    c->turn++;
    sequence++;
    expand(r->path, request_count == 1 && strcmp(r->method, "PATCH") == 0 ? number % 11 : number, c->number, target, sizeof target);
    size_t length = r->body == NULL ? 0 : expand(r->body, number, c->number, content, sizeof content);
    int size = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: loadgen\r\nAccept: application/json\r\n", r->method, target);
    if (r->body != NULL) size += snprintf(text + size, sizeof text - (size_t)size, "Content-Type: %s\r\nContent-Length: %zu\r\n", r->type, length);
    size += snprintf(text + size, sizeof text - (size_t)size, "\r\n%s", r->body == NULL ? "" : content);
    c->sent = now();
    c->have = 0;
    c->is_in_body = 0;
    if (SSL_write(c->tls, text, size) != size) fail("a request could not be written");
}

/// Takes `count` bytes of the answer; whether it is complete. It always has a Content-Length.
static int take(Connection *c, const char *bytes, size_t count) {
    if (!c->is_in_body) {
        size_t room = sizeof c->head - c->have - 1, copied = count < room ? count : room;
        memcpy(c->head + c->have, bytes, copied);
        c->head[c->have + copied] = 0;
        char *end = strstr(c->head, "\r\n\r\n");
        if (end == NULL && copied < count) fail("the head of an answer is too long");
        if (end == NULL) {
            c->have += copied;
            return 0;
        }
        char *length = strcasestr(c->head, "\r\ncontent-length: ");
        if (length == NULL || length > end) fail("an answer has no Content-Length");
        c->owed = strtoul(length + 18, NULL, 10);
        c->is_in_body = 1;
        count -= (size_t)(end + 4 - c->head) - c->have;
    }
    if (count > c->owed) fail("an answer is longer than its Content-Length");
    c->owed -= count;
    return c->owed == 0;
}

/// One GET, as fast as the answer comes.
static int read_once(SSL *tls, const char *path) {
    char tail[7] = "";
    size_t bytes = 0;
    int size = snprintf(scratch, sizeof scratch, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path);
    double start = now();
    if (SSL_write(tls, scratch, size) != size) fail("the request could not be written");
    for (int n; (n = SSL_read(tls, scratch, sizeof scratch)) > 0;) {
        if (bytes == 0 && strncmp(scratch, "HTTP/1.1 200", 12) != 0) fail("the answer is not 200");
        bytes += (size_t)n;
        for (int i = n > 7 ? n - 7 : 0; i < n; i++) {
            memmove(tail, tail + 1, 6);
            tail[6] = scratch[i];
        }
        if (memcmp(tail, "\r\n0\r\n\r\n", 7) == 0) break;
    }
    printf("{\"bytes\": %zu, \"seconds\": %.6f}\n", bytes, now() - start);
    return 0;
}

/// Reads the lines of a mix.
static void read_mix(const char *name) {
    FILE *file = fopen(name, "r");
    if (file == NULL) fail("the file of the mix cannot be opened");
    char *line = NULL;
    size_t room = 0;
    for (ssize_t length; request_count < MIX_LIMIT && (length = getline(&line, &room, file)) > 0; line = NULL, room = 0) {
        line[strcspn(line, "\n")] = 0;
        char *rest = line;
        Request *r = &requests[request_count++];
        r->method = strsep(&rest, "\t");
        r->path = strsep(&rest, "\t");
        r->type = strsep(&rest, "\t");
        r->body = rest;
        if (r->path == NULL) fail("a line of the mix has no path");
    }
    fclose(file);
    if (request_count == 0) fail("the mix is empty");
}

int main(int count, char **arguments) {
    if (count < 7) fail("usage: loadgen PORT PKI CLIENTS SECONDS METHOD PATH [TYPE BODY [RATE]]");
    int port = atoi(arguments[1]), clients = atoi(arguments[3]);
    double seconds = atof(arguments[4]), rate = count > 9 ? atof(arguments[9]) : 0;
    size_t wanted = SAMPLE_LIMIT;
    int is_counted = 0;
    if (arguments[4][strcspn(arguments[4], "n")] == 'n') {
        wanted = strtoul(arguments[4], NULL, 10);
        if (wanted == 0 || wanted > SAMPLE_LIMIT) fail("the number of requests is not between 1 and 4194304");
        is_counted = 1;
        seconds = 60;
    }
    const char *method = arguments[5], *path = arguments[6];

    SSL_CTX *context = make_context(arguments[2]);
    if (strcmp(method, "READ") == 0) return read_once(connect_tls(context, port), path);
    if (strcmp(method, "MIX") == 0) {
        read_mix(path);
    } else {
        requests[0] = (Request){ method, path, count > 8 ? arguments[7] : NULL, count > 8 ? arguments[8] : NULL };
        request_count = 1;
    }

    Connection *connections = calloc((size_t)clients, sizeof *connections);
    double *samples = malloc(SAMPLE_LIMIT * sizeof *samples);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < clients; i++) {
        Connection *c = &connections[i];
        c->tls = connect_tls(context, port);
        c->number = i;
        fcntl(SSL_get_fd(c->tls), F_SETFL, O_NONBLOCK);
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
        epoll_ctl(poll, EPOLL_CTL_ADD, SSL_get_fd(c->tls), &event);
    }

    size_t n = 0, bytes = 0;
    long errors = 0;
    double start = now(), time = start;
    struct epoll_event events[128];
    for (; time < start + seconds && n < wanted && n < SAMPLE_LIMIT; time = now()) {
        for (int i = 0; i < clients; i++) {
            Connection *c = &connections[i];
            if (c->sent == 0 && (size_t)sequence < wanted && (rate == 0 || (double)sequence < (time - start) * rate)) send_request(c);
        }
        int ready = epoll_wait(poll, events, 128, rate == 0 ? 100 : 1);
        for (int i = 0; i < ready; i++) {
            Connection *c = events[i].data.ptr;
            for (int got; (got = SSL_read(c->tls, scratch, sizeof scratch)) != 0;) {
                if (got < 0) {
                    if (SSL_get_error(c->tls, got) != SSL_ERROR_WANT_READ) fail("the server closed a connection");
                    break;
                }
                bytes += (size_t)got;
                if (!take(c, scratch, (size_t)got)) continue;
                if (strncmp(c->head, "HTTP/1.1 2", 10) != 0 && errors++ == 0) fprintf(stderr, "loadgen: %.600s\n", c->head);
                samples[n++] = now() - c->sent;
                c->sent = 0;
                if (rate == 0 && (size_t)sequence < wanted) send_request(c);
                break;
            }
        }
    }
    double took = now() - start;
    if (n == 0) fail("no answer came");
    if (is_counted && n < wanted) {
        fprintf(stderr, "loadgen: %zu of %zu requests were answered within %.0f s\n", n, wanted, seconds);
        return 1;
    }
    qsort(samples, n, sizeof *samples, ascending);
    printf("{\"n\": %zu, \"errors\": %ld, \"bytes\": %zu, \"seconds\": %.3f, \"rate\": %.0f, \"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"max\": %.3f}\n", n, errors, bytes, took,
        (double)n / took, samples[n / 2] * 1e3, samples[n * 9 / 10] * 1e3, samples[n * 99 / 100] * 1e3, samples[n - 1] * 1e3);
    return 0;
}
