// Rules of nft lowered to rules of the model: statement by statement, a verdict map becoming a rule per element.
#pragma once
#include <functional>

#include "dialect/nftables_expr.hpp"

namespace portcullis::nft {

// The chains that a rule may go to.
struct ChainLookup {
    std::function<ChainId(std::string_view name, Span span)> find;           // reports what does not exist
    std::function<ChainId(std::vector<ast::Rule> const& body)> inline_chain; // jump { … }
};

// Appends the rules that `rule` becomes to `out`, all with `origin`.
void lower_rule(ast::Rule const& rule, std::string const& comment, std::uint32_t origin, Scope const& scope,
                ChainLookup const& chains, Sources const& sources, Expressions& expressions, Findings& findings,
                std::vector<Rule>& out);

// Whether it sets a key of the packet's connection.
bool sets_connection(ast::Assignment const& assignment);

// The set that a statement adds to or removes from, if it does.
ast::Expr const* updated_set(ast::Statement const& statement);

} // namespace portcullis::nft
