// A space to begin with in which the sets are made already that lint asks for whatever the file: what begins a connection, whom
// nobody vouches for, what a hook sees of a packet. They are half of the work on a file of fifty rules.
#pragma once
#include <memory>

#include "portcullis/engine/packet_set.hpp"

namespace portcullis {

// A copy of the one that each process makes of a sample of such a dialect when it is first asked for. All are alike, so that no answer
// depends on which files were looked at before.
std::shared_ptr<Space> prepared_space(Dialect dialect);

} // namespace portcullis
