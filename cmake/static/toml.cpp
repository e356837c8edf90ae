// The sources of toml++, which are in its headers.
#define TOML_IMPLEMENTATION
#include <toml++/toml.h>
