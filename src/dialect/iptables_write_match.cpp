// Terms are taken apart into pieces that one option can ask for, lines are put together from them, and the options
// of a line are gathered by the modules that they belong to.
#include "dialect/iptables_write_match.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>
#include <span>

#include "dialect/iptables_write_words.hpp"
#include "grammars/iptables/extensions.hpp"

namespace portcullis::iptables {
namespace {

constexpr std::size_t most_lines = 4096; // for one rule

// ---- taking apart

bool is_one(ValueSet const& values) { return values.intervals.intervals().size() + values.masks.size() <= 1; }

// Of the packet: -s and -d.
bool is_address(Field field) { return info(field).kind == FieldKind::address && !is_of_tuple(field); }

Lines everything() { return {{Line{}}, {}, true}; }

Lines lines_of(Opaque const& opaque, Family) { return {{Line{opaque}}, {}, true}; }

Lines lines_of(Term const& term, Family family) {
    if (term.field == Field::family)
        return term.values.contains(family_value(family)) ? everything() : Lines{};
    // Only packets of its family have the field.
    if (info(term.field).family && *info(term.field).family != family) return {};
    if (term.values.is_all(info(term.field).bits)) {
        if (!info(term.field).transport) return everything();
        return {{Line{Term{Field::fragment, ValueSet::single(0), term.span}}}, {}, true};
    }
    if (term.values.negated) {
        if (is_one(term.values)) return {{Line{term}}, {}, true};
        std::vector<ValueSet> const excluded = pieces_of(term.field, term.values.complement());
        bool const addresses = is_address(term.field);
        Lines lines = everything();
        if (excluded.size() == 1 && !addresses) return {{Line{term}}, {}, true};
        for (ValueSet const& piece : excluded) {
            if (!repeatable(term.field)) {
                lines.none_of.push_back({Term{term.field, piece, term.span}});
            } else if (!addresses) {
                lines.any_of[0].emplace_back(Term{term.field, piece.complement(), term.span});
            } else { // there is no `!` for a list
                for (Interval const& interval : piece.intervals.intervals())
                    lines.any_of[0].emplace_back(
                        Term{term.field, ValueSet::range(interval.first, interval.last).complement(), term.span});
                for (Masked const& masked : piece.masks)
                    lines.any_of[0].emplace_back(
                        Term{term.field, ValueSet::masked(masked.value, masked.mask).complement(), term.span});
            }
        }
        constexpr std::size_t most = 8; // options for one set; above, a chain is plainer
        if (lines.any_of[0].size() > most) {
            lines = everything();
            for (ValueSet const& piece : excluded) lines.none_of.push_back({Term{term.field, piece, term.span}});
        }
        // What a later fragment does not have is not another value either.
        if (info(term.field).transport && !lines.none_of.empty()) lines.any_of[0].emplace_back(Term{Field::fragment, ValueSet::single(0), term.span});
        return lines;
    }
    Lines lines{{}, {}, pieces_are_disjoint(term.field, term.values)};
    for (ValueSet const& piece : pieces_of(term.field, term.values))
        lines.any_of.push_back({Term{term.field, piece, term.span}});
    return lines;
}

// Of two terms on a field that a line has one place for, the narrower is kept. False where nothing fits both.
bool keep_narrower(Line& line) {
    for (std::size_t i = 0; i < line.size(); ++i) {
        for (std::size_t j = i + 1; j < line.size(); ++j) {
            auto const *const a = std::get_if<Term>(&line[i]), *const b = std::get_if<Term>(&line[j]);
            bool const share = a != nullptr && b != nullptr && a->field == b->field && !repeatable(a->field);
            if (!share || !a->values.masks.empty() || !b->values.masks.empty()) continue;
            IntervalSet const first = *a->values.as_intervals(info(a->field).bits);
            IntervalSet const second = *b->values.as_intervals(info(b->field).bits);
            if (!first.overlaps(second)) return false;
            if (!first.contains(second) && !second.contains(first)) continue;
            line.erase(line.begin() + static_cast<std::ptrdiff_t>(second.contains(first) ? j : i));
            return keep_narrower(line);
        }
    }
    return true;
}

// Both hold.
Lines both(Lines const& a, Lines const& b) {
    Lines lines{{}, a.none_of, a.disjoint && b.disjoint};
    lines.none_of.insert(lines.none_of.end(), b.none_of.begin(), b.none_of.end());
    if (a.any_of.size() * b.any_of.size() > most_lines)
        throw Unsayable{"so many values of several fields", "iptables would need thousands of rules"};
    for (Line const& first : a.any_of) {
        for (Line const& second : b.any_of) {
            Line line = first;
            line.insert(line.end(), second.begin(), second.end());
            lines.any_of.push_back(std::move(line));
        }
    }
    return lines;
}

bool are_disjoint(Alternatives const& relation, std::vector<ValueSet> const& a, std::vector<ValueSet> const& b) {
    for (std::size_t i = 0; i < relation.fields.size(); ++i) {
        unsigned const bits = info(relation.fields[i]).bits;
        auto const left = a[i].as_intervals(bits), right = b[i].as_intervals(bits);
        if (left && right && !left->overlaps(*right)) return true;
    }
    return false;
}

bool are_disjoint(Alternatives const& relation) {
    constexpr std::size_t most = 256; // every row is compared with every other
    if (relation.rows.size() > most) return false;
    for (std::size_t i = 0; i < relation.rows.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (!are_disjoint(relation, relation.rows[i], relation.rows[j])) return false;
    return true;
}

Lines lines_of(Alternatives const& relation, Family family) {
    if (words_of(relation, family)) return {{Line{relation}}, {}, true};
    Lines lines{{}, {}, are_disjoint(relation)};
    for (std::vector<ValueSet> const& row : relation.rows) {
        Lines of_row = everything();
        for (std::size_t i = 0; i < row.size(); ++i)
            if (!row[i].is_all(info(relation.fields[i]).bits))
                of_row = both(of_row, lines_of(Term{relation.fields[i], row[i], relation.span}, family));
        if (!of_row.none_of.empty())
            throw Unsayable{to_text(Match{{}, {relation}, {}}),
                            "iptables has no such comparison of several fields"};
        lines.disjoint = lines.disjoint && of_row.disjoint;
        std::move(of_row.any_of.begin(), of_row.any_of.end(), std::back_inserter(lines.any_of));
    }
    if (!relation.negated) return lines;
    return {{Line{}}, std::move(lines.any_of), true};
}

// ---- states

bool all_tracked(ValueSet const& states) {
    return !states.contains(ct_state::invalid) && !states.contains(ct_state::untracked);
}
// States beside SNAT and DNAT, as --ctstate has them, that no packet without a connection has.
bool implies_connection(Alternatives const& relation) {
    if (relation.fields != std::vector{Field::ct_state, Field::ct_status}) return false;
    if (!relation.negated) return std::ranges::all_of(relation.rows, [](auto const& row) { return all_tracked(row[0]); });
    return std::ranges::any_of(relation.rows, [](auto const& row) {
        return row[1].is_all(info(Field::ct_status).bits) && all_tracked(row[0].complement());
    });
}

bool implies_connection(Condition const& condition) {
    auto const* const term = std::get_if<Term>(&condition);
    auto const* const relation = std::get_if<Alternatives>(&condition);
    return (term != nullptr && term->field == Field::ct_state && all_tracked(term->values)) || (relation != nullptr && implies_connection(*relation));
}

Span span_of(Condition const& condition) {
    return std::visit([](auto const& c) { return c.span; }, condition);
}

// One after the other as they stand in the text, each list in its own order.
std::vector<Condition> merged(std::vector<Condition> const& a, std::vector<Condition> const& b) {
    std::vector<Condition> all;
    auto left = a.begin(), right = b.begin();
    while (left != a.end() || right != b.end()) {
        bool const take_right = left == a.end() || (right != b.end() && span_of(*right).begin < span_of(*left).begin);
        all.push_back(take_right ? *right++ : *left++);
    }
    return all;
}

// Terms, relations and opaque matches are lists of their own; where they stand in the text tells their order, which
// matters since a limit counts only what comes to it. What an option asks beside its opaque match stands right before that.
std::vector<Condition> in_order(Match const& match) {
    std::vector<Condition> modelled(match.terms.begin(), match.terms.end());
    if (!match.alternatives.empty()) modelled = merged(modelled, {match.alternatives.begin(), match.alternatives.end()});
    if (match.opaque.empty()) return modelled; // as most
    // A --ctstate, whose match the options of conntrack behind it are.
    std::vector<Span> states;
    for (Condition const& condition : modelled)
        if (implies_connection(condition) && std::ranges::count(modelled, span_of(condition), span_of) == 1) states.push_back(span_of(condition));
    std::vector<Condition> opaque;
    auto const take = [&](Span span) {
        auto const taken = std::stable_partition(modelled.begin(), modelled.end(), [&](Condition const& other) { return span_of(other) != span; });
        opaque.insert(opaque.end(), taken, modelled.end());
        bool const any = taken != modelled.end();
        modelled.erase(taken, modelled.end());
        return any;
    };
    for (Opaque const& condition : match.opaque) {
        if (!take(condition.span) && condition.text.starts_with("-m conntrack ") && !states.empty()) {
            auto const behind = std::ranges::find_if(states, [&](Span span) { return span.begin > condition.span.begin; });
            take(behind == states.begin() ? *behind : *(behind - 1));
        }
        opaque.emplace_back(condition);
    }
    return merged(modelled, opaque);
}

// Whether it is a --ctstate beside which other options of conntrack say nothing about packets without a connection.
bool is_state_without_connection(Condition const& condition, Family family) {
    auto const* const term = std::get_if<Term>(&condition);
    auto const* const relation = std::get_if<Alternatives>(&condition);
    if (term != nullptr) return term->field == Field::ct_state && !all_tracked(term->values) && !term->values.is_all(info(Field::ct_state).bits);
    if (relation == nullptr || implies_connection(*relation)) return false;
    std::optional<Said> const words = words_of(*relation, family);
    return words && words->option == "--ctstate";
}

// For each condition the one that it has to be written behind, in one match: each --ctstate has room for one of an option.
std::vector<std::optional<std::size_t>> states_of_options(std::vector<Condition> const& all, Family family) {
    std::vector<std::optional<std::size_t>> states(all.size());
    std::set<std::pair<std::size_t, std::string>> taken;
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto const* const relation = std::get_if<Alternatives>(&all[i]);
        std::optional<Said> const words = relation != nullptr ? words_beside_state(*relation, family) : std::nullopt;
        for (std::size_t state = 0; words && state < all.size() && !states[i]; ++state)
            if (is_state_without_connection(all[state], family) && taken.emplace(state, words->option).second) states[i] = state;
    }
    return states;
}

// ---- putting together

// One line as it grows.
class LineText {
  public:
    LineText(Line const& line, Family family) : line_(line), family_(family) {
        if (Term const* const term = protocol_term(line)) protocol_ = term->values.intervals.only();
    }

