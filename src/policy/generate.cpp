#include "portcullis/policy/generate.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "portcullis/base/visible.hpp"
#include "portcullis/dialect/write.hpp"
#include "portcullis/engine/compare.hpp"
#include "portcullis/engine/translation.hpp"

namespace portcullis {
namespace {

std::string header(Policy const& policy, Target target, Origin const& origin) {
    std::string text = target == Target::nftables ? "#!/usr/sbin/nft -f\n" : "";
    char const mark = is_cisco(dialect_of(target)) ? '!' : '#';
    text += fmt::format("{} {}: made by portcullis {} from {}; change that, not this.\n", mark,
                        policy.device.empty() ? "Firewall" : policy.device, origin.version, visible(origin.file));
    text += fmt::format("{} policy sha256: {}\n", mark, origin.hash);
    if (mark == '!') text += "! Lists are not asked about what the device sends itself.\n!\n";
    if (target != Target::nftables) return text;
    // One transaction that replaces the table, whether it is there or not, and nothing else.
    return text + "\ntable inet portcullis\ndelete table inet portcullis\n\n";
}

Writing write(Ruleset const& ruleset, Target target) {
    if (is_cisco(dialect_of(target))) return write_cisco(ruleset, dialect_of(target));
    if (target == Target::nftables) return write_nftables(ruleset);
    return write_iptables(ruleset, families_of(target).front());
}

} // namespace

bool is_whole(Reading const& reading) { return std::ranges::none_of(reading.findings.all(), is_unread); }

Generated generate(Space& space, Policy const& policy, Target target, Origin const& origin, Sources& sources) {
    Generated result;
    Ruleset planned;
    if (is_cisco(dialect_of(target))) {
        ListPlan lists = plan_lists(policy, target);
        planned = std::move(lists.ruleset);
        result.losses = std::move(lists.losses);
    } else {
        planned = plan(policy, target);
    }
    Writing writing = write(planned, target);
    result.text = header(policy, target, origin) + writing.text;
    result.losses.append(std::move(writing.losses));
    result.source = sources.add("generated " + std::string(to_string(dialect_of(target))), result.text);
    result.reading = read(sources, result.source, dialect_of(target));
    if (!is_whole(result.reading)) return result;
    result.gaps = find_gaps(space, policy, result.reading.ruleset);
    if (translates(planned) && result.losses.empty()) {
        Comparison const comparison(planned, result.reading.ruleset);
        result.translates_otherwise = std::ranges::any_of(
            comparison.differences(), [](Difference const& each) { return !each.retranslated.empty(); });
    }
    return result;
}

} // namespace portcullis
