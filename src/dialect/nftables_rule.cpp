#include "dialect/nftables_rule.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "grammars/nftables/selectors.hpp"

namespace portcullis::nft {
namespace {

using Kind = ast::Expr::Kind;

class RuleReader {
  public:
    RuleReader(ast::Rule const& rule, std::string const& comment, std::uint32_t origin, Scope const& scope,
               ChainLookup const& chains, Sources const& sources, Expressions& expressions, Findings& findings,
               std::vector<Rule>& out)
        : rule_(rule), comment_(comment), origin_(origin), scope_(scope), chains_(chains), sources_(sources),
          expressions_(expressions), findings_(findings), out_(out) {}

    void run() {
        for (ast::Statement const& statement : rule_.statements) {
            if (ended_) break;
            span_ = statement.span;
            std::visit([&](auto const& form) { lower(form); }, statement.form);
        }
        finish();
    }

  private:
    // How much of a match has been read: its terms, alternatives and opaque matches.
    struct Extent {
        std::size_t terms = 0;
        std::size_t alternatives = 0;
        std::size_t opaque = 0;
        friend bool operator==(Extent const&, Extent const&) = default;
    };
    static Extent extent_of(Match const& match) {
        return {match.terms.size(), match.alternatives.size(), match.opaque.size()};
    }

    // A mark that is set in the middle of a rule: for every packet that comes so far, whatever is asked after it.
    struct Setting {
        Extent at;
        bool after_branches = false;
        Assignment assignment;
        std::string text;
    };

    // A verdict that depends on more than the rule's match: an element of a map, or what a queue answers.
    struct Branch {
        Match match;
        Verdict verdict;
        Span span;
        std::optional<Setting> setting{}; // of a mark by a map: the rule goes on
    };

    void lower(ast::Match const& match) { expressions_.match(match, span_, scope_, match_); }

    void lower(ast::Assignment const& assignment) {
        // A packet without a connection keeps going where a key of the connection is set.
        if (!sets_connection(assignment)) expressions_.require(assignment.target, span_, scope_, match_);
        std::optional<Field> const field = mark_field(assignment.target);
        if (field && lower_mark_map(*field, assignment)) return;
        operand(assignment.value);
        if (!field) {
            effects_.sets.push_back(source_text());
            expressions_.note_written(assignment.target, effects_.sets.back(), span_);
            if (is_helper(assignment.target)) effects_.helper = assignment.value.text;
            return;
        }
        Assignment mark = marks_of(assignment.value).value_or(Assignment{.known = false});
        mark.field = *field;
        settings_.push_back({extent_of(match_), has_branches_, mark, source_text()});
    }

    static bool is_helper(ast::Expr const& target) {
        static std::uint16_t const helper = nftables::selector_index("ct", "helper");
        return target.kind == Kind::selector && target.selector == helper;
    }
    static std::optional<Field> mark_field(ast::Expr const& target) {
        if (target.kind != Kind::selector) return std::nullopt;
        Meaning const& meaning = meaning_of(target.selector);
        bool const is_mark = meaning.field == Field::mark || meaning.field == Field::ct_mark;
        return is_mark ? std::optional(meaning.field) : std::nullopt;
    }

