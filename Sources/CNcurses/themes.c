#include "CNcurses.h"

static const uint8_t dark[] = {
#embed "../../themes/dark.theme"
};
static const uint8_t sixteen[] = {
#embed "../../themes/sixteen.theme"
};

const uint8_t *kd_theme_dark(void) { return dark; }
size_t kd_theme_dark_size(void) { return sizeof dark; }
const uint8_t *kd_theme_sixteen(void) { return sixteen; }
size_t kd_theme_sixteen_size(void) { return sizeof sixteen; }