    std::string run(std::string const& comment) {
        for (at_ = 0; at_ < line_.size(); ++at_) std::visit([this](auto const& c) { add(c); }, line_[at_]);
        drop_bare_modules();
        if (first_fragment_) say_first_fragment();
        if (!comment.empty()) comment_ = " -m comment --comment " + argument(comment);
        return text();
    }

  private:
    struct Module {
        std::string name;
        std::vector<Said> options;
        bool alone = false;
    };

    void add(Term const& term) {
        if (said_already(term)) return;
        if (asks_for_connection(term)) need_connection(term);
        if (term.field == Field::fragment && term.values == ValueSet::single(0)) {
            first_fragment_ = true;
            return;
        }
        if (term.field == Field::icmp_type && add_type_and_code(term)) return;
        if (term.field == Field::icmp_code)
            throw Unsayable{to_text(Match{{term}, {}, {}}), "iptables asks for a code only together with its type"};
        if (next_implies(term)) {
            implied_ = at_;
            return;
        }
        if (auto const range = instead_of_slot(term)) return add(*range);
        for (Said said : words_of(term, family_, protocol_)) {
            if (asks_for_connection(term)) said.alone = was_implied();
            add(prefer_multiport(term, std::move(said)));
        }
    }
    void add(Alternatives const& relation) {
        std::optional<Said> said = words_of(relation, family_);
        if (!said) return add(*words_beside_state(relation, family_));
        auto const* const next = at_ + 1 < line_.size() ? std::get_if<Alternatives>(&line_[at_ + 1]) : nullptr;
        bool const joined = implies_connection(relation) || (next != nullptr && words_beside_state(*next, family_));
        said->alone = said->alone && !joined;
        add(std::move(*said));
    }
    void add(Opaque const& opaque) {
        Said said = words_of(opaque);
        // What has a state counts only what comes to it.
        bool const behind_its_own = !modules_.empty() && modules_.back().name == said.module;
        bool const bare = said.text().empty();
        said.alone = bare || (said.alone && said.module != "conntrack") || was_implied() || (opaque.stateful && !behind_its_own);
        add(std::move(said));
        if (opaque.stateful) behind_stateful_ = modules_.size() - 1;
    }

