// Container output in the CRI log format, rotated exactly at its size by the only writer.
#include "supervisor_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PREFIX = 40, PLACE_SIZE = PREFIX + 45, READ_SIZE = 256 << 10, BATCH_SIZE = 512 << 10, PARTIAL_WAIT = 100 };

// Shared by all containers: the supervisor does one thing at a time.
static char input[READ_SIZE], batch[BATCH_SIZE];
static size_t batch_used, batch_content, batch_lines;
// When the beginnings of lines that wait for their end are written, in milliseconds of the steady clock; 0: none waits. Due at the
// start, as another program may have handed some over.
static int64_t partials_due = 1;

// Containers that see the directory may put anything there: O_NONBLOCK, or a FIFO would stop the whole node.
static int open_current(struct log *log) {
    log->file = openat(log->directory, log->name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
    struct stat info;
    if (log->file < 0 || fstat(log->file, &info) < 0 || !S_ISREG(info.st_mode)) {
        int saved = log->file < 0 ? errno : EINVAL;
        close_fd(&log->file);
        errno = saved;
        return -1;
    }
    log->size = (uint64_t)info.st_size;
    return 0;
}

int log_open(struct log *log, const char *path, uint64_t maximum, uint64_t files) {
    *log = (struct log) { .directory = -1, .file = -1, .maximum = maximum, .files = files };
    const char *slash = strrchr(path, '/');
    if (path[0] != '/' || !slash || !slash[1] || strlen(slash + 1) >= sizeof log->name - 8) return EINVAL;
    strcpy(log->name, slash + 1);
    char *parent = strndup(path, (size_t)(slash - path));
    if (!parent) return ENOMEM;
    log->directory = open_in(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
    int saved = errno;
    free(parent);
    if (log->directory < 0) return saved;
    if (open_current(log) == 0) return 0;
    saved = errno;
    log_close(log);
    return saved;
}

void log_close(struct log *log) {
    close_fd(&log->file);
    close_fd(&log->directory);
}

static int rotated_name(const struct log *log, uint64_t number, char *name, size_t size) {
    return snprintf(name, size, number ? "%s.%lu" : "%s", log->name, (unsigned long)number);
}

// Says in the supervisor's own log why a container's is not rotated: once for every file's size that is written meanwhile.
static void postpone(struct log *log, const char *call, const char *name) {
    char link[32], place[256];
    int error = errno;
    snprintf(link, sizeof link, "self/fd/%d", log->directory);
    ssize_t length = readlinkat(node.proc, link, place, sizeof place - 1);
    place[length < 0 ? 0 : length] = 0;
    dprintf(STDERR_FILENO, "the log %s/%s is not rotated, and written on: cannot %s %s: %s; remove what lies there\n", place, log->name, call, name, strerrordesc_np(error));
    log->retry_at = log->size + log->maximum;
}

static bool move(const struct log *log, const char *from, const char *to) { return renameat(log->directory, from, log->directory, to) == 0; }

// The new file is made before anything moves, and takes the old one's place last: where a step fails (a full disk, something planted
// under one of the names), the old one is written on under whatever name it has, and it is tried again a file's size later.
static void rotate(struct log *log) {
    char fresh[80], from[80], to[80];
    snprintf(fresh, sizeof fresh, "%s.new", log->name);
    unlinkat(log->directory, fresh, 0);
    int file = openat(log->directory, fresh, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (file < 0) { postpone(log, "make", fresh); return; }
    bool moved = true;
    for (uint64_t i = log->files - 1; i > 0 && moved; i--) {
        rotated_name(log, i - 1, from, sizeof from);
        rotated_name(log, i, to, sizeof to);
        moved = move(log, from, to) || errno == ENOENT;
    }
    if (!moved) postpone(log, "replace", to);
    else if (!(moved = move(log, fresh, log->name))) {
        postpone(log, "replace", log->name);
        // Back under the name that readers look for; where that is taken, it stays the newest of the old ones.
        if (log->files > 1) move(log, to, log->name);
    }
    if (!moved) {
        close(file);
        unlinkat(log->directory, fresh, 0);
        return;
    }
    close(log->file);
    log->file = file;
    log->size = log->retry_at = 0;
}

static size_t prefix(char *out, const char *stream, char tag) {
    static time_t second = -1;
    static char stamp[21];
    static struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != second) {
        struct tm utc;
        gmtime_r(&now.tv_sec, &utc);
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S.", &utc);
        second = now.tv_sec;
    }
    memcpy(out, stamp, 20);
    long rest = now.tv_nsec;
    for (int i = 28; i >= 20; i--, rest /= 10) out[i] = (char)('0' + rest % 10);
    out[29] = 'Z';
    out[30] = ' ';
    memcpy(out + 31, stream, 6);
    out[37] = ' ';
    out[38] = tag;
    out[39] = ' ';
    return PREFIX;
}

static bool write_all(struct log *log, const char *bytes, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t written = write(log->file, bytes + done, size - done);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            log->lost_error = written < 0 ? errno : ENOSPC;
            // Half a record would look like output: back to the last whole one.
            if (done && ftruncate(log->file, (off_t)log->size) < 0) log->size += done;
            return false;
        }
        done += (size_t)written;
    }
    log->size += size;
    return true;
}

