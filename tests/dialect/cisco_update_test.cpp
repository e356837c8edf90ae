// Updates of access lists, replayed line by line on a model of the devices that knows nothing of the planner: what an
// interface passes between two commands is within what the old and the new list pass, and no less than what both do.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "portcullis/dialect/read.hpp"
#include "portcullis/dialect/update.hpp"
#include "portcullis/engine/reach.hpp"
#include "seeds.hpp"

using namespace portcullis;
using Catch::Matchers::Contains;

namespace {

std::vector<std::string> words_of(std::string const& line) {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}
bool is_number(std::string const& word) { return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos; }
std::string joined(std::vector<std::string> const& words, std::size_t from) {
    std::string text;
    for (std::size_t i = from; i < words.size(); ++i) text += (text.empty() ? "" : " ") + words[i];
    return text;
}
std::string without(std::string text, std::string const& tail) {
    return text.ends_with(tail) ? text.substr(0, text.size() - tail.size()) : text;
}

// As the guides say: an entry that is there already (but for its log) is not taken again, a number that is taken is an
// error, a list without entries lets everything pass.
class Device {
  public:
    explicit Device(Dialect platform) : platform_(platform) {}

    void run(std::string const& line) {
        auto words = words_of(line);
        if (words.empty()) return;
        if (line.front() == ' ') return in_block(words);
        block_.clear();
        if (words[0] == "interface") {
            block_ = "interface";
            interface_ = words[1];
        } else if (words[0] == "object-group") {
            block_ = "group";
        } else if (words[0] == "access-list") { // ASA
            if (words[2] != "remark") append(words[1], joined(words, 3));
        } else if (words[0] == "access-group") {
            bound_[words[4] + ' ' + words[2]] = words[1];
        } else if (words[0] == "clear") {
            CHECK(lists_.erase(words[3]) == 1);
        } else if (words[0] == "no") {
            if (words[1] == "access-group")
                bound_.erase(words[5] + ' ' + words[3]);
            else
                CHECK(lists_.erase(words.back()) == 1);
        } else if (words[0] == "resequence" || (words.size() > 2 && words[2] == "resequence")) {
            auto const step = static_cast<std::uint32_t>(std::stoul(words.back()));
            std::map<std::uint32_t, std::string> again;
            for (auto const& [sequence, entry] : lists_.at(words[3]))
                again.emplace(step * static_cast<std::uint32_t>(again.size() + 1), entry);
            lists_[words[3]] = again;
        } else {
            REQUIRE((words[1] == "access-list"));
            block_ = "list";
            list_ = words.back();
            lists_[list_];
        }
    }

    std::map<std::uint32_t, std::string> const* list_at(std::string const& place) const {
        auto const bound = bound_.find(place);
        if (bound == bound_.end() || !lists_.contains(bound->second)) return nullptr;
        return &lists_.at(bound->second);
    }
    std::size_t lists() const { return lists_.size(); }

  private:
    void in_block(std::vector<std::string> words) {
        if (block_ == "group") return;
        if (block_ == "interface") {
            bool const removes = words[0] == "no";
            std::string const way = words.back();
            std::string const place = interface_ + (way == "ingress" || way == "in" ? " in" : " out");
            if (removes)
                bound_.erase(place);
            else
                bound_[place] = words[words.size() - 2];
            return;
        }
        bool const removes = words[0] == "no";
        if (removes) words.erase(words.begin());
        if (words[0] == "sequence") words.erase(words.begin());
        auto& list = lists_[list_];
        if (removes) {
            CHECK(list.erase(static_cast<std::uint32_t>(std::stoul(words[0]))) == 1);
            return;
        }
        if (!is_number(words[0])) return append(list_, joined(words, 0));
        auto const sequence = static_cast<std::uint32_t>(std::stoul(words[0]));
        insert(list, sequence, joined(words, 1));
    }
    void append(std::string const& name, std::string const& entry) {
        auto& list = lists_[name];
        insert(list, list.empty() ? 10 : list.rbegin()->first + 10, entry);
    }
    void insert(std::map<std::uint32_t, std::string>& list, std::uint32_t sequence, std::string const& entry) {
        for (auto const& [number, other] : list)
            if (without(other, " log") == without(entry, " log")) return;
        CHECK(list.emplace(sequence, entry).second);
    }

