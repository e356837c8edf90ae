// Two permits that are alike but for one field, of which each asks for most of its values and both together for all:
// "not this one" and "not that one". The packet that shows it is one that the first leaves out and the second permits.
#include <algorithm>
#include <map>

#include "lint/certain.hpp"
#include "lint/context.hpp"
#include "lint/duplicates.hpp"

namespace portcullis {

namespace {

struct Exclusion {
    std::size_t rule = 0;
    IntervalSet left_out;
};

// What the rule's terms leave out of a field, if that is less than half of it and not nothing.
std::optional<IntervalSet> left_out(Match const& match, Field field) {
    auto const named = named_values(match, field);
    if (!named) return std::nullopt;
    IntervalSet const rest = IntervalSet(0, info(field).largest).minus(*named);
    bool const small = !rest.empty() && rest.count() <= info(field).largest / 2;
    return small ? std::optional(rest) : std::nullopt;
}

// Cheap, and never wrongly true: the term alone leaves out half of the field or more.
bool leaves_out_much(Term const& term) {
    ValueSet const& values = term.values;
    return !values.negated && values.masks.empty() && values.intervals.count() <= info(term.field).largest / 2;
}

// What the match asks of packets that are no later fragments, in terms: an access list lets those pass by addresses alone.
Match of_first_fragments(Match match) {
    std::erase_if(match.alternatives, [&](Alternatives const& relation) {
        auto const column = std::find(relation.fields.begin(), relation.fields.end(), Field::fragment) - relation.fields.begin();
        auto const is_first = [&](auto const& row) { return row[static_cast<std::size_t>(column)].contains(0); };
        bool const by_fragment = !relation.negated && column < static_cast<std::ptrdiff_t>(relation.fields.size()) &&
                                 std::count_if(relation.rows.begin(), relation.rows.end(), is_first) == 1;
        if (!by_fragment) return false;
        auto const& row = *std::find_if(relation.rows.begin(), relation.rows.end(), is_first);
        for (std::size_t i = 0; i < row.size(); ++i)
            if (relation.fields[i] != Field::fragment) match.terms.push_back({relation.fields[i], row[i], {}});
        return true;
    });
    return match;
}

class ChainCheck {
  public:
    ChainCheck(Context const& ctx, ChainId id, Findings& out) : ctx_(ctx), id_(id), out_(out) {}

    void run() {
        std::vector<Rule> const& rules = ctx_.ruleset().chains[id_].rules;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (!std::holds_alternative<Accept>(rules[i].verdict)) continue;
            Match const& match = rules[i].match;
            if (match.alternatives.empty()) check(i, match);
            else check(i, of_first_fragments(match));
        }
    }

  private:
    void check(std::size_t rule, Match const& match) {
        std::vector<Field> fields;
        for (Term const& term : match.terms) {
            if (leaves_out_much(term)) continue;
            if (std::find(fields.begin(), fields.end(), term.field) == fields.end()) fields.push_back(term.field);
        }
        for (Field const field : fields) {
            auto const rest = left_out(match, field);
            if (!rest) continue;
            auto& alike = known_[static_cast<char>(field) + match_key(match, field)];
            for (Exclusion const& earlier : alike) {
                if (earlier.left_out.overlaps(*rest) || !report(field, earlier, rule)) continue;
                return;
            }
            alike.push_back({rule, *rest});
        }
    }

    bool report(Field field, Exclusion const& earlier, std::size_t rule) {
        for (ChainId const base : ctx_.bases(id_)) {
            PacketSet const question = ctx_.space().of(field, earlier.left_out) & ctx_.space().of(connection_start());
            PacketSet const both =
                ctx_.reach().hits({{Marks{}, ctx_.seen_by(base)}}, base, id_, rule) & question;
            if (both.empty()) continue;
            Finding& finding = add_finding(ctx_, out_, id_, rule);
            finding.arg("verb", std::string(verb_of(ctx_.ruleset(), {id_, static_cast<std::uint32_t>(rule)}).one));
            finding.relate("lets in what the later rule leaves out", ctx_.ruleset().chains[id_].rules[earlier.rule].span);
            finding.witness = ctx_.witness(base, both, true);
            if (certainly(both, question).empty()) judge(finding, both);
            return true;
        }
        return false;
    }

    Context const& ctx_;
    ChainId id_;
    Findings& out_;
    std::map<std::string, std::vector<Exclusion>> known_; // by the field, and what else the match asks
};

} // namespace

void check_negation_pair(Context const& ctx, Findings& out) {
    for (ChainId id = 0; id < ctx.ruleset().chains.size(); ++id) ChainCheck(ctx, id, out).run();
}

} // namespace portcullis
