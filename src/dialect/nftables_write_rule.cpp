// The reader adds a term on family or protocol just before the selector that needs it. The writer turns that
// around: such terms wait until a selector comes that would add exactly them.
#include "dialect/nftables_write_rule.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "dialect/nat_flags.hpp"
#include "dialect/nftables_expr.hpp"
#include "dialect/nftables_rule.hpp"
#include "grammars/nftables/parse.hpp"

namespace portcullis::nft {
namespace {

using Kind = ast::Expr::Kind;

constexpr char const* no_words = "it is in the words of another language than nft";

// Conditions that nft adds by itself to what needs them.
bool is_general(Term const& term) {
    return term.field == Field::family || term.field == Field::protocol ||
           (term.field == Field::ct_state && term.values == ValueSet(tracked_states()));
}

bool same(Term const& a, Term const& b) { return a.field == b.field && a.values == b.values; }

bool same(std::vector<Term> const& a, std::vector<Term> const& b, std::size_t b_from) {
    return a.size() == b.size() - b_from &&
           std::equal(a.begin(), a.end(), b.begin() + static_cast<std::ptrdiff_t>(b_from),
                      [](Term const& x, Term const& y) { return same(x, y); });
}

// Collects what the selectors of a statement need, as the reader does.
class Needs {
  public:
    explicit Needs(ast::TableFamily family) : scope_{family, &no_sets_, 0} {}

    void operator()(ast::Match const& match) { expressions_.require(match, {}, scope_, match_); }
    void operator()(ast::Assignment const& assignment) {
        if (!sets_connection(assignment)) require(assignment.target);
        operand(assignment.value);
    }
    void operator()(ast::VerdictMap const& statement) { require(statement.key); }
    void operator()(ast::Decision const&) {}
    void operator()(ast::Translation const& translation) {
        if (translation.family)
            require(requirement_of(*translation.family == ast::TableFamily::ip6 ? "ip6" : "ip"));
        for (auto const* part : {&translation.address, &translation.port})
            for (ast::Expr const& expr : *part) operand(expr);
    }
    void operator()(ast::Action const& action) {
        for (ast::Part const& part : action.parts) operand(part.value);
        Requirement answer = requirement_of(action.answer);
        if (action.answer != "tcp") answer.protocols = {}; // an icmp error answers any protocol
        require(answer);
    }
    std::vector<Term> terms() && { return std::move(match_.terms); }
    std::string looked_up; // "@name contains key"

  private:
    void require(Requirement const& requirement) { expressions_.require(requirement, {}, scope_, match_); }
    void require(ast::Expr const& expr) { expressions_.require(expr, {}, scope_, match_); }
    void operand(ast::Expr const& expr) {
        if (expr.kind != Kind::map) return require(expr);
        require(expr.parts[0]);
        looked_up =
            fmt::format("{} contains {}", expressions_.text(expr.parts[1], 0), expressions_.text(expr.parts[0], 0));
    }