    Dialect platform_;
    std::map<std::string, std::map<std::uint32_t, std::string>> lists_;
    std::map<std::string, std::string> bound_; // "Gi1 in"
    std::string block_, interface_, list_;
};

// A packet of the small world, and an evaluator of the few words that its lists are made of.
struct Small {
    std::string protocol;
    unsigned source = 0, destination = 0, port = 0;
};

bool address_matches(std::vector<std::string> const& words, std::size_t& at, unsigned value) {
    std::string const word = words.at(at++);
    if (word == "any" || word == "any4") return true;
    if (word == "host") {
        std::string const& host = words.at(at++);
        return host.substr(host.find_last_of(".:") + 1) == std::to_string(value);
    }
    // A block of two: 192.0.2.2/31, 192.0.2.2 0.0.0.1, 192.0.2.2 255.255.255.254, 2001:db8::2/127
    std::string const base = word.substr(0, word.find('/'));
    if (word.find('/') == std::string::npos) ++at;
    return base.substr(base.find_last_of(".:") + 1) == std::to_string(value & ~1U);
}

bool matches(std::string const& entry, Small const& packet) {
    auto const words = words_of(entry);
    if (words[1] != "ip" && words[1] != "ipv4" && words[1] != "ipv6" && words[1] != packet.protocol) return false;
    std::size_t at = 2;
    if (!address_matches(words, at, packet.source) || !address_matches(words, at, packet.destination)) return false;
    return at >= words.size() || words[at] != "eq" || words[at + 1] == std::to_string(packet.port);
}

bool permits(std::map<std::uint32_t, std::string> const* list, Small const& packet, bool empty_passes) {
    if (!list || (list->empty() && empty_passes)) return true;
    for (auto const& [sequence, entry] : *list)
        if (matches(entry, packet)) return entry.starts_with("permit");
    return false;
}

std::vector<Small> small_world() {
    std::vector<Small> all;
    for (std::string const protocol : {"tcp", "udp"})
        for (unsigned source = 2; source < 6; ++source)
            for (unsigned destination = 2; destination < 4; ++destination)
                for (unsigned port = 80; port < 82; ++port) all.push_back({protocol, source, destination, port});
    return all;
}

class Random {
  public:
    Random(std::uint32_t seed, Dialect platform, Family family) : engine_(seed), platform_(platform), family_(family) {}
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(engine_() % n); }

    std::vector<std::string> list() {
        std::vector<std::string> entries;
        for (std::uint32_t i = 0; i < below(7); ++i) entries.push_back(entry());
        return once(std::move(entries));
    }
    // Another one, mostly by a few edits.
    std::vector<std::string> changed(std::vector<std::string> entries) {
        if (below(5) == 0) return list();
        for (std::uint32_t i = 0; i <= below(4); ++i) {
            std::size_t const at = below(static_cast<std::uint32_t>(entries.size()) + 1);
            auto const place = entries.begin() + static_cast<std::ptrdiff_t>(at);
            switch (below(4)) {
            case 0: entries.insert(place, entry()); break;
            case 1:
                if (place != entries.end()) *place = entry();
                break;
            case 2:
                if (place != entries.end()) entries.erase(place);
                break;
            default:
                if (at + 1 < entries.size()) std::swap(entries[at], entries[below(static_cast<std::uint32_t>(entries.size()))]);
            }
        }
        return once(std::move(entries));
    }
    std::string config(std::vector<std::string> const& entries, std::uint32_t step, bool bound = true) {
        bool const v6 = family_ == Family::v6;
        std::string text;
        if (platform_ == Dialect::cisco_asa) {
            for (std::string const& one : entries) text += "access-list A extended " + one + '\n';
            if (entries.empty()) text += "access-list A extended deny ip any any\n";
            return text + (bound ? "access-group A in interface outside\n" : "");
        }
        text += platform_ == Dialect::cisco_ios ? (v6 ? "ipv6 access-list A\n" : "ip access-list extended A\n")
                : v6                            ? "ipv6 access-list A\n"
                : platform_ == Dialect::cisco_xr ? "ipv4 access-list A\n"
                                                 : "ip access-list A\n";
        for (std::size_t i = 0; i < entries.size(); ++i) {
            std::string const word = platform_ == Dialect::cisco_ios && v6 ? "sequence " : "";
            text += (step == 0 ? " " : " " + word + std::to_string((i + 1) * step) + ' ') + entries[i] + '\n';
        }
        if (!bound) return text;
        std::string const binding = platform_ == Dialect::cisco_xr ? (v6 ? "ipv6 access-group A ingress" : "ipv4 access-group A ingress")
                                    : v6                           ? "ipv6 traffic-filter A in"
                                                                   : "ip access-group A in";
        return text + "interface outside\n " + binding + '\n';
    }

