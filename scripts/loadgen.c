// A load generator for the Kubernetes API: TLS, HTTP/1.1 keep-alive, one request in flight per connection, one epoll loop.
//
//   loadgen PORT PKI CLIENTS SECONDS METHOD PATH [TYPE BODY [RATE]]
//
// PKI is a directory with ca.crt, admin.crt and admin.key. Every `@` in PATH and BODY becomes a number: in BODY the request's own, in
// PATH the same modulo 11 when METHOD is PATCH. RATE is requests per second over all clients; without it each client sends as soon as
// its answer has come. METHOD `READ` does one GET until the server closes or the chunked body ends, and reports bytes instead.
// Prints one JSON object: n, errors, seconds, rate, and p50, p90, p99, max in milliseconds.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_LIMIT = 1 << 16, SAMPLE_LIMIT = 1 << 22 };

typedef struct {
    SSL *tls;
    double sent; // 0 while no request is in flight
    size_t have;
    char answer[ANSWER_LIMIT];
} Connection;

static const char *method, *path, *type, *body;
static long sequence;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void fail(const char *what) {
    fprintf(stderr, "loadgen: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

/// Copies `from` with every `@` replaced by `number`; returns the length.
static size_t expand(const char *from, long number, char *to, size_t room) {
    size_t length = 0;
    for (; *from != 0 && length + 24 < room; from++) {
        if (*from == '@') length += (size_t)snprintf(to + length, room - length, "%ld", number);
        else to[length++] = *from;
    }
    to[length] = 0;
    return length;
}

static void send_request(Connection *c) {
    static char target[2048], content[8192], request[16384];
    long number = sequence++;
    expand(path, strcmp(method, "PATCH") == 0 ? number % 11 : number, target, sizeof target);
    size_t length = body == NULL ? 0 : expand(body, number, content, sizeof content);
    int size = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: loadgen\r\nAccept: application/json\r\n", method, target);
    if (body != NULL) size += snprintf(request + size, sizeof request - (size_t)size, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, length);
    size += snprintf(request + size, sizeof request - (size_t)size, "\r\n%s", body == NULL ? "" : content);
    c->sent = now();
    c->have = 0;
    if (SSL_write(c->tls, request, size) != size) fail("a request could not be written");
}

/// Whether the answer is complete; it always has a Content-Length.
static int is_complete(Connection *c) {
    c->answer[c->have] = 0;
    char *end = strstr(c->answer, "\r\n\r\n");
    if (end == NULL) return 0;
    char *length = strcasestr(c->answer, "\r\ncontent-length: ");
    if (length == NULL || length > end) fail("an answer has no Content-Length");
    size_t whole = (size_t)(end + 4 - c->answer) + strtoul(length + 18, NULL, 10);
    if (whole >= ANSWER_LIMIT) fail("an answer is too long");
    return c->have >= whole;
}

static SSL *connect_tls(SSL_CTX *context, int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) fail("cannot connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    SSL *tls = SSL_new(context);
    SSL_set_fd(tls, fd);
    if (SSL_connect(tls) != 1) fail("the TLS handshake failed");
    return tls;
}

static SSL_CTX *make_context(const char *pki) {
    char ca[512], certificate[512], key[512];
    snprintf(ca, sizeof ca, "%s/ca.crt", pki);
    snprintf(certificate, sizeof certificate, "%s/admin.crt", pki);
    snprintf(key, sizeof key, "%s/admin.key", pki);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (SSL_CTX_load_verify_locations(context, ca, NULL) != 1) fail(ca);
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1) fail(certificate);
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) fail(key);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return context;
}

/// One GET, as fast as the answer comes.
static int read_once(SSL *tls) {
    static char buffer[1 << 18];
    char tail[7] = "";
    size_t bytes = 0;
    int size = snprintf(buffer, sizeof buffer, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path);
    double start = now();
    if (SSL_write(tls, buffer, size) != size) fail("the request could not be written");
    for (int n; (n = SSL_read(tls, buffer, sizeof buffer)) > 0;) {
        if (bytes == 0 && strncmp(buffer, "HTTP/1.1 200", 12) != 0) fail("the answer is not 200");
        bytes += (size_t)n;
        for (int i = n > 7 ? n - 7 : 0; i < n; i++) {
            memmove(tail, tail + 1, 6);
            tail[6] = buffer[i];
        }
        if (memcmp(tail, "\r\n0\r\n\r\n", 7) == 0) break;
    }
    printf("{\"bytes\": %zu, \"seconds\": %.6f}\n", bytes, now() - start);
    return 0;
}

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(int count, char **arguments) {
    if (count < 7) fail("usage: loadgen PORT PKI CLIENTS SECONDS METHOD PATH [TYPE BODY [RATE]]");
    int port = atoi(arguments[1]), clients = atoi(arguments[3]);
    double seconds = atof(arguments[4]), rate = count > 9 ? atof(arguments[9]) : 0;
    method = arguments[5];
    path = arguments[6];
    if (count > 8) { type = arguments[7]; body = arguments[8]; }

    SSL_CTX *context = make_context(arguments[2]);
    if (strcmp(method, "READ") == 0) return read_once(connect_tls(context, port));

    Connection *connections = calloc((size_t)clients, sizeof *connections);
    double *samples = malloc(SAMPLE_LIMIT * sizeof *samples);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < clients; i++) {
        Connection *c = &connections[i];
        c->tls = connect_tls(context, port);
        fcntl(SSL_get_fd(c->tls), F_SETFL, O_NONBLOCK);
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
        epoll_ctl(poll, EPOLL_CTL_ADD, SSL_get_fd(c->tls), &event);
    }

    size_t n = 0;
    long errors = 0;
    double start = now(), time = start;
    struct epoll_event events[128];
    for (; time < start + seconds && n < SAMPLE_LIMIT; time = now()) {
        for (int i = 0; i < clients; i++) {
            if (connections[i].sent == 0 && (rate == 0 || (double)sequence < (time - start) * rate)) send_request(&connections[i]);
        }
        int ready = epoll_wait(poll, events, 128, rate == 0 ? 100 : 1);
        for (int i = 0; i < ready; i++) {
            Connection *c = events[i].data.ptr;
            for (int got; (got = SSL_read(c->tls, c->answer + c->have, (int)(sizeof c->answer - c->have - 1))) != 0;) {
                if (got < 0) {
                    if (SSL_get_error(c->tls, got) != SSL_ERROR_WANT_READ) fail("the server closed a connection");
                    break;
                }
                c->have += (size_t)got;
                if (!is_complete(c)) continue;
                if (strncmp(c->answer, "HTTP/1.1 2", 10) != 0 && errors++ == 0) fprintf(stderr, "loadgen: %.600s\n", c->answer);
                samples[n++] = now() - c->sent;
                c->sent = 0;
                if (rate == 0) send_request(c);
                break;
            }
        }
    }
    double took = now() - start;
    if (n == 0) fail("no answer came");
    qsort(samples, n, sizeof *samples, ascending);
    printf("{\"n\": %zu, \"errors\": %ld, \"seconds\": %.3f, \"rate\": %.0f, \"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"max\": %.3f}\n", n, errors, took, (double)n / took,
        samples[n / 2] * 1e3, samples[n * 9 / 10] * 1e3, samples[n * 99 / 100] * 1e3, samples[n - 1] * 1e3);
    return 0;
}
