// RPC, remote consoles and r-services where untrusted sources reach them.
#include "lint/exposure.hpp"

namespace portcullis {

void check_rpc_console_legacy(Context const& ctx, Findings& out) { check_exposure(ctx, out); }

} // namespace portcullis
