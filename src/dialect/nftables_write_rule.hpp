// Rules of the model in the words of nft: conditions in their order, effects, and the verdict.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dialect/nftables_write_values.hpp"
#include "portcullis/model/finding.hpp"

namespace portcullis::nft {

// The table that a rule stands in.
struct TableWriter {
    Ruleset const& ruleset;
    ast::TableFamily family = ast::TableFamily::ip;
    NamedSets& sets;
    Findings& losses;
    std::vector<std::string> const& chain_names;      // by id
    std::function<std::string(ChainId)> inline_chain; // the rules of "jump { … }", with their braces
};

// A text that the model keeps as nft wrote it, understood again.
struct Native {
    std::string text;
    std::vector<Term> needs;
    bool is_comparison = false;
    std::string left, right; // of a comparison …
    std::string between;     // … with the relation
    std::string looked_up;   // "@name contains key" of a map that it looks its value up in
};
// Nothing where it is no statement of nft.
std::optional<Native> understand(std::string const& text, ast::TableFamily family);

// One rule as it grows. Terms on the family and the protocol wait for a selector that implies them, and are written
// by themselves where none does.
class RuleText {
  public:
    explicit RuleText(TableWriter& table) : table_(table) {}

    // Each is false where nft cannot say it; why() tells what.
    bool conditions(Match const& match, Effects const& effects);
    bool effects(Effects const& effects);
    bool verdict(Verdict const& verdict, Effects const& effects);
    bool add(Piece const& piece);
    // Writes the terms that wait.
    bool settle();

    Known known() const;
    std::string const& text() const { return text_; }
    std::string const& why() const { return why_; }
    std::string const& what() const { return what_; }

  private:
    std::optional<Piece> piece_of(Term const& term);
    std::optional<Piece> piece_of(Alternatives const& alternatives);
    std::optional<Piece> first_header_piece(ValueSet const& numbers);
    std::optional<Piece> piece_of(Opaque const& opaque, Effects const& effects);
    std::optional<std::size_t> absorbed(Piece const& piece) const;
    bool wait(Term const& term);
    bool settle(std::size_t count);
    std::optional<Look> header_protocol() const;
    void note(std::vector<Term>::const_iterator begin, std::vector<Term>::const_iterator end);
    void append(std::string const& text);
    bool fail(std::string what, std::string why);

    TableWriter& table_;
    std::string text_;
    std::vector<Term> there_;          // what the text says about family and protocol
    std::vector<Term> waiting_;        // … and what it has to say yet
    std::optional<Term> with_first_header_{}; // the protocol that "ip6 nexthdr" says too
    std::vector<std::string> written_; // statements that are conditions as well as effects, such as tproxy
    std::string what_;
    std::string why_;
};

// "jump input", "jump { … }", "accept"; nothing for an undefined chain.
std::optional<std::string> decision_text(Verdict const& verdict, TableWriter& table);
// "10.0.0.1:80"
// Each address of a prefix becomes the one at its place in another.
bool is_netmap(Rewrite const& rewrite);
// Whether nft can say how it chooses ports.
bool has_words_for(Rewrite const& rewrite);
std::string target_text(Rewrite const& rewrite, Family family, std::string_view separator);
Family family_of(Rewrite const& rewrite, std::optional<Family> known);

// The rules that share an origin as the lines of one rule or several; what has no spelling is a loss.
std::vector<std::string> rule_lines(std::span<Rule const> rules, TableWriter& table);
// … as one rule with a map or a statement that decides by itself; nothing where they are not of that form.
std::optional<std::string> as_one_rule(std::span<Rule const> rules, TableWriter& table);

} // namespace portcullis::nft