    // The value of a mark as a function of both marks, where it is one, bit by bit; shifts are none.
    std::optional<Assignment> marks_of(ast::Expr const& expr) {
        Meaning const number{Type::number, Field::mark, 32};
        U128 const all = max_value(number.bits);
        if (std::optional<Field> const field = mark_field(expr))
            return *field == Field::mark ? Assignment{.mark_keep = all} : Assignment{.ct_mark_keep = all};
        if (expr.kind != Kind::operation) {
            auto const value = expressions_.constant_range(expr, number, scope_.time);
            return value && value->first == value->last ? std::optional(Assignment{.value = value->first})
                                                        : std::nullopt;
        }
        auto left = marks_of(expr.parts[0]);
        auto right = marks_of(expr.parts[1]);
        if (!left || !right) return std::nullopt;
        auto const is_constant = [](Assignment const& a) { return a.mark_keep == 0 && a.ct_mark_keep == 0; };
        if (expr.op == ast::Operator::bit_xor)
            return Assignment{.mark_keep = left->mark_keep ^ right->mark_keep,
                              .ct_mark_keep = left->ct_mark_keep ^ right->ct_mark_keep,
                              .value = left->value ^ right->value};
        if (is_constant(*left)) std::swap(left, right);
        if (!is_constant(*right)) return std::nullopt;
        U128 const bits = right->value;
        if (expr.op == ast::Operator::bit_and)
            return Assignment{.mark_keep = left->mark_keep & bits,
                              .ct_mark_keep = left->ct_mark_keep & bits,
                              .value = left->value & bits};
        if (expr.op == ast::Operator::bit_or)
            return Assignment{.mark_keep = left->mark_keep & ~bits,
                              .ct_mark_keep = left->ct_mark_keep & ~bits,
                              .value = left->value | bits};
        return std::nullopt;
    }

    // "meta mark set tcp dport map { 22 : 1 }": a rule for each element, since later rules ask which mark it was.
    bool lower_mark_map(Field field, ast::Assignment const& assignment) {
        if (assignment.value.kind != Kind::map || has_branches_) return false;
        ast::Expr const& key = assignment.value.parts[0];
        ast::Expr const& table = assignment.value.parts[1];
        Elements const elements = expressions_.elements(table, scope_);
        Meaning const number{Type::number, field, 32};
        auto const constant = [&](Element const& element) {
            return element.value == nullptr ? std::nullopt
                                            : expressions_.constant_range(*element.value, number, element.time);
        };
        bool const plain = elements.known && !elements.all.empty() && !expressions_.is_stateful(key) &&
                           std::all_of(elements.all.begin(), elements.all.end(), constant);
        if (!plain) return false;
        expressions_.require(key, span_, scope_, match_);
        each_entry(key, table, [&](Element const& element, Match match, Span span) {
            U128 const value = constant(element)->first;
            std::string text =
                fmt::format("{} set 0x{:x}", field == Field::mark ? "meta mark" : "ct mark", low64(value));
            Setting setting{extent_of(match), true, Assignment{field, 0, 0, value}, std::move(text)};
            branches_.push_back({std::move(match), Continue{}, span, std::move(setting)});
        });
        return true;
    }

    // A rule for each element; a packet that has none of the keys goes on with the next rule.
    void lower(ast::VerdictMap const& statement) {
        expressions_.require(statement.key, span_, scope_, match_);
        each_entry(statement.key, statement.table, [&](Element const& element, Match match, Span span) {
            Time time = element.time;
            ast::Expr const* const value =
                element.value == nullptr ? nullptr : expressions_.resolve(*element.value, time);
            if (value != nullptr) branches_.push_back({std::move(match), verdict_of(*value, time), span});
        });
    }

    void lower(ast::Decision const& decision) {
        verdict_ = decision.body.empty()
                       ? verdict_of(decision.verdict, scope_.time)
                       : Verdict(Jump{chains_.inline_chain(decision.body), decision.verdict.text == "goto"});
        ended_ = !std::holds_alternative<Continue>(verdict_);
    }

