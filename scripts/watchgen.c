// Many watches of one collection, and somebody who writes to it.
//
//   watchgen PORT PKI WATCHES PATH                            holds the watches until standard input ends
//   watchgen PORT PKI WATCHES PATH WRITES 1 OBJECT BODY       each write waits until every watch has seen the one before
//   watchgen PORT PKI WATCHES PATH WRITES WRITERS OBJECT BODY WRITERS connections write as fast as they are answered
//
// PKI as for loadgen. WATCHES is a number, each over a connection of its own (HTTP/1.1), or `1000/250`: so many, and how many of them
// share a connection (HTTP/2). A write is a merge patch of OBJECT with BODY; `@` in both becomes the number of the write, in OBJECT modulo 16.
// The watches open before the first write. Prints `{"watches": N}` once they are open, and with writes one more JSON object: events,
// seconds, rate (events delivered per second), bytes, and with one writer p50, p90, p99, max of write sent to event seen, in milliseconds.
#include "loadtls.h"
#include <sys/resource.h>

enum { WRITES_LIMIT = 100000, WRITER_LIMIT = 64, FRAME_LIMIT = 9 + 16384 };
enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, PING = 6, GOAWAY = 7, WINDOW_UPDATE = 8, END_STREAM = 1, ACK = 1, END_HEADERS = 4 };

typedef struct {
    SSL *tls;
    int is_writer, is_open;
    double sent; // of a writer, 0 while nothing is in flight
    size_t have; // of a head, of a writer's answer, or of a frame
    long seen;
    char last;
    char head[2048];
    // HTTP/2: how many watches it carries, how many of them are open, what each has seen, and the frame that is arriving.
    int streams, open_streams, is_asked;
    long *seen_by;
    unsigned char *frame;
} Connection;

static const char *watched; // the path
static char scratch[1 << 17];
static double sent_at[WRITES_LIMIT];
static double *samples;
static size_t sample_count;
static long events_seen, written;
static size_t bytes_seen;

static void replace(const char *from, long number, char *to, size_t room) {
    size_t length = 0;
    for (; *from != 0 && length + 24 < room; from++) {
        if (*from == '@') length += (size_t)snprintf(to + length, room - length, "%ld", number);
        else to[length++] = *from;
    }
    to[length] = 0;
}

static void write_next(Connection *c, const char *object, const char *body) {
    static char path[1024], content[8192], text[16384];
    replace(object, written % 16, path, sizeof path);
    // A patch that changes nothing makes no event: what another run has written must not come again.
    replace(body, (long)getpid() * WRITES_LIMIT + written, content, sizeof content);
    int size = snprintf(text, sizeof text, "PATCH %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/merge-patch+json\r\nContent-Length: %zu\r\n\r\n%s", path, strlen(content), content);
    c->sent = now();
    c->have = 0;
    sent_at[written++] = c->sent;
    if (SSL_write(c->tls, text, size) != size) fail("a write could not be sent");
}

/// A newline ends an event unless it ends the line of a chunk's size.
static void count_events(Connection *c, const char *bytes, size_t count, int is_timed) {
    const char *end = bytes + count;
    for (const char *at = bytes; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++) {
        if ((at == bytes ? c->last : at[-1]) == '\r') continue;
        if (is_timed && c->seen < written) samples[sample_count++] = now() - sent_at[c->seen];
        c->seen++;
        events_seen++;
    }
    c->last = end[-1];
    bytes_seen += count;
}

/// What a watch has received; its head ends before the first event can come.
static void take_watch(Connection *c, const char *bytes, size_t count, int is_timed) {
    if (c->is_open) return count_events(c, bytes, count, is_timed);
    if (c->have + count >= sizeof c->head) fail("the head of a watch is too long");
    memcpy(c->head + c->have, bytes, count);
    c->have += count;
    c->head[c->have] = 0;
    if (strstr(c->head, "\r\n\r\n") == NULL) return;
    if (strncmp(c->head, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "%s\n", c->head);
        fail("a watch was refused");
    }
    c->is_open = 1;
    c->last = '\n';
}

/// Whether the answer to a write is complete.
static int take_answer(Connection *c, const char *bytes, size_t count) {
    static char answer[1 << 16];
    if (c->have + count >= sizeof answer) fail("the answer to a write is too long");
    if (c->have == 0) memset(c->head, 0, sizeof c->head);
    size_t room = c->have < sizeof c->head - 1 ? sizeof c->head - 1 - c->have : 0;
    memcpy(c->head + c->have, bytes, count < room ? count : room);
    c->have += count;
    char *end = strstr(c->head, "\r\n\r\n"), *length = strcasestr(c->head, "\r\ncontent-length: ");
    if (end == NULL || length == NULL) return 0;
    if (strncmp(c->head, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "%s\n", c->head);
        fail("a write was refused");
    }
    return c->have >= (size_t)(end + 4 - c->head) + strtoul(length + 18, NULL, 10);
}

