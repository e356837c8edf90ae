// Terms are taken apart into pieces that one option can ask for, lines are put together from them, and the options
// of a line are gathered by the modules that they belong to.
#include "dialect/iptables_write_match.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "dialect/iptables_write_words.hpp"

namespace portcullis::iptables {
namespace {

constexpr std::size_t most_lines = 4096; // for one rule

// ---- taking apart

bool is_one(ValueSet const& values) { return values.intervals.intervals().size() + values.masks.size() <= 1; }

// Of the packet: -s and -d.
bool is_address(Field field) { return info(field).kind == FieldKind::address && !is_of_tuple(field); }

Lines everything() { return {{Line{}}, {}, true}; }

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

// Terms, relations and opaque matches are lists of their own; where they stand in the text tells their order, which
// matters since a limit counts only what comes to it.
std::vector<Condition> in_order(Match const& match) {
    std::vector<Condition> all(match.terms.begin(), match.terms.end());
    auto const begin = [](Condition const& condition) {
        return std::visit([](auto const& c) { return c.span.begin; }, condition);
    };
    auto const merge = [&](auto const& others) {
        std::vector<Condition> merged;
        std::vector<Condition> const added(others.begin(), others.end());
        std::merge(all.begin(), all.end(), added.begin(), added.end(), std::back_inserter(merged),
                   [&](Condition const& a, Condition const& b) { return begin(a) < begin(b); });
        all = std::move(merged);
    };
    merge(match.alternatives);
    merge(match.opaque);
    return all;
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
    void add(Alternatives const& relation) { add(*words_of(relation, family_)); }
    void add(Opaque const& opaque) {
        Said said = words_of(opaque);
        // Opaque matches keep their order: they join only what stands right before them.
        bool const behind_its_own = !modules_.empty() && modules_.back().name == said.module;
        said.alone = (said.alone && said.module != "conntrack") || was_implied() || !behind_its_own;
        add(std::move(said));
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
    // The term that says what the next condition says as well.
    bool next_implies(Term const& term) const {
        if (at_ + 1 == line_.size()) return false;
        auto const* const next = std::get_if<Term>(&line_[at_ + 1]);
        auto const* const opaque = std::get_if<Opaque>(&line_[at_ + 1]);
        auto const opaque_of = [&](std::string_view module) {
            return opaque != nullptr && opaque->text.starts_with("-m " + std::string(module) + ' ');
        };
        if (is_tracked(term)) return (next != nullptr && asks_for_connection(*next)) || opaque_of("conntrack");
        bool const socket = term.field == Field::skuid && term.values == ValueSet::single(no_socket).complement();
        if (socket)
            return (next != nullptr && next->field == Field::skgid && !next->values.negated) || opaque_of("owner");
        return false;
    }
    // Beside a --ctstate, an option of conntrack asks no more than that; by itself it asks for a connection.
    bool was_implied() const { return implied_ && *implied_ + 1 == at_; }
    // --ctstatus and the like say that the packet has a connection; somebody has to have asked.
    void need_connection(Term const& term) const {
        for (std::size_t i = 0; i < at_; ++i) {
            auto const* const other = std::get_if<Term>(&line_[i]);
            auto const states =
                other != nullptr && other->field == Field::ct_state ? other->values.as_intervals(3) : std::nullopt;
            if (states && IntervalSet(ct_state::new_, ct_state::related).contains(*states)) return;
        }
        throw Unsayable{to_text(Match{{term}, {}, {}}), "in iptables it also asks for a connection"};
    }
    // Modules that look for an extension header of IPv6 ask whether it is there, and srh for that of rt.
    void drop_bare_modules() {
        auto const bare = [](Module const& module) { return module.options.front().text().empty(); };
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

    void add(Said said) {
        if (said.module.empty()) {
            for (Said const& other : generic_)
                if (other.option == said.option)
                    throw Unsayable{said.text(), "a rule of iptables has room for one " + said.option};
            generic_.push_back(std::move(said));
            return;
        }
        auto const has = [&](Module const& module) {
            return std::ranges::any_of(module.options,
                                       [&](Said const& other) { return other.option == said.option; });
        };
        auto const last = std::find_if(modules_.rbegin(), modules_.rend(),
                                       [&](Module const& module) { return module.name == said.module; });
        if (last != modules_.rend() && !last->alone && !said.alone && !has(*last)) {
            last->options.push_back(std::move(said));
            return;
        }
        // The matches on headers hold one of each; those loaded twice are not kept apart by iptables-nft.
        if (last != modules_.rend() && has(*last) && said.option == "--tcp-flags")
            throw Unsayable{said.text(), "a rule of iptables has room for one " + said.option};
        bool const alone = said.alone;
        modules_.push_back({said.module, {std::move(said)}, alone});
    }

    // ---- text

    static std::size_t rank(Said const& said) {
        constexpr std::array<std::string_view, 10> order{"-s", "-d",      "-i",      "-o",        "-p",
                                                         "-f", "--sport", "--dport", "--ctstate", "--ctstatus"};
        return static_cast<std::size_t>(std::ranges::find(order, said.option) - order.begin());
    }
    static void sort(std::vector<Said>& options) {
        std::ranges::stable_sort(options, {}, [](Said const& said) { return rank(said); });
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
            text += " -m " + module.name;
            sort(module.options);
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
    std::optional<std::size_t> implied_; // the last term that its successor said
    bool first_fragment_ = false;        // it holds for no later fragment
    std::string comment_;
};

} // namespace

Lines lines_of(Match const& match, Family family) {
    Lines lines = everything();
    for (Condition const& condition : in_order(match)) {
        if (auto const* const term = std::get_if<Term>(&condition))
            lines = both(lines, lines_of(*term, family));
        else if (auto const* const relation = std::get_if<Alternatives>(&condition))
            lines = both(lines, lines_of(*relation, family));
        else
            lines = both(lines, {{Line{condition}}, {}, true});
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
