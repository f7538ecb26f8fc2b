// Live copies of a container's output for those who attach. A tap that is full holds the stream back: whoever attaches
// gets everything from then on, and the container waits as it would at a slow pipe. Taps end with this program.
#include "supervisor_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { MAXIMUM_TAPS = 1024 };

struct tap {
    struct tap *next;
    uint64_t stream;        // of which stream it is a copy; 0 when that has ended and only what waits is left
    int fd;
    char *waiting;          // what the other side had no room for
    size_t start, size;
    struct resumption again;
};
static struct tap *taps;
static int tap_count;
static uint64_t last_stream;

static void tap_free(struct tap *tap) {
    for (struct tap **at = &taps; *at; at = &(*at)->next)
        if (*at == tap) { *at = tap->next; break; }
    close_fd(&tap->fd);
    free(tap->waiting);
    free(tap);
    tap_count--;
}

int tap_add(struct stream *stream, int fd, struct resumption again, uint64_t what) {
    if (tap_count == MAXIMUM_TAPS) return EMFILE;
    int flags = fcntl(fd, F_GETFL), copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    struct tap *tap = calloc(1, sizeof *tap);
    if (flags < 0 || copy < 0 || !tap || fcntl(copy, F_SETFL, flags | O_NONBLOCK) < 0) {
        int saved = tap ? errno : ENOMEM;
        close_fd(&copy);
        free(tap);
        return saved;
    }
    if (!stream->tap) stream->tap = ++last_stream;
    *tap = (struct tap) { taps, stream->tap, copy, NULL, 0, 0, again };
    taps = tap;
    tap_count++;
    // Edge-triggered: it has room nearly always, and tells besides when nobody reads any more.
    watch(copy, EPOLLOUT | EPOLLET, what, 0);
    return 0;
}

bool tap_holds_back(const struct stream *stream) {
    if (!stream->tap) return false;
    for (const struct tap *tap = taps; tap; tap = tap->next)
        if (tap->stream == stream->tap && tap->size) return true;
    return false;
}

// False when the other side is gone.
static bool write_some(struct tap *tap, const char *bytes, size_t size, size_t *written) {
    *written = 0;
    while (*written < size) {
        ssize_t n = write(tap->fd, bytes + *written, size - *written);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN;
        *written += (size_t)n;
    }
    return true;
}

// False when the bytes cannot be kept.
static bool keep_waiting(struct tap *tap, const char *bytes, size_t size) {
    char *grown = realloc(tap->waiting, tap->size + size);
    if (!grown) return false;
    memcpy(grown + tap->size, bytes, size);
    tap->waiting = grown;
    tap->size += size;
    return true;
}

void tap_feed(struct stream *stream, const char *bytes, size_t size) {
    if (!stream->tap) return;
    bool any = false;
    for (struct tap *tap = taps, *next; tap; tap = next) {
        next = tap->next;
        if (tap->stream != stream->tap) continue;
        size_t written = 0;
        // Behind what waits already, at the end of a container: at most what its pipe held.
        bool alive = tap->size > 0 || write_some(tap, bytes, size, &written);
        if (alive && written < size) alive = keep_waiting(tap, bytes + written, size - written);
        if (!alive) { tap_free(tap); continue; }
        any = true;
    }
    if (!any) stream->tap = 0;
    else if (tap_holds_back(stream)) epoll_ctl(node.epoll, EPOLL_CTL_DEL, stream->fd, NULL);
}

void tap_finish(struct stream *stream) {
    if (!stream->tap) return;
    for (struct tap *tap = taps, *next; tap; tap = next) {
        next = tap->next;
        if (tap->stream != stream->tap) continue;
        tap->stream = 0;
        if (!tap->size) tap_free(tap);
    }
    stream->tap = 0;
}

bool tap_drained(int fd, struct resumption *again) {
    struct tap *tap = taps;
    while (tap && tap->fd != fd) tap = tap->next;
    if (!tap) return false;
    uint64_t stream = tap->stream;
    *again = tap->again;
    size_t written, left = tap->size - tap->start;
    bool was_waiting = tap->size > 0;
    struct pollfd reader = { .fd = fd };
    bool alive = left ? write_some(tap, tap->waiting + tap->start, left, &written) : poll(&reader, 1, 0) == 0;
    if (left) tap->start += written;
    if (alive && tap->start < tap->size) return false;
    free(tap->waiting);
    tap->waiting = NULL;
    tap->start = tap->size = 0;
    if (!alive || !stream) tap_free(tap);
    if (!was_waiting || !stream) return false;
    for (const struct tap *other = taps; other; other = other->next)
        if (other->stream == stream && other->size) return false;
    return true;
}
