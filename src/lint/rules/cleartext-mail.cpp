// Cleartext mail retrieval where untrusted sources reach it.
#include "lint/exposure.hpp"

namespace portcullis {

void check_cleartext_mail(Context const& ctx, Findings& out) { check_exposure(ctx, out); }

} // namespace portcullis