    void lower(ast::Translation const& translation) {
        Rewrite rewrite{rewrite_kind(translation.kind), {}, {}, translation_flags(source_text())};
        ended_ = true;
        std::optional<Family> const family = translated_family(translation);
        if (family)
            expressions_.require(requirement_of(*family == Family::v4 ? "ip" : "ip6"), span_, scope_, match_);
        Meaning const address =
            family == Family::v6 ? Meaning{Type::ipv6, Field::dst6, 128} : Meaning{Type::ipv4, Field::dst4, 32};
        ast::Expr const* const map = only_map(translation);
        if (map == nullptr) {
            if (!translation.address.empty())
                rewrite.address = part(translation.address.front(), address, scope_.time);
            if (!translation.port.empty()) rewrite.port = part(translation.port.front(), port_, scope_.time);
            verdict_ = rewrite;
            return;
        }
        // The target is looked up: a rule for each element, and none for a packet that has none of the keys.
        expressions_.require(map->parts[0], span_, scope_, match_);
        each_entry(map->parts[0], map->parts[1], [&](Element const& element, Match match, Span span) {
            Rewrite target = rewrite;
            Time time = element.time;
            ast::Expr const* const value =
                element.value == nullptr ? nullptr : expressions_.resolve(*element.value, time);
            if (value != nullptr) set_target(target, *value, !translation.address.empty(), address, time);
            branches_.push_back({std::move(match), target, span});
        });
        ended_by_branches_ = true;
    }

    void lower(ast::Action const& action) {
        for (ast::Part const& part : action.parts) operand(part.value);
        using enum ast::Action::Kind;
        switch (action.kind) {
        case counter:
            if (action.find(ast::Part::Kind::name) == nullptr)
                effects_.counter = true;
            else
                effects_.sets.push_back(source_text());
            break;
        case last: effects_.sets.push_back(source_text()); break;
        case log:
            effects_.log = true;
            effects_.log_options = after_word(source_text(true), "log");
            break;
        case limit:
            opaque(without_over(source_text()), true, action.over, true);
            if (names_excess(action)) set_excess(match_.opaque.back());
            break;
        case quota:
        case connection_limit: opaque(without_over(source_text()), true, action.over); break;
        case notrack: effects_.notrack = true; break;
        case reject:
            if (!action.answer.empty() && action.answer != "icmpx") require_answer(action.answer);
            effects_.answer = answer_of(after_word(source_text(), "reject with"));
            verdict_ = Reject{};
            ended_ = true;
            break;
        case queue:
        case synproxy:
        case fwd:
        case foreign_target: either(source_text()); break;
        case tproxy: // goes on where a socket listens, and gives up on the rule elsewhere
            opaque(source_text(), false, false);
            effects_.sets.push_back(source_text());
            break;
        // A set that is full makes "add" and "update" give up on the rule: not modelled, sets here have room.
        case set_update:
            if (is_conditional(action))
                opaque_update(action);
            else
                effects_.sets.push_back(source_text());
            break;
        case meter: opaque_update(action); break;
        case foreign_match: opaque(source_text(), false, false); break;
        case dup:
        case flow:
        case reset_option: effects_.sets.push_back(source_text()); break;
        }
    }

    // A set update that also asks a limit, quota or connection count.
    static bool is_conditional(ast::Action const& action) {
        using enum ast::Action::Kind;
        return std::any_of(action.states.begin(), action.states.end(), [](ast::Action const& state) {
            return state.kind == limit || state.kind == quota || state.kind == connection_limit;
        });
    }

    // ---- verdicts

    Verdict verdict_of(ast::Expr const& expr, Time time) {
        std::string_view const word = expr.text;
        if (expr.kind == Kind::verdict || expr.kind == Kind::value) {
            if (word == "accept") return Accept{};
            if (word == "drop") return Drop{};
            if (word == "return") return Return{};
            if (word == "continue") return Continue{};
        }
        if (expr.kind == Kind::verdict && !expr.parts.empty()) {
            Time name_time = time;
            ast::Expr const* const name = expressions_.resolve(expr.parts.front(), name_time);
            return Jump{name == nullptr ? no_chain : chains_.find(name->text, expr.parts.front().span),
                        word == "goto"};
        }
        return Continue{};
    }

