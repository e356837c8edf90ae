// LDAP in cleartext where untrusted sources reach it.
#include "lint/exposure.hpp"

namespace portcullis {

void check_ldap_cleartext(Context const& ctx, Findings& out) { check_exposure(ctx, out); }

} // namespace portcullis
