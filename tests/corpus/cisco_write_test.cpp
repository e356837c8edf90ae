// Real configurations of Cisco devices, where they are there: their lists are written, read back, and are the same, or
// decide the same. Prints how many, and each kind of loss.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <tuple>

#include "corpus/corpus.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/dialect/write.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/compare.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

bool is_list(Chain const& chain) {
    return chain.hook && chain.hook->point == HookPoint::list && chain.hook->type == ChainType::filter && !chain.implicit &&
           !chain.name.starts_with("vlan access-map ");
}

// Of the lists, what a text of lists alone can say: nothing of route maps and the like.
Ruleset lists_alone(Ruleset const& ruleset) {
    Ruleset result;
    std::map<ChainId, ChainId> places;
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        if (!is_list(ruleset.chains[id])) continue;
        places.emplace(id, static_cast<ChainId>(result.chains.size()));
        Chain& chain = result.chains.emplace_back(ruleset.chains[id]);
        chain.uses.clear();
        chain.filters = true;
        std::sort(chain.bindings.begin(), chain.bindings.end(), [](Binding const& a, Binding const& b) { return std::tie(a.interface, a.inbound) < std::tie(b.interface, b.inbound); });
    }
    for (Chain& chain : result.chains)
        for (Rule& rule : chain.rules)
            if (auto* jump = std::get_if<Jump>(&rule.verdict); jump && jump->chain != no_chain) jump->chain = places.at(jump->chain);
    return result;
}

std::string text_of(Ruleset const& ruleset, ChainId id) {
    std::string text;
    for (Rule const& rule : ruleset.chains[id].rules)
        text += to_text(rule.match) + " -> " + to_text(rule.verdict, ruleset) + (rule.effects.log ? " log" : "") + " \"" + rule.comment + "\"\n";
    return text;
}

struct Tally {
    std::size_t files = 0, lists = 0, rules = 0;
    std::size_t same = 0;  // files whose lists are the same, rule by rule
    std::size_t equal = 0; // lists that decide the same, proved by the engine, of those that are not
    std::size_t lossy = 0; // files with a loss of a rule
};

} // namespace

TEST_CASE("real access lists read back equal after they were written") {
    if (!is_there(corpus())) return;
    char const* const kept_in = std::getenv("PORTCULLIS_WRITTEN");
    std::map<std::string, Tally> tallies;
    std::map<std::string, std::size_t> losses;
    for (char const* group : {"cisco-ios", "cisco-asa", "cisco-nxos", "cisco-xr", "cisco-mixed"}) {
        for (auto const& file : fs::recursive_directory_iterator(corpus() / group)) {
            if (!file.is_regular_file()) continue;
            std::string const text = content(file.path());
            Sources sources;
            SourceId const id = sources.add("before", text);
            auto const dialect = detect_dialect(sources[id].text());
            if (!dialect) continue;
            INFO(file.path());
            Ruleset const before = read(sources, id, *dialect).ruleset;
            Tally& tally = tallies[group];
            ++tally.files;
            Writing const written = write_cisco(before, *dialect);
            Reading const reading = read(sources, sources.add("after", written.text), *dialect);
            Ruleset const& after = reading.ruleset;
            if (kept_in != nullptr) {
                std::string name = fs::relative(file.path(), corpus()).string();
                std::replace(name.begin(), name.end(), '/', '_');
                std::ofstream(fs::path(kept_in) / (name + ".out")) << written.text;
            }
            for (Finding const& finding : reading.findings.all())
                if (is_unread(finding)) {
                    UNSCOPED_INFO(finding.rule << ' ' << sources[finding.span.source].text().substr(finding.span.begin, finding.span.end - finding.span.begin));
                    CHECK(false);
                }
            bool lost = false;
            for (Finding const& loss : written.losses.all()) {
                std::string const& why = loss.args.at("why");
                ++losses[why];
                lost = lost || !(why.starts_with("it uses the list") || why.starts_with("it is not written") || why.starts_with("translations") || why.starts_with("a map of a VLAN"));
            }
            tally.lossy += lost ? 1 : 0;
            std::map<std::pair<bool, std::string>, ChainId> again;
            for (ChainId other = 0; other < after.chains.size(); ++other)
                if (is_list(after.chains[other])) again.emplace(std::pair(after.chains[other].hook->v4, after.chains[other].name), other);
            bool all_same = true;
            for (ChainId list = 0; list < before.chains.size(); ++list) {
                Chain const& chain = before.chains[list];
                if (!is_list(chain)) continue;
                ++tally.lists;
                tally.rules += chain.rules.size();
                auto const found = again.find({chain.hook->v4, chain.name});
                INFO(chain.name);
                CHECK(found != again.end());
                if (found == again.end()) continue;
                Chain const& other = after.chains[found->second];
                CHECK(chain.bindings.size() == other.bindings.size());
                bool const same = text_of(before, list) == text_of(after, found->second) && chain.policy == other.policy;
                all_same = all_same && same;
                if (same || lost) continue;
                UNSCOPED_INFO(text_of(before, list) << "written\n" << text_of(after, found->second));
                CompareOptions options;
                options.names = {{chain.title(), chain.title()}};
                try {
                    Comparison const comparison(before, after, options);
                    CHECK(comparison.differences().empty());
                    tally.equal += comparison.differences().empty() ? 1 : 0;
                } catch (BudgetExceeded const& limit) {
                    WARN(file.path() << ' ' << chain.name << ": " << limit.what());
                }
            }
            tally.same += all_same ? 1 : 0;
            if (all_same && !lost && !same_meaning(lists_alone(before), lists_alone(after)))
                CHECK(to_text(lists_alone(before)) == to_text(lists_alone(after)));
        }
    }
    for (auto const& [group, tally] : tallies)
        WARN(group << ": " << tally.files << " files with " << tally.lists << " lists and " << tally.rules << " rules; " << tally.same
                   << " files the same rule by rule, " << tally.equal << " other lists proved equal, " << tally.lossy << " files with lost rules");
    std::string kinds;
    for (auto const& [why, times] : losses) kinds += "\n  " + std::to_string(times) + " × " + why;
    WARN("losses:" << kinds);
}