    // An action that may end the packet, and nobody knows here whether it does.
    void either(std::string const& text) {
        before_branches_ = extent_of(match_);
        for (auto const& [word, verdict] :
             {std::pair<std::string_view, Verdict>{"accepts", Accept{}}, {"drops", Drop{}}}) {
            Branch branch{match_, verdict, rule_.span};
            branch.match.opaque.push_back({fmt::format("{} {}", text, word), true, false, span_});
            branches_.push_back(std::move(branch));
        }
        ended_ = ended_by_branches_ = true;
    }

    // "icmp type port-unreachable" is what nft answers where nothing is said, and how earlier ones spelt it.
    static std::string answer_of(std::string text) {
        if (std::size_t const at = text.find(" type "); at != std::string::npos) text.erase(at, 5);
        return text.ends_with(" port-unreachable") ? std::string() : text;
    }

    // nft adds the header that the answer presupposes at the beginning of the rule, before all that it sets.
    void require_answer(std::string_view answer) {
        Requirement needed = requirement_of(answer);
        if (answer != "tcp") needed.protocols = {}; // an icmp error answers any protocol
        Extent const before = extent_of(match_);
        expressions_.require(needed, span_, scope_, match_);
        Extent const behind = extent_of(match_);
        answer_terms_ = part_of(match_, before, behind).terms;
        for (Setting& setting : settings_)
            if (setting.at == before) setting.at = behind;
    }

    // ---- maps

    static bool is_within(Span inner, Span outer) {
        return inner.source == outer.source && inner.begin >= outer.begin && inner.end <= outer.end;
    }

    // Calls use(element, match, span) for each element of a map: the match is that of the rule and "key is
    // element".
    template <class Use> void each_entry(ast::Expr const& key, ast::Expr const& table, Use use) {
        Elements const elements = expressions_.elements(table, scope_);
        if (!elements.known) {
            either(source_text());
            ended_ = ended_by_branches_ = false;
            return;
        }
        if (has_branches_)
            findings_.add("PC002", span_)
                .arg("construct", source_text())
                .arg("why", "it is the second map of its rule");
        has_branches_ = true;
        before_branches_ = extent_of(match_);
        std::vector<Element> others; // "*" stands for all keys that no other element has
        for (Element const& element : elements.all)
            if (element.key->kind != Kind::wildcard) others.push_back(element);
        for (Element const& element : elements.all) {
            Match match = match_;
            bool const rest = element.key->kind == Kind::wildcard;
            Span const span = element.value == nullptr ? element.key->span
                                                       : Span{element.key->span.source, element.key->span.begin,
                                                              element.value->span.end};
            // What a map of another place asks is asked here, among the other conditions of the rule.
            Span const asked = is_within(span, span_) ? span : span_;
            if (!rest)
                expressions_.member(key, {element}, false, asked, scope_, match);
            else if (!others.empty())
                expressions_.member(key, others, true, asked, scope_, match);
            use(element, std::move(match), span);
        }
        if (key.kind == Kind::concatenation) part_overlaps();
    }

    // Of overlapping elements the kernel takes the first alone (nft_set_pipapo). A later one must not get what
    // comes back from it.
    void part_overlaps() {
        std::vector<std::size_t> wide; // elements with a range: only they can overlap another
        for (std::size_t i = 0; i < branches_.size(); ++i) {
            bool const is_wide = is_range(branches_[i].match);
            auto const part = [&](std::size_t earlier) {
                Branch const& first = branches_[earlier];
                if ((first.setting || comes_back(first.verdict)) && overlap(first.match, branches_[i].match))
                    branches_[i].match.alternatives.push_back(none_of(first.match));
            };
            if (is_wide)
                for (std::size_t earlier = 0; earlier < i; ++earlier) part(earlier);
            else
                std::for_each(wide.begin(), wide.end(), part);
            if (is_wide) wide.push_back(i);
        }
    }
    bool is_range(Match const& element) const {
        return std::any_of(element.terms.begin() + static_cast<std::ptrdiff_t>(before_branches_.terms),
                           element.terms.end(), [](Term const& t) { return !t.values.intervals.only(); }) ||
               element.terms.size() == before_branches_.terms;
    }
    bool overlap(Match const& a, Match const& b) const {
        for (std::size_t i = before_branches_.terms; i < a.terms.size(); ++i) {
            for (std::size_t j = before_branches_.terms; j < b.terms.size(); ++j) {
                bool const apart = a.terms[i].field == b.terms[j].field &&
                                   !a.terms[i].values.intervals.overlaps(b.terms[j].values.intervals);
                if (apart) return false;
            }
        }
        return true;
    }
    Alternatives none_of(Match const& element) const {
        Alternatives none;
        none.negated = true;
        none.span = span_;
        none.rows.emplace_back();
        for (std::size_t i = before_branches_.terms; i < element.terms.size(); ++i) {
            none.fields.push_back(element.terms[i].field);
            none.rows.front().push_back(element.terms[i].values);
        }
        return none;
    }

