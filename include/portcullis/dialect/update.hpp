// Two rulesets in, commands out that lead a device from the access lists of the one to those of the other.
#pragma once
#include <cstdint>

#include "portcullis/dialect/write.hpp"

namespace portcullis {

// What becomes of what `after` says nothing of: lists of `before`, and places at interfaces where they are applied.
enum class Rest : std::uint8_t {
    goes,
    stays // but for lists that were applied at places alone that have another one now
};

// Commands in configuration mode, one a line, in their order. `before` is a whole configuration of the platform
// (cisco_ios, cisco_asa, cisco_nxos, cisco_xr), read without errors; `after` may be of any dialect that write_cisco
// takes. At no moment between two commands does an interface pass what neither its old nor its new list permits, or block
// what both permit: lists are edited in place where that is proved, else written under another name, which interfaces get
// in place of the old one. Losses are those of write_cisco, and lists whose users nobody can lead to another name.
Writing write_update(Ruleset const& before, Ruleset const& after, Dialect platform, Rest rest = Rest::goes);

} // namespace portcullis
