// What nft loads without a word though its author hardly meant it: these need the text as it was written, which the
// model does not keep. PC404, PC410, PC421, PC422, PC436, PC511.
#pragma once
#include <set>
#include <string>
#include <string_view>

#include "dialect/nftables_expr.hpp"

namespace portcullis::nft {

// Names that rules and elements mention, in one table.
struct Mentions {
    std::set<std::string, std::less<>> sets;    // "@name"
    std::set<std::string, std::less<>> objects; // "counter name web", and every other word that could name one
};

class Advice {
  public:
    Advice(Sources const& sources, Variables const& variables, Findings& findings)
        : sources_(sources), variables_(variables), findings_(findings) {}

    void rule(ast::Rule const& rule, Scope const& scope, Mentions& mentions);
    // Elements of a set, or the value of a variable.
    void values(ast::Expr const& expr, Mentions& mentions);

  private:
    void statement(ast::Statement const& statement, Scope const& scope, Mentions& mentions);
    void bound_at_load(ast::Expr const& key, ast::Expr const& values, Time time);
    void bound_value(Meaning const& meaning, ast::Expr const& value);
    void exact_flags(ast::Match const& match, Span span, Scope const& scope);
    void one_family(ast::Rule const& rule, Scope const& scope);
    std::string text(Span span) const;

    Sources const& sources_;
    Variables const& variables_;
    Findings& findings_;
    std::set<std::pair<nftables::Expr const*, nftables::Expr const*>> bound_; // selectors and values that bound_at_load knows
    std::set<std::uint64_t> seen_; // prefixes and sets, which several rules can come by
};

} // namespace portcullis::nft
