// FTP, control and active data, where untrusted sources reach it.
#include "lint/exposure.hpp"

namespace portcullis {

void check_ftp_exposed(Context const& ctx, Findings& out) { check_exposure(ctx, out); }

} // namespace portcullis