  private:
    // As a device has them.
    static std::vector<std::string> once(std::vector<std::string> entries) {
        std::set<std::string> seen;
        std::erase_if(entries, [&](std::string const& entry) { return !seen.insert(without(entry, " log")).second; });
        return entries;
    }
    std::string entry() {
        std::string const any = family_ == Family::v6 ? "ipv6" : platform_ == Dialect::cisco_xr ? "ipv4" : "ip";
        std::string const protocol = below(3) == 0 ? any : below(2) == 0 ? "tcp" : "udp";
        std::string text = (below(2) == 0 ? "permit " : "deny ") + protocol + ' ' + address(4) + ' ' + address(2);
        if (protocol != any && below(2) == 0) text += " eq " + std::to_string(80 + below(2));
        if (below(8) == 0) text += " log";
        return text;
    }
    std::string address(std::uint32_t hosts) {
        std::uint32_t const value = 2 + below(hosts);
        std::string const base = family_ == Family::v6 ? "2001:db8::" : "192.0.2.";
        switch (below(3)) {
        case 0: return "any";
        case 1: return "host " + base + std::to_string(value);
        default: break;
        }
        std::string const even = base + std::to_string(value & ~1U);
        if (family_ == Family::v6) return even + "/127";
        if (platform_ == Dialect::cisco_ios) return even + " 0.0.0.1";
        if (platform_ == Dialect::cisco_asa) return even + " 255.255.255.254";
        return even + "/31";
    }

    std::mt19937 engine_;
    Dialect platform_;
    Family family_;
};

Ruleset ruleset_of(std::string text, Dialect platform) {
    Sources sources;
    return read(sources, sources.add("test", std::move(text)), platform).ruleset;
}

// What the list lets pass, by the reader and the engine.
PacketSet permitted(Space& space, std::map<std::uint32_t, std::string> const* list, Random& names, Dialect platform) {
    std::vector<std::string> entries;
    if (list)
        for (auto const& [sequence, entry] : *list) entries.push_back(entry);
    Ruleset const ruleset = ruleset_of(names.config(entries, 0), platform);
    return Reach(space, ruleset, space.all()).verdicts(0).accepted;
}

