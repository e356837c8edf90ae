// portcullis and the Linux kernel say the same about every file of rules that the project has, each by every program that
// loads it, alone and together: packets at the boundaries of what its rules ask, and the answers and errors that they lead to.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <set>

#include "fixture_files.hpp"
#include "kernel/comparison.hpp"
#include "kernel/journey.hpp"
#include "kernel/loaded_files.hpp"
#include "kernel/random.hpp"
#include "kernel/rule_probes.hpp"
#include "portcullis/engine/path.hpp"
#include "seeds.hpp"

using namespace portcullis;
using namespace portcullis::kernel;

namespace {

Reading read_file(Sources& sources, RulesFile const& file) {
    ReadOptions options;
    options.include = [&](std::string const& pattern, SourceId) { return include_from(file.folder, pattern, sources); };
    if (!file.sets.empty())
        options.ipsets = std::make_shared<Ipsets const>(read_ipset(sources, sources.add("sets", file.sets)).sets);
    return read(sources, sources.add(file.name, file.text), file.dialect, options);
}

// Of chains at one priority, the kernel asks first that which was loaded last; iptables-legacy has had its places from before.
Ours read_host(LoadedHost const& host) {
    auto sources = std::make_shared<Sources>();
    Reading all;
    std::vector<RulesFile> files = host.files;
    std::stable_partition(files.begin(), files.end(), [&](RulesFile const& f) { return host.loader_of(f) != Loader::legacy; });
    bool first = true;
    for (RulesFile const& file : files) {
        Reading one = read_file(*sources, file);
        all.ruleset = first ? std::move(one.ruleset) : join(std::move(all.ruleset), std::move(one.ruleset));
        all.findings.append(std::move(one.findings));
        first = false;
    }
    return {std::move(sources), std::move(all)};
}

// The host without what its programs refuse; nothing where one of its files is refused as a whole.
std::optional<LoadedHost> loadable(LoadedHost host) {
    for (RulesFile& file : host.files) {
        auto text = loadable(file, host.loader_of(file));
        if (!text) return std::nullopt;
        file.text = std::move(*text);
    }
    return host;
}

class Comparison {
  public:
    Comparison(Laboratory& lab, Ours const& ours) : lab_(lab), ours_(ours) {}

    std::vector<std::string> differences;
    Told told;
    std::size_t answers = 0;

    void run(std::vector<RuleProbe> const& probes) {
        constexpr std::size_t most_rounds = 6;
        std::vector<RuleProbe const*> waiting;
        for (RuleProbe const& probe : probes) waiting.push_back(&probe);
        for (std::size_t round = 0; round < most_rounds && !waiting.empty(); ++round) waiting = one_round(waiting);
        set_routes({});
    }

  private:
    // One address leads to one place at a time: who needs another waits for the next round.
    std::vector<RuleProbe const*> one_round(std::vector<RuleProbe const*> const& probes) {
        Routes routes;
        std::vector<RuleProbe const*> later;
        std::vector<Probe> now;
        for (RuleProbe const* each : probes) {
            if (!each->destination.empty() && routes.try_emplace(each->destination, each->device).first->second != each->device)
                later.push_back(each);
            else
                now.push_back(each->probe);
        }
        set_routes(routes);
        std::vector<Journey> const all = journeys(lab_.send(now), now.size());
        for (Journey const& journey : all)
            if (!journey.sightings.empty()) first_packet(journey);
        later_packets(all);
        return later;
    }

    void first_packet(Journey const& journey) {
        std::string difference = compare(ours_.ruleset(), journey, told, Certain::perhaps);
        if (!difference.empty()) differences.push_back(std::move(difference));
    }