    // The same protocol or address once more says nothing new, and has no place.
    bool said_already(Term const& term) {
        if (repeatable(term.field)) return false;
        for (std::size_t i = 0; i < at_; ++i) {
            auto const* const other = std::get_if<Term>(&line_[i]);
            if (other != nullptr && other->field == term.field && other->values == term.values) return true;
        }
        return false;
    }

    // ---- what other options ask by themselves

    static bool asks_for_connection(Term const& term) {
        return term.field == Field::ct_status || term.field == Field::ct_direction || term.field == Field::ct_mark ||
               is_of_tuple(term.field);
    }
    static bool asks_for_connection(Condition const& condition) {
        auto const* const term = std::get_if<Term>(&condition);
        auto const* const opaque = std::get_if<Opaque>(&condition);
        return term != nullptr ? asks_for_connection(*term) : opaque != nullptr && opaque->text.starts_with("-m conntrack ");
    }
    // xt_owner.c
    static bool asks_for_socket(Condition const& condition) {
        auto const* const term = std::get_if<Term>(&condition);
        if (term != nullptr) return term->field == Field::skgid && !term->values.negated;
        auto const* const opaque = std::get_if<Opaque>(&condition);
        return opaque != nullptr && !opaque->negated && (opaque->text.starts_with("-m owner --uid-owner ") || opaque->text.starts_with("-m owner --gid-owner "));
    }
    // The term that says what the next condition says as well.
    bool next_implies(Term const& term) const {
        if (at_ + 1 == line_.size()) return false;
        Condition const& next = line_[at_ + 1];
        if (is_tracked(term)) {
            // Where a second one relies on it, it was asked by itself.
            std::size_t after = at_ + 2;
            while (after < line_.size() && !asks_for_connection(line_[after]) && !implies_connection(line_[after])) ++after;
            bool const relied_on = after < line_.size() && asks_for_connection(line_[after]);
            return asks_for_connection(next) && !relied_on;
        }
        bool const socket = term.field == Field::skuid && term.values == ValueSet::single(no_socket).complement();
        return socket && asks_for_socket(next);
    }
    // Beside a --ctstate, an option of conntrack asks no more than that; by itself it asks for a connection.
    bool was_implied() const { return implied_ && *implied_ + 1 == at_; }
    // --ctstatus and the like say that the packet has a connection; somebody has to have asked.
    void need_connection(Term const& term) const {
        auto const here = line_.begin() + static_cast<std::ptrdiff_t>(at_);
        if (std::any_of(line_.begin(), here, [](Condition const& condition) { return implies_connection(condition); })) return;
        throw Unsayable{to_text(Match{{term}, {}, {}}), "in iptables it also asks for a connection"};
    }
    // Modules that look for an extension header of IPv6 ask whether it is there, and srh for that of rt. What the reader kept of
    // a match without options is a condition of its own.
    void drop_bare_modules() {
        auto const bare = [](Module const& module) {
            return !module.alone && std::ranges::all_of(module.options, [](Said const& said) { return said.text().empty(); });
        };
        std::set<std::string> asking;
        for (Module const& module : modules_) {
            if (!bare(module)) asking.insert(module.name);
            if (module.name == "srh") asking.insert("rt");
        }
        std::erase_if(modules_, [&](Module const& module) { return bare(module) && asking.contains(module.name); });
    }
    // Matches on the transport header hold for no later fragment (iptables_match.cpp has the list).
    bool reads_transport_header() const {
        constexpr std::array<std::string_view, 13> modules{"tcp",   "udp",       "sctp", "dccp", "icmp",
                                                           "icmp6", "multiport", "esp",  "ah",   "ipcomp",
                                                           "mh",    "tcpmss",    "osf"};
        return std::ranges::any_of(
            modules_, [&](Module const& m) { return std::ranges::find(modules, m.name) != modules.end(); });
    }
    void say_first_fragment() {
        if (reads_transport_header()) return;
        constexpr std::pair<Protocol, std::string_view> rows[] = {
            {Protocol::tcp, "tcp"}, {Protocol::udp, "udp"}, {Protocol::sctp, "sctp"}, {Protocol::dccp, "dccp"}};
        for (auto const& [protocol, module] : rows)
            if (protocol_ == number(protocol)) return modules_.push_back({std::string(module), {}, true});
        if (protocol_ == number(family_ == Family::v4 ? Protocol::icmp : Protocol::icmpv6)) {
            Said any = icmp_words(0, std::nullopt, false, family_);
            any.value = "any";
            return add(any);
        }
        add(Said{"", "-f", "", true});
        if (family_ == Family::v6)
            throw Unsayable{"no later fragment", "ip6tables asks it only together with a protocol"};
    }