std::vector<std::string> lines_of(std::string const& text) {
    std::istringstream in(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::string update(std::string const& before, std::string const& after, Dialect platform) {
    Writing const written = write_update(ruleset_of(before, platform), ruleset_of(after, platform), platform);
    std::string text;
    for (Finding const& loss : written.losses.all()) text += "lost " + loss.args.at("construct") + ": " + loss.args.at("why") + '\n';
    return text + written.text;
}

} // namespace

TEST_CASE("no moment of an update permits more than the old or the new list, or blocks what both permit") {
    auto const world = small_world();
    for (Dialect const platform : {Dialect::cisco_ios, Dialect::cisco_asa, Dialect::cisco_nxos, Dialect::cisco_xr}) {
        for (Family const family : {Family::v4, Family::v6}) {
            if (platform == Dialect::cisco_asa && family == Family::v6) continue; // the same lists
            std::size_t in_place = 0, states = 0;
            for (std::uint32_t seed = 0; seed < seeds(300); ++seed) {
                Random random(seed, platform, family);
                auto const old_entries = random.list();
                auto const new_entries = random.changed(old_entries);
                constexpr std::array<std::uint32_t, 4> steps{0, 1, 10, 10};
                std::string const before = random.config(old_entries, steps[random.below(4)]);
                std::string const after = random.config(new_entries, steps[random.below(4)]);
                std::string const commands = update(before, after, platform);
                INFO(to_string(platform) << " seed " << seed << "\nbefore\n" << before << "after\n" << after << "commands\n" << commands);
                CHECK_THAT(commands, !Contains("lost"));
                Device device(platform), wanted(platform);
                for (std::string const& line : lines_of(before)) device.run(line);
                for (std::string const& line : lines_of(after)) wanted.run(line);
                bool const empty_passes = platform != Dialect::cisco_asa;
                std::string const place = "outside in";
                auto const passes = [&](Device const& one) {
                    std::vector<bool> result;
                    for (Small const& packet : world) result.push_back(permits(one.list_at(place), packet, empty_passes));
                    return result;
                };
                auto const old_passes = passes(device), new_passes = passes(wanted);
                Space space;
                PacketSet const old_set = permitted(space, device.list_at(place), random, platform);
                PacketSet const new_set = permitted(space, wanted.list_at(place), random, platform);
                for (std::string const& line : lines_of(commands)) {
                    device.run(line);
                    ++states;
                    auto const now = passes(device);
                    for (std::size_t i = 0; i < world.size(); ++i) {
                        if (now[i] && !old_passes[i] && !new_passes[i]) FAIL_CHECK("permits too much after " << line);
                        if (!now[i] && old_passes[i] && new_passes[i]) FAIL_CHECK("blocks after " << line);
                    }
                    if (seed % 4 != 0) continue; // the same for all packets
                    PacketSet const now_set = permitted(space, device.list_at(place), random, platform);
                    CHECK(now_set.subset_of(old_set | new_set));
                    CHECK((old_set & new_set).subset_of(now_set));
                }
                CHECK(passes(device) == new_passes);
                CHECK(permitted(space, device.list_at(place), random, platform) == new_set);
                CHECK(device.lists() == 1);
                in_place += commands.find("A-2") == std::string::npos ? 1 : 0;
            }
            WARN(to_string(platform) << (family == Family::v4 ? " IPv4: " : " IPv6: ") << seeds(300) << " updates, " << in_place
                                     << " in place; " << states << " states");
            if (platform != Dialect::cisco_asa) CHECK(in_place * 2 > seeds(300));
        }
    }
}

TEST_CASE("new entries come before old ones go") {
    CHECK(update("ip access-list extended A\n 10 permit tcp any any eq 80\n 20 permit tcp any any eq 443\n 30 deny ip any any\n",
                 "ip access-list extended A\n permit tcp any any eq 80\n deny tcp host 192.0.2.1 any\n permit tcp any any eq 22\n deny ip any any\n",
                 Dialect::cisco_ios) == "ip access-list extended A\n 16 deny tcp host 192.0.2.1 any\n 23 permit tcp any any eq 22\n no 20\n");
    CHECK(update("ipv6 access-list A\n sequence 10 permit tcp any any\n", "ipv6 access-list A\n permit udp any any\n", Dialect::cisco_ios) ==
          "ipv6 access-list A\n sequence 20 permit udp any any\n no sequence 10\n");
    CHECK(update("ip access-list A\n 1 permit tcp any any\n 2 deny ip any any\n",
                 "ip access-list A\n permit tcp any any\n permit udp any any\n deny ip any any\n", Dialect::cisco_nxos) ==
          "resequence ip access-list A 40 40\nip access-list A\n 60 permit udp any any\n");
    CHECK(update("ip access-list extended A\n permit ip any any\n", "ip access-list extended A\n permit ip any any\n", Dialect::cisco_ios) == "");
}

TEST_CASE("where a list cannot be edited in place, another one takes its place") {
    std::string const bound = "interface Gi0/1\n ip access-group A in\n";
    std::string const web = " permit tcp any any eq 80\n", tls = " permit tcp any any eq 443\n", udp = " permit udp any any\n",
                      all = " permit ip any any\n", list = "ip access-list extended A\n";
    std::string const numbered = list + " 10" + udp + " 20" + web + " 30" + tls;
    // The last entry permits what is gone for a moment.
    CHECK(update(numbered + " 40" + all + bound, list + web + tls + udp + all + bound, Dialect::cisco_ios) == list + " no 10\n 35" + udp);
    CHECK(update(numbered + bound, list + web + tls + udp + bound, Dialect::cisco_ios) ==
          list.substr(0, list.size() - 1) + "-2\n" + web + tls + udp + "interface Gi0/1\n ip access-group A-2 in\nno " + list);
    CHECK_THAT(update("access-list A extended permit tcp any any\naccess-group A in interface outside\n",
                      "access-list A extended permit udp any any\naccess-group A in interface outside\n", Dialect::cisco_asa),
               Catch::Equals("access-list A-2 extended permit udp any any\naccess-group A-2 in interface outside\n"
                             "clear configure access-list A\n"));
    // A list that has lost an interface is left as it is until that one has another.
    CHECK(update("ip access-list extended A\n 10 permit tcp any any\n" + bound,
                 "ip access-list extended A\n permit udp any any\nip access-list extended B\n permit ip any any\n"
                 "interface Gi0/1\n ip access-group B in\n",
                 Dialect::cisco_ios) ==
          "ip access-list extended A-2\n permit udp any any\nip access-list extended B\n permit ip any any\n"
          "interface Gi0/1\n ip access-group B in\nno ip access-list extended A\n");
    CHECK(update("ip access-list extended A\n permit tcp any any\n" + bound + "interface Gi0/2\n ip access-group A in\n",
                 "ip access-list extended A\n permit tcp any any\n" + bound, Dialect::cisco_ios) ==
          "interface Gi0/2\n no ip access-group A in\n");
    // Groups get names that no other has.
    CHECK_THAT(update("object-group network G\n host 192.0.2.1\n host 192.0.2.9\nip access-list extended A\n 10 permit ip object-group G any\n" + bound,
                      "object-group network G\n host 192.0.2.1\n host 192.0.2.8\nip access-list extended A\n permit ip object-group G any\n" + bound,
                      Dialect::cisco_ios),
               Contains("object-group network A-") && Contains("\n 20 permit ip object-group A-") && Contains("no 10\n"));
    CHECK_THAT(update("access-list A extended permit tcp any any\n", "access-list A extended permit udp any any\n", Dialect::cisco_asa),
               Contains("has to be named wherever it is used"));
}
