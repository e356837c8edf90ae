#include "lsp/rule_effect.hpp"

#include <algorithm>

#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/cubes.hpp"
#include "portcullis/engine/routed.hpp"
#include "query/asked.hpp"
#include "report/traffic_text.hpp"

namespace portcullis::lsp {

namespace {

constexpr std::size_t most_lines = 6;
constexpr std::size_t node_limit = std::size_t{1} << 22U;

class Teller {
  public:
    Teller(Ruleset const& ruleset, Config const& config, TextRule const& rule)
        : ruleset_(ruleset), config_(config), rule_(rule), space_(node_limit) {}

    RuleEffect tell() {
        RuleEffect result;
        tell_matches(result);
        for (Path const& path : find_ways(ruleset_))
            if (std::ranges::any_of(path.chains, [&](ChainId base) { return reaches(base); }))
                result.effects.push_back(on_path(path));
        if (result.effects.empty()) result.effects.push_back(alone());
        return result;
    }

  private:
    Chain const& chain() const { return ruleset_.chains[rule_.chain]; }
    bool reaches(ChainId base) const {
        auto const chains = call_order(ruleset_, base).chains;
        return std::ranges::find(chains, rule_.chain) != chains.end();
    }

    // That ports are those of packets that have some goes without saying; what it matches besides, where it does, is said.
    void tell_matches(RuleEffect& result) {
        PacketSet asked = space_.none();
        for (std::size_t const rule : rule_.rules) asked |= space_.of(chain().rules[rule].match);
        for (Family const family : {Family::v4, Family::v6})
            if (!ruleset_.governs(family) || (chain().hook && !chain().hook->sees(family)))
                asked -= space_.of(Field::family, ValueSet::single(family_value(family)));
        PacketSet const later = space_.of(Field::fragment, ValueSet::single(1));
        bool const whole = !(asked - later).empty();
        result.more_matches = !tell(whole ? asked | later : asked, whole ? asked - later : asked, result.matches);
        bool const besides = whole && !(asked & later).empty() && asks_for_header();
        if (besides) result.matches.emplace_back("later fragments of such packets");
    }
    // In some row that later fragments do not have.
    bool asks_for_header() const {
        return std::ranges::any_of(rule_.rules, [&](std::size_t rule) {
            Match const& match = chain().rules[rule].match;
            return std::ranges::any_of(fields(),
                                       [&](FieldInfo const& field) { return field.transport && asks_about(match, field.field); });
        });
    }

    // New connections are what people ask about; what a rule does with other packets is told where it does nothing else.
    Effect on_path(Path const& path) {
        Effect effect{path.name, true, {}, false};
        Question question;
        question.path = path.name;
        try {
            for (Asked const& asked : asked_about(space_, ruleset_, config_, question)) {
                PacketSet const hit = hits(path, asked.packets);
                effect.more = !tell(hit | asked.context.complement(), hit, effect.traffic, &asked);
            }
        } catch (std::invalid_argument const&) {
            // No new connection goes this way.
        }
        if (!effect.traffic.empty()) return effect;
        effect.new_connections = false;
        PacketSet const all = packets_at(space_, path.hook) & unmarked(space_, ruleset_) & routed(space_, ruleset_, path.hook);
        PacketSet const hit = hits(path, all);
        effect.more = !tell(hit | all.complement(), hit, effect.traffic);
        return effect;
    }

    // What comes to it on the path and matches.
    PacketSet hits(Path const& path, PacketSet const& packets) {
        Reach reach(space_, ruleset_, packets, path.chains);
        Worlds worlds{{at_start(ruleset_, path), packets}};
        PacketSet all = space_.none();
        for (std::size_t i = 0; i < path.chains.size(); ++i) {
            ChainId const base = path.chains[i];
            if (reaches(base))
                for (std::size_t const rule : rule_.rules) all |= reach.hits(worlds, base, rule_.chain, rule);
            bool const others = std::any_of(path.chains.begin() + static_cast<std::ptrdiff_t>(i) + 1, path.chains.end(),
                                            [&](ChainId later) { return reaches(later); });
            if (!others) break;
            worlds = reach.accepted(worlds, base);
        }
        return all;
    }

    Effect alone() {
        Effect effect{"", false, {}, false};
        Reach reach(space_, ruleset_, space_.all(), {rule_.chain});
        PacketSet hit = space_.none();
        for (std::size_t const rule : rule_.rules) hit |= reach.hits(rule_.chain, rule);
        effect.more = !tell(hit, hit, effect.traffic);
        return effect;
    }

    // As lines, and whether that is all.
    bool tell(PacketSet const& set, PacketSet const& part, std::vector<std::string>& lines, Asked const* asked = nullptr) {
        if (part.empty()) return true;
        Cover cover = maximal_cubes(space_, set, part, most_lines);
        for (Cube& cube : cover.cubes) {
            if (asked != nullptr) keep_to(*asked, cube);
            lines.push_back(traffic_text(cube, services_of(cube, config_.catalogue)));
        }
        return cover.complete;
    }

    Ruleset const& ruleset_;
    Config const& config_;
    TextRule const& rule_;
    Space space_;
};

} // namespace

std::optional<TextRule> rules_within(Ruleset const& ruleset, Span text) {
    auto const is_within = [&](Span span) {
        return span.source == text.source && text.begin <= span.begin && span.end <= text.end;
    };
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        TextRule found{id, {}};
        auto const& rules = ruleset.chains[id].rules;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            bool const asks = std::ranges::any_of(rules[i].match.terms, [&](Term const& term) { return is_within(term.span); });
            if (!rules[i].implicit && (is_within(rules[i].span) || asks)) found.rules.push_back(i);
        }
        if (!found.rules.empty()) return found;
    }
    return std::nullopt;
}

std::optional<TextRule> rule_at(Ruleset const& ruleset, SourceId source, std::size_t offset) {
    std::optional<TextRule> best;
    Span narrowest;
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        auto const& rules = ruleset.chains[id].rules;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            Span const span = rules[i].span;
            if (rules[i].implicit || span.source != source || offset < span.begin || offset > span.end) continue;
            if (best && best->chain == id && span == narrowest) {
                best->rules.push_back(i);
            } else if (!best || span.end - span.begin < narrowest.end - narrowest.begin) {
                best = TextRule{id, {i}};
                narrowest = span;
            }
        }
    }
    return best;
}

RuleEffect effect_of(Ruleset const& ruleset, Config const& config, TextRule const& rule) {
    return Teller(ruleset, config, rule).tell();
}

std::vector<std::pair<ChainId, std::size_t>> callers_of(Ruleset const& ruleset, ChainId chain) {
    std::vector<std::pair<ChainId, std::size_t>> callers;
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        auto const& rules = ruleset.chains[id].rules;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            auto const* const jump = std::get_if<Jump>(&rules[i].verdict);
            if (jump != nullptr && jump->chain == chain) callers.emplace_back(id, i);
        }
    }
    return callers;
}

} // namespace portcullis::lsp