    // ---- options that share a place

    bool add_type_and_code(Term const& term) {
        auto const* const next = at_ + 1 < line_.size() ? std::get_if<Term>(&line_[at_ + 1]) : nullptr;
        if (next == nullptr || next->field != Field::icmp_code) return false;
        auto const type = term.values.intervals.only(), code = next->values.intervals.only();
        if (!type || !code || term.values.negated || next->values.negated) return false;
        add(icmp_words(*type, code, false, family_));
        ++at_;
        return true;
    }

    // There is one -s and one -d, and no `!` beside a list; else an address is a range.
    std::optional<Said> instead_of_slot(Term const& term) const {
        if (!is_address(term.field)) return std::nullopt;
        std::string_view const option = term.field == src_field(family_) ? "-s" : "-d";
        bool const taken = std::ranges::any_of(generic_, [&](Said const& said) { return said.option == option; });
        return taken || (term.values.negated && has_list()) ? range_words(term, family_) : std::nullopt;
    }
    bool has_list() const {
        return std::ranges::any_of(line_, [&](Condition const& condition) {
            auto const* const term = std::get_if<Term>(&condition);
            if (term == nullptr || !is_address(term->field)) return false;
            return words_of(*term, family_, {}).front().value.find(',') != std::string::npos;
        });
    }

