// One rule of an iptables file as rules of the intermediate form.
#pragma once
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dialect/iptables_set.hpp"
#include "grammars/iptables/ast.hpp"
#include "portcullis/model/finding.hpp"

namespace portcullis::iptables {

// Of chains, matches and targets: XT_EXTENSION_MAXNAMELEN, with its end.
inline constexpr std::size_t longest_name = 28;

// What the meaning of a rule depends on besides its text.
struct RuleContext {
    File const& file;
    Family family = Family::v4;
    std::string_view table;
    std::string_view chain;
    std::optional<HookPoint> hook;                               // of a built-in chain
    std::unordered_map<std::string_view, ChainId> const& chains; // that the table has
    Findings& findings;
    SetUse* sets = nullptr; // what is known of sets
};

// Appends what the command's rule means to `out`: one rule, or two of the same origin for a target that may accept
// or drop. False, and findings, where iptables would refuse it.
bool lower_rule(Command const& command, RuleContext const& context, std::uint32_t origin, std::vector<Rule>& out);

// Adds a finding, or says that there are too many: a file of a hundred megabytes can have as many errors as lines.
void report(Findings& findings, std::string_view rule, Span span,
            std::initializer_list<std::pair<char const*, std::string>> args);

// Where the kernel runs the built-in chain `name` of `table`; nothing where the table has no such chain.
std::optional<Hook> builtin_hook(std::string_view table, std::string_view name, Family family);
bool is_table(std::string_view name);
// Whether an extension, or the kernel itself, is a target of that name.
bool is_target(std::string_view name);

} // namespace portcullis::iptables
