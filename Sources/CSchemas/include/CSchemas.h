#ifndef CSCHEMAS_H
#define CSCHEMAS_H

#include <stddef.h>

/* One schema file of the built-in kinds, as it lies in schemas/. */
struct kdash_schema {
    const char *name;            /* file name without directory and extension */
    const unsigned char *bytes;  /* UTF-8, not terminated */
    size_t count;
};

/* How many schema files there are. */
size_t kdash_schema_count(void);

/* One of them; the order has no meaning. */
struct kdash_schema kdash_schema_at(size_t index);

#endif