    // iptables-nft 1.8.9 takes the last of two --dport, and one `!` of two for both ports.
    Said prefer_multiport(Term const& term, Said said) const {
        bool const port = term.field == Field::sport || term.field == Field::dport;
        if (!port || said.module == "multiport") return said;
        for (Module const& module : modules_) {
            if (module.name != said.module) continue;
            for (Said const& other : module.options) {
                bool const other_port = other.option == "--sport" || other.option == "--dport";
                if (other.option == said.option || (other_port && other.negated && said.negated))
                    return multiport_words(term);
            }
        }
        return said;
    }

    static OptionInfo const* info_of(Extension const& extension, std::string_view option) {
        if (!option.starts_with("--")) return nullptr;
        auto const info = std::ranges::find(extension.options, option.substr(2), &OptionInfo::name);
        return info == extension.options.end() ? nullptr : &*info;
    }
    // A match has one of them.
    static bool excludes(Said const& a, Said const& b) {
        if (a.option == b.option) return true;
        Extension const* const extension = find_extension(a.module, Role::match);
        OptionInfo const* const first = extension == nullptr ? nullptr : info_of(*extension, a.option);
        OptionInfo const* const second = first == nullptr ? nullptr : info_of(*extension, b.option);
        return second != nullptr && (first->flags & second->flags & OptionInfo::groups) != 0;
    }
    void add(Said said) {
        if (said.module.empty()) {
            for (Said const& other : generic_)
                if (other.option == said.option)
                    throw Unsayable{said.text(), "a rule of iptables has room for one " + said.option};
            generic_.push_back(std::move(said));
            return;
        }
        auto const has = [&](Module const& module) { return std::ranges::any_of(module.options, [&](Said const& other) { return excludes(other, said); }); };
        auto const is_same = [&](Module const& module) { return module.name == said.module; };
        // The matches on headers hold one of each; those loaded twice are not kept apart by iptables-nft.
        if (said.option == "--tcp-flags" && std::ranges::any_of(modules_, [&](Module const& module) { return is_same(module) && has(module); }))
            throw Unsayable{said.text(), "a rule of iptables has room for one " + said.option};
        // The first that has room, so that what is written stays as it is; beside a --ctstate, an option is another question.
        auto const fits = [&](Module const& module) { return is_same(module) && !module.alone && !has(module); };
        auto const begin = modules_.begin() + static_cast<std::ptrdiff_t>(behind_stateful_);
        auto found = std::find_if(begin, modules_.end(), fits);
        if (said.module == "conntrack") {
            auto const last = std::find_if(modules_.rbegin(), std::make_reverse_iterator(begin), is_same);
            found = last != std::make_reverse_iterator(begin) && fits(*last) ? last.base() - 1 : modules_.end();
        }
        if (found != modules_.end() && !said.alone) {
            found->options.push_back(std::move(said));
            return;
        }
        bool const alone = said.alone;
        modules_.push_back({said.module, {std::move(said)}, alone});
    }

