// Telnet where untrusted sources reach it.
#include "lint/exposure.hpp"

namespace portcullis {

void check_telnet_exposed(Context const& ctx, Findings& out) { check_exposure(ctx, out); }

} // namespace portcullis