    // An expression in a statement: its headers must be there, and a map in it must have the key.
    void operand(ast::Expr const& expr) {
        if (expr.kind != Kind::map) {
            expressions_.require(expr, span_, scope_, match_);
            return;
        }
        expressions_.require(expr.parts[0], span_, scope_, match_);
        Elements const elements = expressions_.elements(expr.parts[1], scope_);
        if (elements.known) expressions_.keep(expr.parts[1], scope_);
        bool const any = std::any_of(elements.all.begin(), elements.all.end(),
                                     [](Element const& e) { return e.key->kind == Kind::wildcard; });
        if (!elements.known)
            opaque(fmt::format("{} contains {}", expressions_.text(expr.parts[1], scope_.time),
                               expressions_.text(expr.parts[0], scope_.time)),
                   elements.stateful, false);
        else if (!any)
            add_once(expr.parts[0], elements.all);
    }

    // The key of a map, where the rule does not ask for the same already.
    void add_once(ast::Expr const& key, std::vector<Element> const& elements) {
        Match condition;
        expressions_.member(key, elements, false, span_, scope_, condition);
        auto const add = [](auto& to, auto& from) {
            to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
        };
        std::string const whole = to_text(condition);
        for (Term const& term : match_.terms)
            if (condition.terms.size() == 1 && to_text(Match{{term}, {}, {}}) == whole) return;
        for (Alternatives const& relation : match_.alternatives)
            if (!condition.alternatives.empty() && to_text(Match{{}, {relation}, {}}) == whole) return;
        for (Opaque const& opaque : match_.opaque)
            if (!condition.opaque.empty() && to_text(Match{{}, {}, {opaque}}) == whole) return;
        add(match_.terms, condition.terms);
        add(match_.alternatives, condition.alternatives);
        add(match_.opaque, condition.opaque);
    }

    // ---- address translation

    static Rewrite::Kind rewrite_kind(ast::Translation::Kind kind) {
        switch (kind) {
        case ast::Translation::Kind::dnat: return Rewrite::Kind::dnat;
        case ast::Translation::Kind::snat: return Rewrite::Kind::snat;
        case ast::Translation::Kind::masquerade: return Rewrite::Kind::masquerade;
        case ast::Translation::Kind::redirect: return Rewrite::Kind::redirect;
        }
        return Rewrite::Kind::dnat;
    }

    // "random,persistent" at the end of the statement, in one order.
    static std::string translation_flags(std::string_view text) {
        if (text.find(" prefix to ") != std::string_view::npos) return "netmap"; // which nft gives no other flag
        constexpr std::array<std::string_view, 3> words{"random", "fully-random", "persistent"};
        std::array<bool, 3> found{};
        for (;;) {
            text = text.substr(0, text.find_last_not_of(" ,") + 1);
            std::size_t const begin = text.find_last_of(" ,") + 1;
            auto const at = std::find(words.begin(), words.end(), text.substr(begin));
            if (at == words.end() || begin == 0) break;
            found[static_cast<std::size_t>(at - words.begin())] = true;
            text = text.substr(0, begin);
        }
        std::string flags;
        for (std::size_t i = 0; i < words.size(); ++i) {
            if (found[i]) flags += (flags.empty() ? "" : ",") + std::string(words[i]);
        }
        return flags;
    }

