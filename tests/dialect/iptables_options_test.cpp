// Random rules of all matches that are known, with all of their options: what is written of them is the same.
#include <catch2/catch.hpp>
#include <vector>

#include "grammars/iptables/extensions.hpp"
#include "kernel/random.hpp"
#include "portcullis/dialect/convert.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/dialect/write.hpp"
#include "seeds.hpp"

using namespace portcullis;
using namespace portcullis::iptables;
using kernel::Random;

namespace {

// Values that some option of a shape takes; an option that takes none of them makes a rule that is not read.
std::vector<std::string> values_of(OptionInfo const& option) {
    switch (option.shape) {
    case Shape::none: return {""};
    case Shape::choice:
    case Shape::choices: return {std::string(option.words.substr(0, option.words.find(' '))), std::string(option.words.substr(option.words.rfind(' ') + 1))};
    case Shape::optional_word: return {"", "7"};
    case Shape::two_words: return {"s src", "any INIT", "s dst,src"};
    case Shape::networks: return {"192.0.2.1", "10.0.0.0/8", "10.0.0.1/255.0.0.255", "2001:db8::/32", "host.example"};
    case Shape::port_range: return {"22", "ssh", "1024:65535", ":99"};
    case Shape::port_list: return {"22,80", "1:5,7"};
    case Shape::tcp_flags: return {"SYN,ACK SYN", "ALL NONE", "FIN FIN"};
    case Shape::icmp_type: return {"8", "3/1", "any", "128"};
    case Shape::states: return {"NEW", "INVALID,NEW", "ESTABLISHED,RELATED", "DNAT", "INVALID,SNAT", "INVALID,UNTRACKED", "NEW,ESTABLISHED,RELATED"};
    case Shape::statuses: return {"ASSURED", "NONE", "EXPECTED,CONFIRMED"};
    case Shape::direction: return {"ORIGINAL", "REPLY"};
    case Shape::address_types: return {"LOCAL", "UNICAST", "LOCAL,MULTICAST"};
    case Shape::packet_type: return {"unicast", "broadcast"};
    case Shape::address_range: return {"192.0.2.1-192.0.2.9", "2001:db8::1-2001:db8::9"};
    case Shape::number: return {std::to_string(option.least), "1", "5", "0x10"};
    case Shape::number_range: return {"5", "5:9", ":7"};
    case Shape::masked_number: return {"0x1", "0x1/0xff", "0"};
    case Shape::mac: return {"00:00:5e:00:53:01"};
    default: return {"abc", "5", "0-9", "1/second", "bm", "EF", "0x10/0x3f", "hop,frag", "eth+", "08:00:00", "\"a b\"", "\"0=1\"", "2001:db8::1"};
    }
}

std::string option_text(OptionInfo const& option, Random& random) {
    std::string const value = random.of(values_of(option));
    return std::string(option.has(OptionInfo::negatable) && random.chance(30) ? " ! --" : " --") + std::string(option.name) + (value.empty() ? "" : ' ' + value);
}

std::string match_text(Extension const& extension, Random& random) {
    std::string text = " -m " + std::string(extension.name);
    std::size_t const wanted = 1 + random.below(3);
    std::size_t const first = random.below(extension.options.size());
    for (std::size_t i = 0; i < extension.options.size(); ++i) {
        OptionInfo const& option = extension.options[(first + i) % extension.options.size()];
        if (option.has(OptionInfo::required) || random.below(extension.options.size()) < wanted) text += option_text(option, random);
    }
    return text;
}

// One to three matches, often of one kind.
std::string rule_text(std::vector<Extension const*> const& matches, Random& random) {
    constexpr std::string_view chains[] = {"INPUT", "FORWARD", "OUTPUT"};
    Extension const& first = *random.of(matches);
    Extension const& second = random.chance(50) ? first : *random.of(matches);
    std::string text = "-A " + std::string(chains[random.below(3)]);
    unsigned const protocol = first.protocol != 0 ? first.protocol : second.protocol != 0 ? second.protocol : random.chance(30) ? 6 : 0;
    if (protocol != 0) text += " -p " + std::to_string(protocol);
    text += match_text(first, random);
    if (random.chance(70)) text += match_text(second, random);
    if (random.chance(10)) text += " -m no_such_match --ct 5";
    if (random.chance(20)) text += match_text(*random.of(matches), random);
    return text + (random.chance(50) ? " -j ACCEPT" : " -j REJECT");
}

} // namespace

TEST_CASE("random options of all matches are written as they were, or the loss is told") {
    std::uint32_t written = 0, lossy = 0, refused = 0;
    std::vector<Extension const*> matches;
    for (Extension const& extension : all_extensions())
        if (extension.role == Role::match && !extension.options.empty()) matches.push_back(&extension);
    for (std::uint32_t seed = 0; seed < seeds(6000); ++seed) {
        Random random(seed);
        Family const family = random.chance(50) ? Family::v4 : Family::v6;
        Dialect const dialect = family == Family::v4 ? Dialect::iptables : Dialect::ip6tables;
        std::string const rule = rule_text(matches, random);
        Sources sources;
        Reading const before = read(sources, sources.add("before", "*filter\n:INPUT DROP [0:0]\n" + rule + "\nCOMMIT\n"), dialect);
        if (before.ruleset.chains.empty() || rule_count(before.ruleset) == 0) {
            ++refused;
            continue;
        }
        Writing const once = write_iptables(before.ruleset, family);
        Reading const after = read(sources, sources.add("after", once.text), dialect);
        if (!once.losses.empty()) {
            ++lossy;
            continue;
        }
        ++written;
        INFO("seed " << seed << ", " << to_string(dialect) << '\n' << rule << '\n' << once.text);
        CHECK(write_iptables(after.ruleset, family).text == once.text);
        // "Not this TOS" is a chain that returns first, and "any SPI" is not said.
        if (!same_meaning(before.ruleset, after.ruleset)) CHECK(convert(sources, before.ruleset, dialect).equal());
    }
    WARN(written << " rules written, " << lossy << " lossy, " << refused << " refused");
    CHECK(written > 0);
}