// HTTP/2, as much as it takes to watch.

static void send_frame(Connection *c, int type, int flags, unsigned stream, const void *payload, size_t length) {
    unsigned char frame[FRAME_LIMIT];
    unsigned char head[9] = { (unsigned char)(length >> 16), (unsigned char)(length >> 8), (unsigned char)length, (unsigned char)type, (unsigned char)flags,
        (unsigned char)(stream >> 24), (unsigned char)(stream >> 16), (unsigned char)(stream >> 8), (unsigned char)stream };
    memcpy(frame, head, sizeof head);
    memcpy(frame + 9, payload, length);
    if (SSL_write(c->tls, frame, (int)length + 9) != (int)length + 9) fail("a frame could not be sent");
}

/// A header field without indexing: an index of the static table for its name, and the value.
static size_t put_field(unsigned char *to, unsigned char name, const char *value) {
    size_t length = strlen(value), at = 0;
    to[at++] = name;
    if (length < 127) {
        to[at++] = (unsigned char)length;
    } else {
        to[at++] = 127;
        size_t rest = length - 127;
        for (; rest >= 128; rest >>= 7) to[at++] = (unsigned char)(rest | 128);
        to[at++] = (unsigned char)rest;
    }
    memcpy(to + at, value, length);
    return at + length;
}

static void begin(Connection *c) {
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    static const unsigned char window[] = { 0, 4, 0x7f, 0xff, 0xff, 0xff }, more[] = { 0x7f, 0xff, 0, 0 };
    if (SSL_write(c->tls, preface, sizeof preface - 1) <= 0) fail("the preface could not be sent");
    send_frame(c, SETTINGS, 0, 0, window, sizeof window);
    send_frame(c, WINDOW_UPDATE, 0, 0, more, sizeof more);
}

static void open_streams(Connection *c) {
    unsigned char fields[2048];
    size_t length = 2;
    fields[0] = 0x82; // :method GET
    fields[1] = 0x87; // :scheme https
    length += put_field(fields + length, 4, watched);
    length += put_field(fields + length, 1, "127.0.0.1");
    for (int i = 0; i < c->streams; i++) send_frame(c, HEADERS, END_HEADERS | END_STREAM, (unsigned)(2 * i + 1), fields, length);
}

static void take_frame(Connection *c, int type, int flags, unsigned stream, const unsigned char *payload, size_t length, int is_timed) {
    if (type == GOAWAY || type == RST_STREAM || (type <= HEADERS && flags & END_STREAM)) fail("the server ended a watch");
    if (type == SETTINGS && !(flags & ACK)) {
        // How many streams there may be is known only now.
        send_frame(c, SETTINGS, ACK, 0, NULL, 0);
        if (!c->is_asked) open_streams(c);
        c->is_asked = 1;
    }
    if (type == PING && !(flags & ACK)) send_frame(c, PING, ACK, 0, payload, length);
    if (type == HEADERS) {
        if (length == 0 || payload[0] != 0x88) fail("a watch was refused");
        c->is_open = ++c->open_streams == c->streams;
    }
    if (type != DATA || stream / 2 >= (unsigned)c->streams) return;
    c->seen = c->seen_by[stream / 2];
    c->last = 0;
    if (length > 0) count_events(c, (const char *)payload, length, is_timed);
    c->seen_by[stream / 2] = c->seen;
}

static void take_frames(Connection *c, const char *bytes, size_t count, int is_timed) {
    while (count > 0) {
        size_t wanted = c->have < 9 ? 9 : 9 + ((size_t)c->frame[0] << 16 | (size_t)c->frame[1] << 8 | c->frame[2]);
        if (wanted > FRAME_LIMIT) fail("a frame is too long");
        size_t taken = wanted - c->have < count ? wanted - c->have : count;
        memcpy(c->frame + c->have, bytes, taken);
        c->have += taken;
        bytes += taken;
        count -= taken;
        if (c->have < wanted || (wanted == 9 && (c->frame[0] | c->frame[1] | c->frame[2]))) continue;
        unsigned stream = (unsigned)(c->frame[5] & 127) << 24 | (unsigned)c->frame[6] << 16 | (unsigned)c->frame[7] << 8 | c->frame[8];
        take_frame(c, c->frame[3], c->frame[4], stream, c->frame + 9, wanted - 9, is_timed);
        c->have = 0;
    }
}

