// PC511: elements of a set that others have in them, and networks that are one.
#pragma once
#include <optional>

#include "grammars/nftables/ast.hpp"
#include "portcullis/base/ip.hpp"
#include "portcullis/model/finding.hpp"

namespace portcullis::nft {

// "10.0.0.5/8" as it is written; nothing where it is no constant.
std::optional<Prefix> written_prefix(nftables::Expr const& expr);

// Reports what the set literal can do without. Two hosts stay hosts: that they are neighbours is chance.
void check_elements(nftables::Expr const& set, Sources const& sources, Findings& findings);

} // namespace portcullis::nft
