#include "lint/static_nat.hpp"

namespace portcullis {

void check_dnat_publishes_insecure(Context const& ctx, Findings& out) { find_static_publications(ctx, out); }

} // namespace portcullis
