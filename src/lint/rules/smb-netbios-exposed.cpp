// SMB, NetBIOS and Windows RPC where untrusted sources reach them.
#include "lint/exposure.hpp"

namespace portcullis {

void check_smb_netbios_exposed(Context const& ctx, Findings& out) { check_exposure(ctx, out); }

} // namespace portcullis
