#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <tuple>

#include "portcullis/query/assertions.hpp"
#include "query/asked.hpp"

namespace portcullis {

namespace {

using Place = std::tuple<SourceId, std::uint32_t, std::uint32_t>;
Place place_of(Span span) { return {span.source, span.begin, span.end}; }

class Touched {
  public:
    explicit Touched(Ruleset const& ruleset) : ruleset_(ruleset) {}

    // Adds the rules that packets of the path come to and match, whatever earlier base chains say of those that they end.
    void follow(Space& space, Path const& path, PacketSet const& packets) {
        Reach reach(space, ruleset_, packets);
        Worlds worlds{{at_start(ruleset_, path), packets}};
        for (ChainId const base : path.chains) {
            for (ChainId const chain : call_order(ruleset_, base).chains) {
                auto const& rules = ruleset_.chains[chain].rules;
                for (std::size_t rule = 0; rule < rules.size(); ++rule) {
                    if (touched_.contains(place_of(rules[rule].span))) continue;
                    if (!reach.hits(worlds, base, chain, rule).empty()) touched_.insert(place_of(rules[rule].span));
                }
            }
            worlds = reach.accepted(worlds, base);
        }
    }

    std::vector<Span> others() const {
        std::map<Place, Span> all;
        for (Chain const& chain : ruleset_.chains) {
            for (Rule const& rule : chain.rules)
                if (!rule.implicit && !touched_.contains(place_of(rule.span))) all.emplace(place_of(rule.span), rule.span);
        }
        std::vector<Span> spans;
        for (auto const& [place, span] : all) spans.push_back(span);
        return spans;
    }

  private:
    Ruleset const& ruleset_;
    std::set<Place> touched_;
};

} // namespace

std::vector<Span> untouched_rules(Ruleset const& ruleset, Config const& config, std::vector<Assertion> const& tests) {
    Space space;
    std::map<std::string, std::pair<Path, PacketSet>> asked_by_path;
    auto const add = [&](Question const& question) {
        try {
            for (Asked const& asked : asked_about(space, ruleset, config, question)) {
                auto const [at, added] = asked_by_path.try_emplace(asked.path.name, asked.path, asked.packets);
                if (!added) at->second.second |= asked.packets;
            }
        } catch (std::invalid_argument const&) {
            // A question about nothing touches nothing; the test itself says what is wrong with it.
        }
    };
    for (Assertion const& test : tests) {
        for (Question const& phrase : test.phrases) add(phrase);
        if (test.kind == Assertion::Kind::allow_only) add(test.of);
        if (test.kind == Assertion::Kind::same_as) return {}; // it is about everything
    }
    Touched touched(ruleset);
    for (auto const& [name, asked] : asked_by_path) touched.follow(space, asked.first, asked.second);
    return touched.others();
}

} // namespace portcullis