    // The family of its addresses: as written, of the table, or as the address shows. The kernel leaves packets of
    // the other one alone.
    std::optional<Family> translated_family(ast::Translation const& translation) {
        if (translation.family == ast::TableFamily::ip || scope_.family == ast::TableFamily::ip) return Family::v4;
        if (translation.family == ast::TableFamily::ip6 || scope_.family == ast::TableFamily::ip6)
            return Family::v6;
        if (translation.address.empty()) return std::nullopt;
        Time time = scope_.time;
        ast::Expr const* address = translation.address.front().kind == Kind::variable
                                       ? expressions_.resolve(translation.address.front(), time)
                                       : &translation.address.front();
        while (address != nullptr && !address->parts.empty() && address->kind != Kind::map)
            address = &address->parts.front();
        if (address == nullptr || address->kind != Kind::value) return std::nullopt;
        std::optional<Ip> const ip = parse_c_ip(address->text);
        return ip ? std::optional(ip->family) : std::nullopt;
    }

    static ast::Expr const* only_map(ast::Translation const& translation) {
        for (auto const* part : {&translation.address, &translation.port})
            if (!part->empty() && part->front().kind == Kind::map) return &part->front();
        return nullptr;
    }

    // A constant target, or nothing where it is computed.
    std::optional<Interval> part(ast::Expr const& expr, Meaning const& meaning, Time time) {
        Time value_time = time;
        ast::Expr const* const value = expressions_.resolve(expr, value_time);
        if (value == nullptr) return std::nullopt;
        expressions_.require(*value, span_, scope_, match_);
        bool const is_constant =
            value->kind == Kind::value || value->kind == Kind::range || value->kind == Kind::prefix;
        return is_constant ? expressions_.constant_range(*value, meaning, value_time) : std::nullopt;
    }

    void set_target(Rewrite& target, ast::Expr const& value, bool has_address, Meaning const& address, Time time) {
        if (value.kind == Kind::concatenation && value.parts.size() == 2) {
            target.address = part(value.parts[0], address, time);
            target.port = part(value.parts[1], port_, time);
        } else if (has_address) {
            target.address = part(value, address, time);
        } else {
            target.port = part(value, port_, time);
        }
    }

    // ---- results

    void opaque(std::string text, bool stateful, bool negated, bool rate = false) {
        match_.opaque.push_back({std::move(text), stateful, negated, span_, rate});
    }
    // It holds for elements whose limit does, where it has one and nothing else.
    void opaque_update(ast::Action const& action) {
        opaque(source_text(), true, false);
        if (action.states.size() != 1 || action.states.front().kind != ast::Action::Kind::limit) return;
        match_.opaque.back().rate = true;
        if (action.states.front().over) set_excess(match_.opaque.back());
    }
    static void set_excess(Opaque& limit) {
        limit.rate = false;
        limit.excess = true;
    }
    // Whether it names a limit that was declared "over" its rate.
    bool names_excess(ast::Action const& action) {
        ast::Expr const* const name = action.find(ast::Part::Kind::name);
        if (name == nullptr || scope_.objects == nullptr) return false;
        Time time = scope_.time;
        ast::Expr const* const found = expressions_.resolve(*name, time);
        if (found == nullptr) return false;
        auto const limit = scope_.objects->find({"limit", std::string(found->text)});
        return limit != scope_.objects->end() && limit->second;
    }
    // The statement with single blanks and its variables followed; in quotes nft does that for prefixes of logs
    // only.
    std::string source_text(bool within_quotes = false) {
        std::string const source = canonical(sources_.text(span_));
        std::string text;
        bool quoted = false;
        for (std::size_t at = 0; at < source.size();) {
            quoted = quoted != (source[at] == '"');
            std::size_t const end = source.find_first_not_of(word_characters, at + 1);
            if (source[at] != '$' || (quoted && !within_quotes)) {
                text += source[at++];
                continue;
            }
            std::string_view const name =
                std::string_view(source).substr(at + 1, std::min(end, source.size()) - at - 1);
            std::string value = expressions_.variable_text(name, span_, scope_.time);
            if (quoted) std::erase(value, '"');
            text += value;
            at = std::min(end, source.size());
        }
        return text;
    }
    static std::string after_word(std::string const& text, std::string_view words) {
        return text.size() > words.size() && text.starts_with(words) ? text.substr(words.size() + 1)
                                                                     : std::string();
    }
    static std::string without_over(std::string text) {
        if (std::size_t const at = text.find(" over "); at != std::string::npos) text.erase(at, 5);
        return text;
    }