    // Of connections that passed: an answer, the next packet, and an error about it.
    void later_packets(std::vector<Journey> const& begun) {
        std::vector<Probe> probes;
        std::vector<Journey const*> of;
        for (Journey const& journey : begun) {
            if (journey.sightings.empty() || !journey.ended() || !journey.sightings.back().accepted) continue;
            for (Probe& probe : later_packets(journey)) {
                probes.push_back(std::move(probe));
                of.push_back(&journey);
            }
        }
        auto const all = journeys(lab_.send(probes), probes.size());
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i].sightings.empty()) continue;
            U128 const state = all[i].sightings.front().packet[Field::ct_state];
            if (state == ct_state::established || state == ct_state::related)
                for (Sighting const& sighting : all[i].sightings) of_connection(sighting, *of[i]);
        }
    }

    static std::vector<Probe> later_packets(Journey const& journey) {
        Packet first = journey.sightings.front().packet;
        Packet last = journey.sightings.back().left;
        bool const sent = first[Field::iif] == 0;
        // Answers come in where the packet went out, and are sent where it came in.
        U128 const in = journey.at(HookPoint::postrouting) != nullptr ? journey.sightings.back().packet[Field::oif] : U128{0};
        for (U128 const device : {first[Field::iif], first[Field::oif], in})
            if (interface_name(device) == "lo") return {};
        Packet answer = last;
        std::swap(answer[src_field(last.family())], answer[dst_field(last.family())]);
        std::swap(answer[Field::sport], answer[Field::dport]);
        answer[Field::iif] = in;
        answer[Field::oif] = in == 0 ? first[Field::iif] : U128{0};
        answer[Field::ttl] = first[Field::ttl] = 64;
        answer[Field::src_mac] = 0x02'00'00'00'aa'01;
        Packet error = answer;
        bool const v4 = last.family() == Family::v4;
        error[Field::protocol] = v4 ? icmp : icmpv6;
        constexpr U128 time_exceeded4 = 11, time_exceeded6 = 3, echo4 = 8, echo6 = 128, reply6 = 129;
        error[Field::icmp_type] = v4 ? time_exceeded4 : time_exceeded6;
        error[Field::icmp_code] = 0;
        error[Field::length] = 0;
        if (last[Field::protocol] == tcp) answer[Field::tcp_flags] = tcp_flag::syn | tcp_flag::ack;
        if (last[Field::protocol] == icmp && last[Field::icmp_type] == echo4) answer[Field::icmp_type] = 0;
        if (last[Field::protocol] == icmpv6 && last[Field::icmp_type] == echo6) answer[Field::icmp_type] = reply6;
        if (first[Field::protocol] == tcp) first[Field::tcp_flags] = tcp_flag::ack;
        if (!sent) first[Field::oif] = 0;
        return {{answer}, {first}, {error, false, last}};
    }

    // What conntrack knows of it, the reports do not say.
    void of_connection(Sighting const& seen, Journey const& begun) {
        Sighting sighting = seen;
        Packet& packet = sighting.packet;
        Packet const& first = begun.sightings.front().packet;
        Packet const& last = begun.sightings.back().left;
        Family const family = first.family();
        bool const v4 = family == Family::v4;
        if (first.source() != last.source()) packet[Field::ct_status] |= U128{1} << 4U;
        bool const to_another = first.destination() != last.destination() || first[Field::dport] != last[Field::dport];
        if (to_another) packet[Field::ct_status] |= U128{1} << 5U;
        packet[v4 ? Field::orig_src4 : Field::orig_src6] = first.source().value;
        packet[v4 ? Field::orig_dst4 : Field::orig_dst6] = first.destination().value;
        packet[v4 ? Field::reply_src4 : Field::reply_src6] = last.destination().value;
        packet[v4 ? Field::reply_dst4 : Field::reply_dst6] = last.source().value;
        packet[Field::orig_sport] = first[Field::sport];
        packet[Field::orig_dport] = first[Field::dport];
        packet[Field::reply_sport] = last[Field::dport];
        packet[Field::reply_dport] = last[Field::sport];
        packet[Field::ct_protocol] = first[Field::protocol];
        ++answers;
        if (!may_agree(ours_.decide(sighting), sighting)) differences.push_back(difference(ours_, sighting));
    }

    Laboratory& lab_;
    Ours const& ours_;
};

// Why none of these tests can have the host here; nothing where they can.
std::optional<std::string> lacking(LoadedHost const& host) {
    auto const lacks = [](char const* program) { return run({program, "--version"}).code == 127; };
    static bool const no_ipset = lacks("ipset"), no_legacy = lacks("iptables-legacy-restore");
    static bool const no_nft = lacks("iptables-nft-restore");
    for (RulesFile const& file : host.files) {
        if (no_ipset && !file.sets.empty()) return "there is no ipset";
        Loader const loader = host.loader_of(file);
        if (no_legacy && loader == Loader::legacy) return "there is no iptables-legacy-restore";
        if (no_nft && loader == Loader::iptables_nft) return "there is no iptables-nft-restore";
    }
    return std::nullopt;
}

