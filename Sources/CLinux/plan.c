#include "include/plan.h"
#include <string.h>

int kd_next(struct kd_cursor *cursor, struct kd_field *field) {
    size_t left = (size_t)(cursor->end - cursor->at);
    if (left == 0) return 0;
    struct kd_field_header header;
    if (left < sizeof header) return -1;
    memcpy(&header, cursor->at, sizeof header);
    left -= sizeof header;
    if (header.size > left) return -1;
    size_t padded = ((size_t)header.size + 7) & ~(size_t)7;
    if (padded > left) return -1;
    *field = (struct kd_field) { header.tag, header.size, cursor->at + sizeof header };
    cursor->at += sizeof header + padded;
    return 1;
}

const char *kd_text(const struct kd_field *field) {
    if (field->size == 0 || field->bytes[field->size - 1] != 0) return NULL;
    if (memchr(field->bytes, 0, field->size) != field->bytes + field->size - 1) return NULL;
    return (const char *)field->bytes;
}

int kd_number(const struct kd_field *field, uint64_t *number) {
    if (field->size != sizeof *number) return -1;
    memcpy(number, field->bytes, sizeof *number);
    return 0;
}

uint64_t kd_journal_checksum(const struct kd_journal_record *record) {
    const uint8_t *bytes = (const uint8_t *)record;
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < offsetof(struct kd_journal_record, checksum); i++) hash = (hash ^ bytes[i]) * 0x100000001b3;
    return hash;
}
