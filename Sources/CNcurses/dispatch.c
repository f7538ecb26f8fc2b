#include "CNcurses.h"
#include <unistd.h>

// Exported by libdispatch for CoreFoundation's run loop; the screen's loop takes that place.
extern int _dispatch_get_main_queue_handle_4CF(void);
extern void _dispatch_main_queue_callback_4CF(void *message);

int kd_main_queue_fd(void) { return _dispatch_get_main_queue_handle_4CF(); }

void kd_main_queue_drain(void) {
    uint64_t count;
    // The handle stays readable until it is read; poll has said that this does not block.
    if (read(kd_main_queue_fd(), &count, sizeof count) < 0) return;
    _dispatch_main_queue_callback_4CF(NULL);
}
