// The journal of starts and exits: what the next daemon knows when this supervisor is gone.
#include "supervisor_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct kd_journal_record record_of(enum kd_journal_kind kind, const struct entry *entry) {
    struct kd_journal_record record = {
        .magic = KD_JOURNAL_MAGIC, .kind = kind, .pid = entry->pid, .status = entry->status, .start_ticks = entry->start_ticks,
        .oom_kills = entry->oom_kills, .time = kind == KD_JOURNAL_EXITED ? entry->finished : entry->started,
    };
    strcpy(record.id, entry->id);
    strcpy(record.sandbox, entry->sandbox);
    strcpy(record.boot_id, node.boot_id);
    record.checksum = kd_journal_checksum(&record);
    return record;
}

static void append(enum kd_journal_kind kind, const struct entry *entry) {
    struct kd_journal_record record = record_of(kind, entry);
    // Best effort: a full disk costs the record, not the container; the table in memory still has it. Half a record would put the
    // next ones out of step.
    ssize_t written = write(node.journal, &record, sizeof record);
    off_t end = written > 0 && written < (ssize_t)sizeof record ? lseek(node.journal, 0, SEEK_END) : -1;
    if (end >= written && ftruncate(node.journal, end - written) < 0) return;
}

// What is still known, and last the record that makes it count. The caller frees; NULL where there is no memory.
static struct kd_journal_record *snapshot(size_t *count) {
    *count = 1;
    for (int i = 0; i < entry_limit; i++) *count += entries[i] ? 2 : 0;
    struct kd_journal_record *records = calloc(*count, sizeof *records);
    if (!records) return NULL;
    size_t used = 0;
    for (int i = 0; i < entry_limit; i++) {
        const struct entry *entry = entries[i];
        if (!entry || entry->kind == EXEC || entry->state == KD_STATE_STARTING) continue;
        records[used++] = record_of(KD_JOURNAL_STARTED, entry);
        if (entry->ended) records[used++] = record_of(KD_JOURNAL_EXITED, entry);
    }
    struct kd_journal_record last = { .magic = KD_JOURNAL_MAGIC, .kind = KD_JOURNAL_SNAPSHOT, .status = (int32_t)used };
    last.checksum = kd_journal_checksum(&last);
    records[used++] = last;
    *count = used;
    return records;
}

// On disk, or false.
static bool put_at(off_t at, const void *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t written = pwrite(node.journal, (const char *)bytes + done, size - done, at + (off_t)done);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        done += (size_t)written;
    }
    return fdatasync(node.journal) == 0;
}

// Starts over with what is still known. At no moment does the file say less: first this is added at its end, where it counts once
// it is whole; then it is put at the beginning too, and then the rest goes.
static bool compact(off_t end) {
    size_t count;
    struct kd_journal_record *records = snapshot(&count);
    if (!records) return false;
    size_t size = count * sizeof *records;
    end -= end % (off_t)sizeof *records;
    int flags = fcntl(node.journal, F_GETFL);
    bool done = false;
    // The two must not overlap. O_APPEND would put both at the end.
    if ((off_t)size <= end && flags >= 0 && fcntl(node.journal, F_SETFL, flags & ~O_APPEND) == 0) {
        bool added = put_at(end, records, size);
        done = added && put_at(0, records, size) && ftruncate(node.journal, (off_t)size) == 0;
        // A full disk: as before. Where that fails too, records without the last one repeat what is known.
        if (!added && ftruncate(node.journal, end) < 0) done = false;
        fcntl(node.journal, F_SETFL, flags);
    }
    free(records);
    return done;
}

void journal(enum kd_journal_kind kind, const struct entry *entry) {
    static off_t retry_at;  // where it failed, the next try is a journal's size later
    if (node.journal < 0 || entry->kind == EXEC) return;
    append(kind, entry);
    off_t end = kind == KD_JOURNAL_REMOVED ? lseek(node.journal, 0, SEEK_END) : 0;
    if (end <= JOURNAL_LIMIT || end <= retry_at) return;
    retry_at = compact(end) ? 0 : end + JOURNAL_LIMIT / 4;
}

void journal_commit(void) {
    if (node.journal >= 0) fdatasync(node.journal);
}