    // ---- text

    // iptables' own in the order of iptables-save, those of a match in that of the reader.
    static void sort(std::vector<Said>& options) {
        static constexpr std::array<std::string_view, 6> order{"-s", "-d", "-i", "-o", "-p", "-f"};
        std::ranges::stable_sort(options, {}, [](Said const& said) { return std::ranges::find(order, said.option) - order.begin(); });
    }
    static void sort(Module& module, Extension const& extension) {
        std::ranges::stable_sort(module.options, {}, [&](Said const& said) {
            OptionInfo const* const info = info_of(extension, said.option);
            return std::pair(info == nullptr ? Key::unknown : info->key, info);
        });
    }

    // Loaders take the beginning of an option's name for it where a match before has the option.
    void check_unknown(Module const& unknown) const {
        std::string const text = ' ' + unknown.options.front().text() + ' ';
        for (Module const& module : std::span(modules_.data(), &unknown)) {
            Extension const* const extension = find_extension(module.name, Role::match);
            if (extension == nullptr) continue;
            for (OptionInfo const& option : extension->options) {
                for (std::size_t at = text.find(" --"); at != std::string::npos; at = text.find(" --", at + 1)) {
                    std::string_view const word = std::string_view(text).substr(at + 3, text.find_first_of(" =", at + 3) - at - 3);
                    if (option.name.starts_with(word))
                        throw Unsayable{fmt::format("-m {} --{}", unknown.name, word), fmt::format("iptables takes it for an option of '{}', which stands before it", module.name)};
                }
            }
        }
    }

    std::string text() {
        std::string text;
        sort(generic_);
        auto const negated_address = [](Said const& said) {
            return said.negated && (said.option == "-s" || said.option == "-d");
        };
        if (has_list() && std::ranges::any_of(generic_, negated_address))
            throw Unsayable{"a list of addresses beside a mask that is negated",
                            "iptables takes no '!' beside a list"};
        for (Said const& said : generic_) text += ' ' + said.text();
        for (Module& module : modules_) {
            Extension const* const extension = find_extension(module.name, Role::match);
            if (extension == nullptr) check_unknown(module);
            else sort(module, *extension);
            text += " -m " + module.name;
            for (Said const& said : module.options)
                if (std::string const option = said.text(); !option.empty()) text += ' ' + option;
        }
        return text + comment_;
    }

    Line const& line_;
    Family family_;
    std::optional<U128> protocol_;
    std::size_t at_ = 0;
    std::vector<Said> generic_;
    std::vector<Module> modules_;
    std::size_t behind_stateful_ = 0;    // the last match that has a state
    std::optional<std::size_t> implied_; // the last term that its successor said
    bool first_fragment_ = false;        // it holds for no later fragment
    std::string comment_;
};

} // namespace

Lines lines_of(Match const& match, Family family) {
    Lines lines = everything();
    std::vector<Condition> const all = in_order(match);
    auto const states = states_of_options(all, family);
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (states[i]) continue;
        Lines here = std::visit([&](auto const& condition) { return lines_of(condition, family); }, all[i]);
        for (std::size_t option = 0; option < all.size(); ++option)
            if (states[option] == i)
                for (Line& line : here.any_of) line.push_back(all[option]);
        lines = both(lines, here);
        std::erase_if(lines.any_of, [](Line& line) { return !keep_narrower(line); });
        if (lines.any_of.empty()) break;
    }
    return lines;
}

std::string text_of(Line const& line, std::string const& comment, Family family) {
    return LineText(line, family).run(comment);
}

Term const* protocol_term(Line const& line) {
    for (Condition const& condition : line) {
        auto const* const term = std::get_if<Term>(&condition);
        if (term != nullptr && term->field == Field::protocol && !term->values.negated &&
            term->values.intervals.only())
            return term;
    }
    return nullptr;
}

} // namespace portcullis::iptables