    void emit(Match match, Verdict verdict, Span span, Effects effects) {
        Rule rule;
        rule.match = std::move(match);
        rule.verdict = std::move(verdict);
        rule.effects = std::move(effects);
        rule.span = span;
        rule.comment = comment_;
        rule.origin = origin_;
        out_.push_back(std::move(rule));
    }

    static void add(Effects& effects, Setting const& setting) {
        effects.sets.push_back(setting.text);
        effects.assignments.push_back(setting.assignment);
    }

    static Match part_of(Match const& match, Extent from, Extent to) {
        auto const cut = [](auto const& all, std::size_t first, std::size_t last) {
            using Parts = std::decay_t<decltype(all)>;
            return Parts(all.begin() + static_cast<std::ptrdiff_t>(first),
                         all.begin() + static_cast<std::ptrdiff_t>(last));
        };
        return {cut(match.terms, from.terms, to.terms), cut(match.alternatives, from.alternatives, to.alternatives),
                cut(match.opaque, from.opaque, to.opaque)};
    }
    static void append(Match& match, Match const& more) {
        match.terms.insert(match.terms.end(), more.terms.begin(), more.terms.end());
        match.alternatives.insert(match.alternatives.end(), more.alternatives.begin(), more.alternatives.end());
        match.opaque.insert(match.opaque.end(), more.opaque.begin(), more.opaque.end());
    }

    // One rule of the model for one way through the rule of the text: `match` is all that it asks, and each setting
    // has happened to packets that came to its place in it.
    void emit_way(Match match, Verdict verdict, Span span, std::vector<Setting> const& settings) {
        Extent const all = extent_of(match);
        Effects effects = effects_;
        std::vector<Setting const*> early;
        bool asked_again = false; // … of a mark that was set between
        bool asked_before = false;
        for (Setting const& setting : settings) {
            if (setting.at == all) {
                add(effects, setting);
                continue;
            }
            early.push_back(&setting);
            Field const mark = setting.assignment.field;
            asked_again = asked_again || asks_about(part_of(match, setting.at, all), mark);
            asked_before = asked_before || asks_about(part_of(match, {}, setting.at), mark);
        }
        auto const emit_early = [&] {
            for (Setting const* const setting : early) {
                Effects own;
                add(own, *setting);
                Match so_far = part_of(match, {}, setting->at);
                so_far.terms.insert(so_far.terms.end(), answer_terms_.begin(), answer_terms_.end());
                emit(std::move(so_far), Continue{}, span, std::move(own));
            }
        };
        if (early.empty()) return emit(std::move(match), std::move(verdict), span, std::move(effects));
        if (!comes_back(verdict) && !asked_again) {
            // First the packets that match it all; the others that came so far have their mark set after it.
            Effects last = effects_;
            for (Setting const& setting : settings) add(last, setting);
            emit(match, std::move(verdict), span, std::move(last));
            return emit_early();
        }
        if (asked_before) set_between();
        emit_early();
        emit(match, std::move(verdict), span, std::move(effects));
    }

