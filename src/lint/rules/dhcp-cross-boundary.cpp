// DHCP accepted from beyond the local link.
#include "lint/exposure.hpp"

namespace portcullis {

void check_dhcp_cross_boundary(Context const& ctx, Findings& out) { check_exposure(ctx, out); }

} // namespace portcullis
