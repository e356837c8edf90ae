#include "portcullis/policy/generate.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "policy/policy_words.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/dialect/write.hpp"
#include "portcullis/engine/compare.hpp"
#include "portcullis/engine/translation.hpp"
#include "portcullis/policy/devices.hpp"

namespace portcullis {
namespace {

// Access lists belong to interfaces by name: which of them a zone has that says "eth*".
std::string patterns_text(Policy const& policy) {
    std::string text;
    for (PolicyZone const& zone : policy.zones)
        for (std::string const& pattern : zone.patterns) {
            std::vector<std::string> names = policy.interfaces;
            std::erase_if(names, [&](std::string const& name) { return !stands_for(pattern, name); });
            text += fmt::format("! The zone {} has {} of the device's interfaces: {}.\n", zone.name, pattern, fmt::join(names, ", "));
        }
    return text;
}

// A target that counts has to say each rate.
Policy with_all_rates(Policy policy) {
    for (Statement& statement : policy.statements) statement.rate_optional = false;
    return policy;
}

std::string header(Policy const& policy, Target target, Origin const& origin) {
    std::string text = target == Target::nftables ? "#!/usr/sbin/nft -f\n" : "";
    char const mark = is_cisco(dialect_of(target)) ? '!' : '#';
    text += fmt::format("{} {}: made by portcullis {} from {}; change that, not this.\n", mark,
                        policy.device.empty() ? "Firewall" : policy.device, origin.version, visible(origin.file));
    text += fmt::format("{} policy sha256: {}\n", mark, origin.hash);
    if (mark == '!') text += "! Lists are not asked about what the device sends itself.\n";
    // Who compares lists with something else has to know which packets are for the device.
    if (std::string const own = own_addresses_line(policy.own); mark == '!' && !own.empty()) text += fmt::format("! {}\n", own);
    if (mark == '!') text += patterns_text(policy) + rates_text(policy) + "!\n";
    if (target != Target::nftables) return text;
    // One transaction that replaces the table, whether it is there or not, and nothing else.
    return text + "\ntable inet portcullis\ndelete table inet portcullis\n\n";
}

Writing write(Ruleset const& ruleset, Target target) {
    if (is_cisco(dialect_of(target))) return write_cisco(ruleset, dialect_of(target));
    if (target == Target::nftables) return write_nftables(ruleset);
    return write_iptables(ruleset, families_of(target).front());
}

void add_line(std::string& comment, std::string const& line) { comment += comment.empty() ? line : '\n' + line; }

} // namespace

std::vector<std::string> optional_rates(Policy const& policy) {
    std::vector<std::string> names;
    for (Statement const& statement : policy.statements)
        if (statement.rate && statement.rate_optional) names.push_back(statement.name);
    return names;
}

std::string rates_text(Policy const& policy) {
    std::string text;
    for (std::string const& name : optional_rates(policy)) text += fmt::format("! Without its rate, which is optional: {}.\n", name);
    return text;
}

bool is_whole(Reading const& reading) { return std::ranges::none_of(reading.findings.all(), is_unread); }

Generated generate(Space& space, Policy const& policy, Target target, Origin const& origin, Sources& sources,
                   Remarks const& remarks) {
    Generated result;
    Ruleset planned;
    if (is_cisco(dialect_of(target))) {
        ListPlan lists = plan_lists(policy, target);
        planned = std::move(lists.ruleset);
        result.losses = std::move(lists.losses);
    } else {
        planned = plan(policy, target);
    }
    std::string const head = header(policy, target, origin);
    auto const take = [&](Writing writing) {
        result.text = head + writing.text;
        result.losses.append(std::move(writing.losses));
        result.source = sources.add("generated " + std::string(to_string(dialect_of(target))), result.text);
        result.reading = read(sources, result.source, dialect_of(target));
    };
    take(write(planned, target));
    if (is_cisco(dialect_of(target)) && remarks && is_whole(result.reading)) {
        auto const wanted = remarks(result.source, result.reading);
        for (Remark const& remark : wanted) add_line(result.reading.ruleset.chains[remark.chain].rules[remark.rule].comment, remark.text);
        if (!wanted.empty()) take(write(result.reading.ruleset, target));
    }
    if (!is_whole(result.reading)) return result;
    result.gaps = find_gaps(space, is_cisco(dialect_of(target)) ? policy : with_all_rates(policy), result.reading.ruleset);
    if (translates(planned) && result.losses.empty()) {
        Comparison const comparison(planned, result.reading.ruleset);
        result.translates_otherwise = std::ranges::any_of(
            comparison.differences(), [](Difference const& each) { return !each.retranslated.empty(); });
    }
    return result;
}

} // namespace portcullis
