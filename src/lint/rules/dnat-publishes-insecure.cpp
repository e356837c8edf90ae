#include "lint/published.hpp"

namespace portcullis {

void check_dnat_publishes_insecure(Context const& ctx, Findings& out) { find_published(ctx, out); }

} // namespace portcullis
