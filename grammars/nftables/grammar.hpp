// The rules that the translation units of the nftables grammar share.
#pragma once
#include "grammars/nftables/token_kit.hpp"

namespace portcullis::nftables::grammar {

// Expressions (expression.cpp)
PC_RULE(left, Expr, "expression")    // what a match looks at: selectors
PC_RULE(right_concat, Expr, "value") // a . b of values
PC_RULE(right, Expr, "value")        // what it is compared with: values, ranges, sets, lists
PC_RULE(mixed_concat, Expr, "value") // either, as in set statements
PC_RULE(mixed, Expr, "value")        // either, with maps: what a field is set to
PC_RULE(anonymous_set, Expr, "'{'")
PC_RULE(verdict, Expr, "verdict")
PC_RULE(lookup_table, Expr, "map") // { … }, @name or $name
PC_RULE(set_reference, Expr, "'@'")
PC_RULE(simple, Expr, "value") // a word, a number, a string or a variable

// Statements (statement.cpp)
PC_RULE(element_state, Action, "counter or limit") // what an element of a set may carry
PC_RULE(rule, Rule, "statement")

} // namespace portcullis::nftables::grammar