// Whether the file must begin with its place, because others came before it.
static bool wants_place(const struct log *log) { return log->size == 0 && log->bytes > 0; }

// A record of our own: a word after the tag tells it from output.
__attribute__((format(printf, 2, 3))) static bool write_note(struct log *log, const char *format, ...) {
    char note[160];
    size_t n = prefix(note, "stdout", 'F') - 1;
    va_list arguments;
    va_start(arguments, format);
    n += (size_t)vsnprintf(note + n, sizeof note - n, format, arguments);
    va_end(arguments);
    return n < sizeof note && write_all(log, note, n);
}

static void flush(struct log *log) {
    if (!batch_used) return;
    bool written = log->file >= 0;
    // How much came before this file: what is still missing when the oldest one is read was rotated away.
    if (written && wants_place(log)) written = write_note(log, ":at %lu %lu\n", (unsigned long)log->lines, (unsigned long)log->bytes);
    if (written && log->lost) {
        written = write_note(log, ":gap %lu bytes of output lost: %s\n", (unsigned long)log->lost, strerrordesc_np(log->lost_error));
        if (written) log->lost = 0;
    }
    if (written && write_all(log, batch, batch_used)) {
        log->lines += batch_lines;
        log->bytes += batch_content;
    } else {
        log->lost += batch_content;
    }
    batch_used = batch_content = batch_lines = 0;
}

// One record: `a` then `b`, without a newline of their own. The time is that of the read it came with.
static void record(struct log *log, const char *head, char tag, const char *a, size_t a_size, const char *b, size_t b_size) {
    size_t size = PREFIX + a_size + b_size + 1;
    if (batch_used + size > sizeof batch) flush(log);
    size_t place = wants_place(log) ? PLACE_SIZE : 0;
    uint64_t most = log->retry_at ? log->retry_at : log->maximum;
    if (log->size + place + batch_used + size > most && log->size + batch_used > 0 && log->file >= 0) {
        flush(log);
        if (log->size) rotate(log);
    }
    char *out = batch + batch_used;
    memcpy(out, head, PREFIX);
    out[38] = tag;
    memcpy(out + PREFIX, a, a_size);
    memcpy(out + PREFIX + a_size, b, b_size);
    out[size - 1] = '\n';
    batch_used += size;
    batch_content += a_size + b_size;
    batch_lines += tag == 'F';
}

static int64_t steady_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void write_partial(struct stream *stream, struct log *log) {
    if (!stream->partial_size || log->directory < 0) return;
    char head[PREFIX];
    prefix(head, stream->name, 'P');
    record(log, head, 'P', stream->partial, stream->partial_size, "", 0);
    flush(log);
    stream->partial_size = 0;
}

int log_partials(void) {
    if (!partials_due) return -1;
    int64_t left = partials_due - steady_clock();
    if (left > 0) return (int)left;
    partials_due = 0;
    for (int i = 0; i < entry_limit; i++)
        for (int s = 0; entries[i] && s < 2; s++) write_partial(&entries[i]->streams[s], &entries[i]->log);
    return -1;
}

static void format(struct stream *stream, struct log *log, const char *bytes, size_t size) {
    char head[PREFIX];
    prefix(head, stream->name, 'F');
    const char *end = bytes + size;
    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *stop = newline ? newline : end;
        while (stream->partial_size + (size_t)(stop - bytes) > PARTIAL_LIMIT) {
            size_t take = PARTIAL_LIMIT - stream->partial_size;
            record(log, head, 'P', stream->partial ? stream->partial : "", stream->partial_size, bytes, take);
            stream->partial_size = 0;
            bytes += take;
        }
        size_t left = (size_t)(stop - bytes);
        if (newline) {
            record(log, head, 'F', stream->partial ? stream->partial : "", stream->partial_size, bytes, left);
            stream->partial_size = 0;
            bytes = newline + 1;
        } else {
            if (!stream->partial && !(stream->partial = malloc(PARTIAL_LIMIT))) {
                record(log, head, 'P', "", 0, bytes, left);
            } else {
                memcpy(stream->partial + stream->partial_size, bytes, left);
                stream->partial_size += (uint32_t)left;
                if (!partials_due) partials_due = steady_clock() + PARTIAL_WAIT;
            }
            bytes = end;
        }
    }
    flush(log);
}

bool stream_drain(struct stream *stream, struct log *log, bool everything) {
    // At the end of a container everything its pipe can hold; otherwise one read, so that others get their turn.
    if (!everything && tap_holds_back(stream)) return false;
    for (int i = 0; i < (everything ? 64 : 1); i++) {
        ssize_t got = read(stream->fd, input, sizeof input);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return false;
        if (got <= 0) return true;
        tap_feed(stream, input, (size_t)got);
        if (log->directory >= 0) format(stream, log, input, (size_t)got);
    }
    return false;
}

void stream_finish(struct stream *stream, struct log *log) {
    write_partial(stream, log);
    free(stream->partial);
    stream->partial = NULL;
    stream->partial_size = 0;
    tap_finish(stream);
    close_fd(&stream->fd);
}