    static bool comes_back(Verdict const& verdict) {
        return std::holds_alternative<Continue>(verdict) || std::holds_alternative<Jump>(verdict);
    }
    void set_between() {
        findings_.add("PC002", rule_.span)
            .arg("construct", canonical(sources_.text(rule_.span)))
            .arg("why", "a mark is matched, set, and more is asked in one rule");
    }

    // What follows a verdict map is reached by its "continue" elements alone; a map of marks ends nothing.
    void finish() {
        if (!has_branches_ && branches_.empty())
            return emit_way(std::move(match_), verdict_, rule_.span, settings_);
        std::vector<Setting> before;
        std::vector<Setting> later;
        for (Setting const& setting : settings_) (setting.after_branches ? later : before).push_back(setting);
        if (!before.empty()) {
            Match const so_far = part_of(match_, {}, before_branches_);
            Effects const all = std::exchange(effects_, {});
            emit_way(so_far, Continue{}, rule_.span, before);
            effects_ = all;
            if (std::any_of(before.begin(), before.end(),
                            [&](Setting const& setting) { return asks_about(so_far, setting.assignment.field); }))
                set_between();
        }
        if (branches_.empty()) { // an empty map has no key
            match_.terms.push_back({Field::family, ValueSet{}, rule_.span});
            return emit(std::move(match_), Continue{}, rule_.span, effects_);
        }
        Match const rest = part_of(match_, before_branches_, extent_of(match_));
        for (Branch& branch : branches_) {
            bool const goes_on = branch.setting || (std::holds_alternative<Continue>(branch.verdict) && ended_ &&
                                                    !ended_by_branches_);
            std::vector<Setting> settings;
            if (branch.setting) settings.push_back(*branch.setting);
            Extent const own = extent_of(branch.match);
            for (Setting setting : later) {
                if (!goes_on) continue;
                setting.at.terms += own.terms - before_branches_.terms;
                setting.at.alternatives += own.alternatives - before_branches_.alternatives;
                setting.at.opaque += own.opaque - before_branches_.opaque;
                settings.push_back(std::move(setting));
            }
            if (goes_on) append(branch.match, rest);
            emit_way(std::move(branch.match), goes_on ? verdict_ : branch.verdict, branch.span, settings);
        }
    }

    ast::Rule const& rule_;
    std::string const& comment_;
    std::uint32_t origin_;
    Scope const& scope_;
    ChainLookup const& chains_;
    Sources const& sources_;
    Expressions& expressions_;
    Findings& findings_;
    std::vector<Rule>& out_;

    Match match_;
    Effects effects_;
    Verdict verdict_ = Continue{};
    std::vector<Setting> settings_;
    std::vector<Term> answer_terms_; // what the answer of its reject presupposes
    std::vector<Branch> branches_;
    Extent before_branches_;         // of the match when the map was met
    bool has_branches_ = false;      // a map was met, even an empty one
    bool ended_ = false;             // a verdict was met: nothing may follow
    bool ended_by_branches_ = false; // … and the branches are it
    Span span_;                      // of the statement
    static constexpr Meaning port_{Type::port, Field::dport, 16};
};

} // namespace

void lower_rule(ast::Rule const& rule, std::string const& comment, std::uint32_t origin, Scope const& scope,
                ChainLookup const& chains, Sources const& sources, Expressions& expressions, Findings& findings,
                std::vector<Rule>& out) {
    RuleReader(rule, comment, origin, scope, chains, sources, expressions, findings, out).run();
}

bool sets_connection(ast::Assignment const& assignment) {
    return assignment.target.kind == Kind::selector &&
           nftables::selector_table[assignment.target.selector].header == "ct";
}

ast::Expr const* updated_set(ast::Statement const& statement) {
    auto const* const action = std::get_if<ast::Action>(&statement.form);
    return action == nullptr ? nullptr : action->find(ast::Part::Kind::set);
}

} // namespace portcullis::nft
