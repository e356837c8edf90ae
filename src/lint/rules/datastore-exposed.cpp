// Databases where untrusted sources reach them.
#include "lint/exposure.hpp"

namespace portcullis {

void check_datastore_exposed(Context const& ctx, Findings& out) { check_exposure(ctx, out); }

} // namespace portcullis
