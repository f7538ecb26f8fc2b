#include "CNcurses.h"

static const uint8_t dark[] = {
#embed "../../themes/dark.theme"
};
static const uint8_t light[] = {
#embed "../../themes/light.theme"
};
static const uint8_t contrast[] = {
#embed "../../themes/contrast.theme"
};
static const uint8_t contrast_light[] = {
#embed "../../themes/contrast-light.theme"
};
static const uint8_t deuteranopia[] = {
#embed "../../themes/deuteranopia.theme"
};
static const uint8_t deuteranopia_light[] = {
#embed "../../themes/deuteranopia-light.theme"
};
static const uint8_t tritanopia[] = {
#embed "../../themes/tritanopia.theme"
};
static const uint8_t tritanopia_light[] = {
#embed "../../themes/tritanopia-light.theme"
};
static const uint8_t sixteen[] = {
#embed "../../themes/sixteen.theme"
};
static const uint8_t mono[] = {
#embed "../../themes/mono.theme"
};

#define THEME(name, bytes) {name, bytes, sizeof bytes}
static const struct kd_theme themes[] = {
    THEME("dark", dark), THEME("light", light), THEME("contrast", contrast), THEME("contrast-light", contrast_light),
    THEME("deuteranopia", deuteranopia), THEME("deuteranopia-light", deuteranopia_light), THEME("tritanopia", tritanopia),
    THEME("tritanopia-light", tritanopia_light), THEME("sixteen", sixteen), THEME("mono", mono),
};

size_t kd_theme_count(void) { return sizeof themes / sizeof *themes; }
struct kd_theme kd_theme(size_t index) { return themes[index]; }
