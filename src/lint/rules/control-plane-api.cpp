// Control planes where untrusted sources reach them.
#include "lint/exposure.hpp"

namespace portcullis {

void check_control_plane_api(Context const& ctx, Findings& out) { check_exposure(ctx, out); }

} // namespace portcullis