static void add(int poll, Connection *c) {
    fcntl(SSL_get_fd(c->tls), F_SETFL, O_NONBLOCK);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
    epoll_ctl(poll, EPOLL_CTL_ADD, SSL_get_fd(c->tls), &event);
}

/// Takes what has come on any connection.
static void turn(int poll, int wait, int is_timed) {
    struct epoll_event events[256];
    int ready = epoll_wait(poll, events, 256, wait);
    for (int i = 0; i < ready; i++) {
        Connection *c = events[i].data.ptr;
        for (int got;;) {
            got = SSL_read(c->tls, scratch, sizeof scratch);
            if (got <= 0) {
                if (SSL_get_error(c->tls, got) != SSL_ERROR_WANT_READ) fail("the server closed a connection");
                break;
            }
            if (c->streams > 0) take_frames(c, scratch, (size_t)got, is_timed);
            else if (!c->is_writer) take_watch(c, scratch, (size_t)got, is_timed);
            else if (take_answer(c, scratch, (size_t)got)) c->sent = 0;
            if (!SSL_has_pending(c->tls)) break; // what comes later is told by epoll
        }
    }
}

static void report(double seconds) {
    printf("{\"events\": %ld, \"seconds\": %.4f, \"rate\": %.0f, \"bytes\": %zu", events_seen, seconds, (double)events_seen / seconds, bytes_seen);
    if (sample_count > 0) {
        qsort(samples, sample_count, sizeof *samples, ascending);
        printf(", \"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"max\": %.3f", samples[sample_count / 2] * 1e3, samples[sample_count * 9 / 10] * 1e3,
            samples[sample_count * 99 / 100] * 1e3, samples[sample_count - 1] * 1e3);
    }
    printf("}\n");
}

int main(int count, char **arguments) {
    if (count != 5 && count != 9) fail("usage: watchgen PORT PKI WATCHES PATH [WRITES WRITERS OBJECT BODY]");
    const char *slash = strchr(arguments[3], '/');
    int port = atoi(arguments[1]), watches = atoi(arguments[3]), shared = slash == NULL ? 0 : atoi(slash + 1), writers = count == 9 ? atoi(arguments[6]) : 0;
    long writes = count == 9 ? atol(arguments[5]) : 0;
    if (writes > WRITES_LIMIT || writers > WRITER_LIMIT) fail("too many writes or writers");
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);

    watched = arguments[4];
    SSL_CTX *context = make_context(arguments[2]);
    int readers = shared > 0 ? (watches + shared - 1) / shared : watches;
    Connection *connections = calloc((size_t)(readers + writers), sizeof *connections);
    samples = malloc((size_t)(writes * watches + 1) * sizeof *samples);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < readers + writers; i++) {
        Connection *c = &connections[i];
        c->is_writer = i >= readers;
        SSL_CTX_set_alpn_protos(context, (const unsigned char *)(shared > 0 && !c->is_writer ? "\2h2" : "\10http/1.1"), shared > 0 && !c->is_writer ? 3 : 9);
        c->tls = connect_tls(context, port);
        if (shared > 0 && !c->is_writer) {
            c->streams = watches - i * shared < shared ? watches - i * shared : shared;
            c->seen_by = calloc((size_t)c->streams, sizeof *c->seen_by);
            c->frame = malloc(FRAME_LIMIT);
            begin(c);
            add(poll, c);
            continue;
        }
        int size = snprintf(scratch, sizeof scratch, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", watched);
        if (!c->is_writer && SSL_write(c->tls, scratch, size) != size) fail("a watch could not be asked for");
        add(poll, c);
    }
    for (int i = 0; i < readers;) {
        if (connections[i].is_open) i++;
        else turn(poll, 1000, 0);
    }
    printf("{\"watches\": %d}\n", watches);
    fflush(stdout);
    if (writes == 0) {
        while (read(0, scratch, sizeof scratch) > 0) {}
        return 0;
    }

    double start = now();
    while (events_seen < writes * watches) {
        if (now() > start + 120) fail("not every event came within two minutes");
        for (int i = readers; i < readers + writers; i++) {
            Connection *c = &connections[i];
            int may = writers > 1 || events_seen == written * watches;
            if (c->sent == 0 && written < writes && may) write_next(c, arguments[7], arguments[8]);
        }
        turn(poll, 100, writers == 1);
    }
    report(now() - start);
    return 0;
}
