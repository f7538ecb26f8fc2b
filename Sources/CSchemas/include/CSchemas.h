#ifndef CSCHEMAS_H
#define CSCHEMAS_H

#include <stddef.h>

/* One schema file of the built-in kinds, as it lies in schemas/. */
struct kdash_schema {
    const char *name;            /* file name without directory and extension */
    const unsigned char *bytes;  /* UTF-8, not terminated */
    size_t count;
};

/* Every schema file; the order has no meaning. */
extern const struct kdash_schema kdash_schemas[];
extern const size_t kdash_schema_count;

#endif