std::string_view to_string(Refused::By by) {
    constexpr std::array<std::string_view, 4> names{"its loader", "the resolver of names", "the laboratory", "portcullis"};
    return names[static_cast<std::size_t>(by)];
}

} // namespace

TEST_CASE("the kernel and portcullis agree on every file of rules of this project") {
    Laboratory* const lab = laboratory();
    if (lab == nullptr) return;
    constexpr std::size_t most_told = 3;
    Told all;
    std::size_t loaded = 0, answers = 0;
    std::vector<LoadedHost> const hosts = all_hosts();
    for (std::size_t i = 0; i < hosts.size(); i += every()) {
        INFO(hosts[i].name);
        auto const host = loadable(hosts[i]);
        if (!host) continue; // what refuses it is asked below
        if (auto const why_not = lacking(*host)) {
            WARN("skipped: " << *why_not << " for " << host->name);
            continue;
        }
        Ours const ours = read_host(*host);
        std::vector<std::string> devices(interfaces.begin(), interfaces.end());
        for (std::string const& name : interfaces_of(ours.ruleset())) {
            lab->have_interface(name);
            if (std::find(devices.begin(), devices.end(), name) == devices.end()) devices.push_back(name);
        }
        // One of every statement writes into packets: its rules are compared all the same.
        if (ours.complaint().find("may see what is written here") == std::string::npos) CHECK(ours.complaint() == "");
        std::string const said = load(*lab, *host);
        CHECK(said == "");
        if (!said.empty()) continue;
        ++loaded;
        Comparison comparison(*lab, ours);
        comparison.run(rule_probes(ours.ruleset(), devices, 1));
        CHECK(comparison.differences.empty());
        // Not through Catch, which would break its lines.
        for (std::size_t d = 0; d < std::min(comparison.differences.size(), most_told); ++d)
            fmt::print(stderr, "{}\n{}\n", host->name, comparison.differences[d]);
        all += comparison.told;
        answers += comparison.answers;
    }
    WARN(loaded << " hosts, " << all.asked << " first packets and " << answers << " later ones: of the first, " << all.dropped
                << " dropped, " << all.delivered << " to the host, " << all.forwarded << " sent on, " << all.translated
                << " translated, " << all.possible << " that an unknown match decides");
    if (every() > 1 || loaded < hosts.size() / 2) return;
    CHECK(all.asked > 15000);
    CHECK(answers > 10000);
    for (std::size_t const some : {all.dropped, all.delivered, all.forwarded}) CHECK(some > all.asked / 20);
    CHECK(all.translated > 200);
    CHECK(all.possible < all.asked / 4);
}

TEST_CASE("what is said to be refused of this project's files of rules is there, and is refused") {
    Laboratory* const lab = laboratory();
    if (lab == nullptr) return;
    std::set<Refused const*> found;
    for (LoadedHost const& host : all_hosts()) {
        if (host.files.size() > 1) continue;
        RulesFile const& file = host.files.front();
        for (Refused const& each : refused()) {
            if (each.file != file.name || (each.loader && each.loader != host.loader_of(file))) continue;
            bool const there = each.line.empty() || has_line(file, each.line);
            if (!there) continue;
            std::string_view const what = each.line.empty() ? "all of it" : each.line;
            if (found.insert(&each).second)
                WARN(each.file << ": " << what << "\n  refused by " << to_string(each.by) << ": " << each.why);
            INFO(host.name << ": " << each.line);
            LoadedHost one = host;
            one.files.front().text = loadable(file, host.loader_of(file), &each).value();
            if (lacking(one)) continue;
            if (each.by == Refused::By::loader) CHECK(load(*lab, one) != "");
            if (each.by == Refused::By::reader) CHECK((load(*lab, one) == "" && read_host(one).complaint() != ""));
        }
    }
    for (Refused const& each : refused()) {
        INFO(each.file << ": " << each.line);
        CHECK(found.contains(&each));
    }
    lab->load("", Tracking::on);
}