    std::map<std::string, NamedSet, std::less<>> no_sets_;
    Variables variables_;
    Findings findings_;
    Expressions expressions_{variables_, findings_};
    Scope scope_;
    Match match_;
};

// The operator that asks the opposite; the model keeps a relation without its negation.
std::string opposite(std::string_view relation) {
    if (relation == "<") return ">=";
    if (relation == "<=") return ">";
    return "!=";
}

// Bounds are negated by "over".
std::optional<std::string> beyond(std::string const& text) {
    for (std::string_view const words : {"limit rate ", "quota ", "ct count "})
        if (text.starts_with(words)) return std::string(words) + "over " + text.substr(words.size());
    return std::nullopt;
}

} // namespace

std::optional<Native> understand(std::string const& text, ast::TableFamily family) {
    nftables::File const file = nftables::parse(text, 0, nftables::Place::chain);
    if (!file.errors.empty() || file.chain.items.size() != 1) return std::nullopt;
    auto const* const rule = std::get_if<ast::Rule>(&file.chain.items.front());
    if (rule == nullptr || rule->statements.size() != 1) return std::nullopt;
    Native native;
    native.text = text;
    Needs needs(family);
    std::visit(needs, rule->statements.front().form);
    native.looked_up = needs.looked_up;
    native.needs = std::move(needs).terms();
    if (auto const* const match = std::get_if<ast::Match>(&rule->statements.front().form)) {
        native.is_comparison = true;
        native.left = text.substr(0, match->left.span.end);
        native.right = text.substr(match->right.span.begin);
        // nft takes concatenations in braces only, even a single one.
        if (match->left.kind == Kind::concatenation && match->right.kind == Kind::concatenation) {
            native.right = "{ " + native.right + " }";
            native.text = native.left + ' ' + native.right;
        }
        native.between = text.substr(match->left.span.end, match->right.span.begin - match->left.span.end);
        std::erase(native.between, ' ');
    }
    return native;
}

// ---- pieces

bool RuleText::fail(std::string what, std::string why) {
    what_ = std::move(what);
    why_ = std::move(why);
    return false;
}

void RuleText::append(std::string const& text) {
    if (text.empty()) return;
    if (!text_.empty()) text_ += ' ';
    text_ += text;
}

Known RuleText::known() const {
    std::vector<Term> all = there_;
    all.insert(all.end(), waiting_.begin(), waiting_.end());
    return known_of(table_.family, all);
}

// How many of the last waiting terms the piece adds by itself; nothing where it adds something else.
std::optional<std::size_t> RuleText::absorbed(Piece const& piece) const {
    for (std::size_t first = 0; first <= waiting_.size(); ++first) {
        std::vector<Term> before = there_;
        before.insert(before.end(), waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(first));
        if (same(missing(piece.needs, before), waiting_, first)) return waiting_.size() - first;
    }
    return std::nullopt;
}

// Writes the first `count` of the waiting terms.
bool RuleText::settle(std::size_t count) {
    while (count > 0) {
        // "ip protocol tcp" says both at once.
        std::optional<Look> look = count > 1 ? header_protocol() : std::nullopt;
        std::size_t const said = look ? 2 : 1;
        Term const& term = waiting_[said - 1];
        if (!look) look = look_at(term.field, known_of(table_.family, there_));
        std::optional<Piece> const piece = look ? comparison(*look, term.values, table_.sets) : std::nullopt;
        if (!piece) return fail(to_text(Match{{term}, {}, {}}), "nft has no such comparison");
        append(piece->text);
        auto const end = waiting_.begin() + static_cast<std::ptrdiff_t>(said);
        note(waiting_.begin(), end);
        waiting_.erase(waiting_.begin(), end);
        count -= said;
    }
    return true;
}

// The same term again says nothing new.
void RuleText::note(std::vector<Term>::const_iterator begin, std::vector<Term>::const_iterator end) {
    for (auto term = begin; term != end; ++term) {
        auto const is_it = [&](Term const& other) { return same(*term, other); };
        if (std::none_of(there_.begin(), there_.end(), is_it)) there_.push_back(*term);
    }
}

// The protocol in the header of IPv4, where the first two waiting terms are what asking it says. That of IPv6 is
// only the first of the headers.
std::optional<Look> RuleText::header_protocol() const {
    Look look{{"ip protocol", {}}, Field::protocol, Type::protocol, "inet_proto"};
    add_required(requirement_of("ip"), sees_both_families(table_.family), {}, look.selector.needs);
    std::vector<Term> const added = missing(look.selector.needs, there_);
    bool const said =
        added.size() == 1 && same(added.front(), waiting_.front()) && waiting_[1].field == Field::protocol;
    return said ? std::optional(look) : std::nullopt;
}

bool RuleText::settle() { return settle(waiting_.size()); }

bool RuleText::add(Piece const& piece) {
    std::optional<std::size_t> const count = absorbed(piece);
    if (!settle(waiting_.size() - count.value_or(0))) return false;
    note(waiting_.begin(), waiting_.end());
    waiting_.clear();
    if (!count) {
        // Only packets of the family have the address: that is no further condition.
        bool const of_family = piece.text.starts_with("ip");
        for (Term const& term : missing(piece.needs, there_)) {
            if (term.field != Field::family || !of_family || known().family)
                return fail(piece.text, "in nft it also asks " + to_text(Match{{term}, {}, {}}));
            there_.push_back(term);
        }
    }
    append(piece.text);
    return true;
}

// ---- conditions

std::optional<Piece> RuleText::first_header_piece(ValueSet const& numbers) {
    Look look{{"ip6 nexthdr", {}}, Field::protocol, Type::protocol, "inet_proto"};
    add_required(requirement_of("ip6"), sees_both_families(table_.family), {}, look.selector.needs);
    return comparison(look, numbers, table_.sets);
}

std::optional<Piece> RuleText::piece_of(Term const& term) {
    // Behind the protocol of a packet without extension headers.
    if (term.field == Field::exthdr && !waiting_.empty() && waiting_.back().field == Field::protocol) {
        Alternatives const both{{Field::exthdr, Field::protocol}, {{term.values, waiting_.back().values}}, false, term.span};
        if (auto const numbers = numbers_of_first_header(both)) {
            with_first_header_ = waiting_.back();
            waiting_.pop_back();
            return first_header_piece(*numbers);
        }
    }
    std::optional<Look> const look = look_at(term.field, known());
    std::optional<Piece> piece = look ? comparison(*look, term.values, table_.sets) : std::nullopt;
    if (!piece) fail(to_text(Match{{term}, {}, {}}), is_port_of_connection(term.field) && !look ? "nft asks for it only behind a match on the protocol" : "nft has no such comparison");
    return piece;
}

std::optional<Piece> RuleText::piece_of(Alternatives const& alternatives) {
    if (auto const numbers = numbers_of_first_header(alternatives)) return first_header_piece(*numbers);
    std::optional<Piece> piece = relation(alternatives, known(), table_.sets);
    if (!piece) fail(to_text(Match{{}, {alternatives}, {}}), "nft has no such comparison of several fields");
    return piece;
}

std::optional<Piece> RuleText::piece_of(Opaque const& opaque, Effects const& effects) {
    constexpr std::string_view contains = " contains ";
    std::size_t const at = opaque.text.find(contains);
    if (opaque.text.starts_with('@') && at != std::string::npos) {
        // The statement that looks its value up asks by itself whether it is there.
        for (std::string const& statement : effects.sets) {
            std::optional<Native> const native = understand(statement, table_.family);
            if (!native || native->looked_up != opaque.text || opaque.negated) continue;
            if (std::find(written_.begin(), written_.end(), statement) != written_.end()) continue;
            written_.push_back(statement);
            return Piece{statement, native->needs};
        }
        std::string const relation = opaque.negated ? " != " : " ";
        std::string const text = opaque.text.substr(at + contains.size()) + relation + opaque.text.substr(0, at);
        std::optional<Native> native = understand(text, table_.family);
        if (native) return Piece{text, std::move(native->needs)};
        fail(opaque.text, no_words);
        return std::nullopt;
    }
    std::optional<Native> native = understand(opaque.text, table_.family);
    if (!native) {
        fail(opaque.text, no_words);
        return std::nullopt;
    }
    Piece piece{native->text, std::move(native->needs)};
    if (std::find(effects.sets.begin(), effects.sets.end(), opaque.text) != effects.sets.end())
        written_.push_back(opaque.text);
    if (!opaque.negated) return piece;
    if (native->is_comparison) {
        piece.text = fmt::format("{} {} {}", native->left, opposite(native->between), native->right);
        return piece;
    }
    if (std::optional<std::string> const over = beyond(opaque.text)) {
        piece.text = *over;
        return piece;
    }
    fail("not " + opaque.text, "nft has no negation of it");
    return std::nullopt;
}

// The three kinds of conditions are lists of their own; between them the place in the text decides, since a limit
// counts only what comes to it.
bool RuleText::conditions(Match const& match, Effects const& effects) {
    std::size_t term = 0, relation = 0, opaque = 0;
    auto const before = [](auto const& list, std::size_t at, auto const& other, std::size_t other_at) {
        if (at == list.size()) return false;
        if (other_at == other.size()) return true;
        Span const a = list[at].span, b = other[other_at].span;
        return a.source == b.source && a.begin < b.begin;
    };
    for (;;) {
        bool const term_first = term < match.terms.size() &&
                                !before(match.alternatives, relation, match.terms, term) &&
                                !before(match.opaque, opaque, match.terms, term);
        bool const relation_first =
            relation < match.alternatives.size() && !before(match.opaque, opaque, match.alternatives, relation);
        std::optional<Piece> piece;
        if (term_first) {
            Term const& next = match.terms[term++];
            if (is_general(next)) {
                if (!wait(next)) return false;
                continue;
            }
            piece = piece_of(next);
        } else if (relation_first) {
            piece = piece_of(match.alternatives[relation++]);
        } else if (opaque < match.opaque.size()) {
            piece = piece_of(match.opaque[opaque++], effects);
        } else {
            return true;
        }
        if (!piece || !add(*piece)) return false;
        if (with_first_header_) there_.push_back(*std::exchange(with_first_header_, std::nullopt));
        // A state that is asked for can be all that a key of the connection needs.
        if (term_first && match.terms[term - 1].field == Field::ct_state) there_.push_back(match.terms[term - 1]);
    }
}

bool RuleText::wait(Term const& term) {
    constexpr std::size_t most = 4; // no selector implies more
    if (waiting_.size() == most && !settle(1)) return false;
    waiting_.push_back(term);
    return true;
}

// ---- effects

namespace {

// A change of a mark that another dialect wrote: (mark & keep) ^ value.
std::optional<std::string> assignment_text(Assignment const& assignment) {
    U128 const all = max_value(32);
    if (!assignment.known || (assignment.mark_keep != 0 && assignment.ct_mark_keep != 0)) return std::nullopt;
    std::string const target = assignment.field == Field::mark ? "meta mark" : "ct mark";
    std::string const number = fmt::format("0x{:x}", low64(assignment.value));
    U128 const keep = assignment.mark_keep | assignment.ct_mark_keep;
    if (keep == 0) return fmt::format("{} set {}", target, number);
    std::string text = fmt::format("{} set {}", target, assignment.mark_keep != 0 ? "meta mark" : "ct mark");
    if (keep != all) text += fmt::format(" & 0x{:x}", low64(keep));
    if (assignment.value != 0) text += " ^ " + number;
    return text;
}

} // namespace

bool RuleText::effects(Effects const& effects) {
    if ((effects.counter || effects.log) && !settle()) return false;
    if (effects.counter) append("counter");
    if (effects.log) {
        std::string const text = effects.log_options.empty() ? "log" : "log " + effects.log_options;
        if (!understand(text, table_.family)) return fail(text, no_words); // AUDIT, or a prefix with a quote in it
        append(text);
    }
    bool const native_texts =
        table_.ruleset.dialect == Dialect::nftables || table_.ruleset.dialect == Dialect::nft_json;
    if (native_texts) {
        for (std::string const& statement : effects.sets) {
            if (std::find(written_.begin(), written_.end(), statement) != written_.end()) continue;
            std::optional<Native> native = understand(statement, table_.family);
            if (!native) return fail(statement, no_words);
            if (!add({statement, std::move(native->needs)})) return false;
        }
    } else {
        if (effects.sets.size() != effects.assignments.size()) return fail(effects.sets.front(), no_words);
        for (Assignment const& assignment : effects.assignments) {
            std::optional<std::string> const text = assignment_text(assignment);
            if (!text) return fail(effects.sets.front(), "nft cannot compute such a mark");
            if (!add({*text, {}})) return false;
        }
    }
    if (effects.notrack && !add({"notrack", {}})) return false;
    return true;
}

// ---- verdicts

std::optional<std::string> decision_text(Verdict const& verdict, TableWriter& table) {
    struct Printer {
        TableWriter& table;
        std::optional<std::string> operator()(Accept) const { return "accept"; }
        std::optional<std::string> operator()(Drop) const { return "drop"; }
        std::optional<std::string> operator()(Reject) const { return "reject"; }
        std::optional<std::string> operator()(Return) const { return "return"; }
        std::optional<std::string> operator()(Continue) const { return "continue"; }
        std::optional<std::string> operator()(Jump const& jump) const {
            if (jump.chain == no_chain) return std::nullopt;
            Chain const& chain = table.ruleset.chains[jump.chain];
            return std::string(jump.is_goto ? "goto " : "jump ") +
                   (chain.name.starts_with("{}") ? table.inline_chain(jump.chain) : table.chain_names[jump.chain]);
        }
        std::optional<std::string> operator()(Rewrite const&) const { return std::nullopt; }
    };
    return std::visit(Printer{table}, verdict);
}

Family family_of(Rewrite const& rewrite, std::optional<Family> known) {
    if (known) return *known;
    return rewrite.address && rewrite.address->last > max_value(32) ? Family::v6 : Family::v4;
}

bool is_netmap(Rewrite const& rewrite) { return rewrite.flags == "netmap"; }
bool has_words_for(Rewrite const& rewrite) { return rewrite.flags.find(port_base) == std::string::npos; }

std::string target_text(Rewrite const& rewrite, Family family, std::string_view separator) {
    if (is_netmap(rewrite) && rewrite.address)
        return to_string(to_prefixes(IntervalSet(rewrite.address->first, rewrite.address->last), family).front());
    bool const brackets = family == Family::v6 && rewrite.port && separator == ":";
    auto const address = [&](U128 value) {
        std::string const text = to_string(Ip{family, value});
        return brackets ? '[' + text + ']' : text;
    };
    std::string text;
    if (rewrite.address) {
        text = address(rewrite.address->first);
        if (rewrite.address->first != rewrite.address->last) text += '-' + address(rewrite.address->last);
    }
    if (rewrite.port) {
        if (rewrite.address || separator == ":") text += separator;
        text += fmt::format("{}", low64(rewrite.port->first));
        if (rewrite.port->first != rewrite.port->last) text += fmt::format("-{}", low64(rewrite.port->last));
    }
    return text;
}

bool RuleText::verdict(Verdict const& verdict, Effects const& effects) {
    if (std::holds_alternative<Continue>(verdict)) return settle();
    auto const* const rewrite = std::get_if<Rewrite>(&verdict);
    if (rewrite == nullptr) {
        std::optional<std::string> const text = decision_text(verdict, table_);
        if (!text) return fail(to_text(verdict, table_.ruleset), "the chain is not defined");
        if (effects.answer.empty()) return add({*text, {}});
        std::optional<Native> native = understand(*text + " with " + effects.answer, table_.family);
        return native ? add({native->text, std::move(native->needs)}) : fail(effects.answer, no_words);
    }
    bool const needs_target = rewrite->kind == Rewrite::Kind::dnat || rewrite->kind == Rewrite::Kind::snat;
    if (needs_target && !rewrite->address && !rewrite->port)
        return fail(to_text(verdict, table_.ruleset), "its target is computed");
    if (!has_words_for(*rewrite)) return fail(to_text(verdict, table_.ruleset), "nft does not keep the distance between ports");
    Piece piece{to_text(Rewrite{rewrite->kind, {}, {}, {}}, table_.ruleset), {}};
    Family const family = family_of(*rewrite, known().family);
    if (rewrite->address && sees_both_families(table_.family)) {
        std::string_view const word = family == Family::v4 ? "ip" : "ip6";
        piece.text += fmt::format(" {}", word);
        add_required(requirement_of(word), true, {}, piece.needs);
    }
    if (is_netmap(*rewrite)) piece.text += " prefix";
    if (rewrite->address || rewrite->port) piece.text += " to " + target_text(*rewrite, family, ":");
    if (!rewrite->flags.empty() && !is_netmap(*rewrite)) piece.text += ' ' + rewrite->flags;
    return add(piece);
}

// ---- rules

namespace {

// nft(8): a comment has at most 128 bytes; a quote would end it.
bool fits_in_quotes(std::string const& comment) {
    return comment.size() <= 128 && std::all_of(comment.begin(), comment.end(), [](char c) {
               return c != '"' && (static_cast<unsigned char>(c) >= ' ' || c == '\n') && c != '\x7f';
           });
}

void lose(TableWriter& table, Rule const& rule, std::string const& what, std::string const& why) {
    table.losses.add("PC002", rule.span).arg("construct", what).arg("why", why);
}

// Adds the comment to the last line of a rule, or in a line of its own above it.
void add_comment(Rule const& rule, std::vector<std::string>& lines, TableWriter& table) {
    std::string const& comment = rule.comment;
    if (comment.empty()) return;
    if (fits_in_quotes(comment)) {
        lines.back() += fmt::format(" comment \"{}\"", comment);
        return;
    }
    std::string line = "# " + comment;
    bool lost = false;
    for (char& c : line) {
        if ((static_cast<unsigned char>(c) >= ' ' && c != '\x7f') || c == '\t') continue;
        lost = lost || c != '\n'; // long ones of several lines come into one
        c = ' ';
    }
    if (lost) lose(table, rule, "the comment", "it has control characters, which become blanks");
    lines.insert(lines.end() - 1, std::move(line));
}

} // namespace

std::vector<std::string> rule_lines(std::span<Rule const> rules, TableWriter& table) {
    table.sets.next_rule();
    std::vector<std::string> lines;
    if (rules.size() > 1) {
        if (std::optional<std::string> const line = as_one_rule(rules, table)) {
            lines.push_back(*line);
            add_comment(rules.front(), lines, table);
            return lines;
        }
        // Apart, each of the rules has a limit of its own.
        for (Opaque const& opaque : rules[0].match.opaque) {
            bool const shared = opaque.stateful &&
                                std::any_of(rules[1].match.opaque.begin(), rules[1].match.opaque.end(),
                                            [&](Opaque const& o) { return opaque_key(o) == opaque_key(opaque); });
            if (shared) lose(table, rules[0], opaque.text, "several rules share its state");
        }
    }
    for (Rule const& rule : rules) {
        RuleText text(table);
        bool const written = text.conditions(rule.match, rule.effects) && text.effects(rule.effects) &&
                             text.verdict(rule.verdict, rule.effects);
        if (!written) {
            lose(table, rule, text.what(), text.why());
            continue;
        }
        lines.push_back(text.text().empty() ? "continue" : text.text());
        add_comment(rule, lines, table);
    }
    return lines;
}

} // namespace portcullis::nft
