#pragma once
#include <sqlite3.h>

// SQLITE_STATIC and SQLITE_TRANSIENT are casts that Swift cannot import.

/// Binds text that SQLite copies.
static inline int kd_sqlite_bind_text(sqlite3_stmt *statement, int index, const void *text, int length) {
    return sqlite3_bind_text(statement, index, (const char *)text, length, SQLITE_TRANSIENT);
}

/// Binds bytes that stay where they are until the statement is reset.
static inline int kd_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int length) {
    return sqlite3_bind_blob(statement, index, length > 0 ? bytes : "", length, SQLITE_STATIC);
}
