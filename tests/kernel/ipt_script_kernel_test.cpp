// Scripts against the machine: a script is run in a network namespace of its own, and what iptables-save then
// prints has to mean what the script was read to mean. Nothing runs but iptables: the scripts are these, and those
// of the corpus that consist of nothing else. Skipped without root.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <unistd.h>

#include "portcullis/dialect/read.hpp"
#include "portcullis/engine/path.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

constexpr char const* scripts[] = {
    // The order of -I, and rules by number and by their text.
    R"sh(
iptables -P INPUT DROP
iptables -A INPUT -p tcp --dport 22 -j ACCEPT
iptables -I INPUT -i lo -j ACCEPT
iptables -I INPUT 2 -p udp --dport 53 -j ACCEPT
iptables -R INPUT 3 -p tcp --dport 2222 -j ACCEPT
iptables -A INPUT -s 192.0.2.0/24 -j DROP
iptables -A INPUT -s 198.51.100.0/24 -j DROP
iptables -D INPUT -j DROP -s 192.0.2.0/24
iptables -D INPUT 1
)sh",
    // Chains that come, are renamed and go; what fails changes nothing.
    R"sh(
iptables -N a
iptables -N b
iptables -N a
iptables -A a -p tcp -j RETURN
iptables -A FORWARD -j a
iptables -X a
iptables -F b
iptables -X b
iptables -A FORWARD -j b
iptables -N c
iptables -E c d
iptables -A d -p udp -j DROP
iptables -A FORWARD -g d
iptables -P FORWARD REJECT
iptables -P FORWARD DROP
iptables -F missing
iptables -Z
)sh",
    // Variables, loops, functions, conditions.
    R"sh(
IPT="iptables -w"
NETS="192.0.2.0/24 198.51.100.0/24"
SSH=${SSH_PORT:-22}
allow() {
    proto=$1; shift
    for port in "$@"; do
        $IPT -A INPUT -p "$proto" --dport "$port" -j ACCEPT
    done
}
for net in $NETS; do
    for hook in INPUT FORWARD; do $IPT -A $hook -s $net -j DROP; done
done
allow tcp $SSH 80 443
allow udp 53
if [ "$SSH" = 22 ] && [ -n "$NETS" ]; then
    $IPT -A INPUT -p icmp -j ACCEPT
else
    $IPT -A INPUT -j ACCEPT
fi
case $SSH in
    2*) $IPT -A OUTPUT -p tcp --sport 22 -j ACCEPT ;;
    *) $IPT -A OUTPUT -j DROP ;;
esac
$IPT -C INPUT -p icmp -j ACCEPT || $IPT -A INPUT -p icmp -j DROP
$IPT -C INPUT -p gre -j ACCEPT || $IPT -A INPUT -p gre -j DROP
i=0
while [ $i -lt 1 ]; do i=1; $IPT -A FORWARD -p ah -j DROP; done
( NETS=; [ -z "$NETS" ] && $IPT -A FORWARD -p esp -j DROP )
[ -z "$NETS" ] || iptables -t nat -A POSTROUTING -o eth+ -j MASQUERADE
)sh",
    // Both families, and a here-document.
    R"sh(
for ipt in iptables ip6tables; do
    $ipt -P INPUT DROP
    $ipt -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
done
ip6tables -A INPUT -p ipv6-icmp -j ACCEPT
iptables -A INPUT -p icmp --icmp-type echo-request -j ACCEPT
PORT=443
iptables-restore --noflush <<EOF
*filter
-A INPUT -p tcp --dport $PORT -j ACCEPT
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp --dport 80 -j MARK --set-mark 0x1
COMMIT
EOF
ip6tables-restore <<'EOF'
*filter
:INPUT DROP [0:0]
-A INPUT -s 2001:db8::/32 -j ACCEPT
COMMIT
EOF
)sh",
    // A flush of everything, and quotes.
    R"sh(
iptables -A INPUT -j DROP
iptables -N old
iptables -A INPUT -j old
iptables -F && iptables -X
iptables -A INPUT -p tcp --dport 80 -m comment --comment "the 'web' \"server\"" -j ACCEPT -t filter
iptables -A INPUT ! -s 192.0.2.0/24 ! -i lo -p tcp -m multiport --dports 1,2:5 \
    -j DROP
)sh",
};

std::string output_of(std::string const& command) {
    std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    std::string text;
    std::array<char, 4096> buffer{};
    while (std::size_t const n = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
        text.append(buffer.data(), n);
    return text;
}

// What stands in a new network namespace after the script: for IPv4, and for IPv6.
std::pair<std::string, std::string> saved_after(std::string const& script) {
    fs::path const file = fs::temp_directory_path() / ("portcullis-script-" + std::to_string(getpid()));
    std::ofstream(file) << script;
    std::string const all = output_of("unshare -n /bin/sh -c 'PATH=/usr/sbin:/sbin; /bin/sh " + file.string() +
                                      " >/dev/null 2>&1; iptables-save; echo =; ip6tables-save'");
    fs::remove(file);
    std::size_t const middle = all.find("\n=\n");
    if (middle == all.npos) return {"", all.substr(std::min<std::size_t>(2, all.size()))};
    return {all.substr(0, middle + 1), all.substr(middle + 3)};
}

// The chains that do something, each with its rules in a form in which the order of their options does not matter.
std::map<std::string, std::string> effect_of(Ruleset const& ruleset, std::string const& family) {
    std::map<std::string, std::string> chains;
    for (Chain const& chain : ruleset.chains) {
        std::string const title = chain.title();
        bool const is_v6 = title.starts_with("ip6 ") || (!ruleset.governs_v4 && ruleset.governs_v6);
        if (is_v6 != (family == "ip6")) continue;
        std::string text = to_text(chain.policy, ruleset) + '\n';
        for (Rule const& rule : chain.rules) {
            std::vector<std::string> parts;
            for (Term const& term : rule.match.terms) parts.push_back(to_text(Match{{term}, {}, {}}));
            for (auto const& either : rule.match.alternatives) parts.push_back(to_text(Match{{}, {either}, {}}));
            for (Opaque const& opaque : rule.match.opaque) parts.push_back(to_text(Match{{}, {}, {opaque}}));
            std::sort(parts.begin(), parts.end());
            for (std::string const& part : parts) text += part + "; ";
            text += to_text(rule.verdict, ruleset) + ' ' + rule.comment;
            for (std::string const& set : rule.effects.sets) text += " [" + set + ']';
            text += '\n';
        }
        bool const idle = chain.hook && text == "accept\n";
        if (!idle) chains[title.starts_with("ip6 ") ? title.substr(4) : title] = text;
    }
    return chains;
}

std::string listing(std::map<std::string, std::string> const& chains) {
    std::string text;
    for (auto const& [title, rules] : chains) text += title + ": " + rules;
    return text;
}

Ruleset read_text(std::string const& text, Dialect dialect) {
    Sources sources;
    SourceId const id = sources.add("text", text);
    return read(sources, id, dialect).ruleset;
}

bool can_run() { return std::system("unshare -n /usr/sbin/iptables -S >/dev/null 2>&1") == 0; }

// The texts of matches that are not modelled are the script's own, and iptables-save has other words for the same.
bool is_modelled(std::string const& script) {
    return modelled_share(read_text(script, Dialect::iptables_script)) == 1.0;
}

void compare(std::string const& script) {
    auto const [v4, v6] = saved_after(script);
    Ruleset const read = read_text(script, Dialect::iptables_script);
    INFO(script);
    INFO("iptables-save:\n" << v4 << "\nip6tables-save:\n" << v6);
    INFO(to_text(read));
    CHECK(listing(effect_of(read, "ip")) == listing(effect_of(read_text(v4, Dialect::iptables), "ip")));
    CHECK(listing(effect_of(read, "ip6")) == listing(effect_of(read_text(v6, Dialect::ip6tables), "ip6")));
}

// Whether a script is nothing but plain commands of iptables, so that it may be run.
bool is_plain(std::string const& text) {
    if (text.find_first_of("$`|;&<>(){}\r") != text.npos) return false;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::string const word = line.substr(0, line.find(' '));
        if (!line.empty() && word != "iptables" && word != "ip6tables" && !word.starts_with('#')) return false;
        // Names of hosts would be asked for, and lists are several rules in what is saved.
        if (line.find(".example") != line.npos) return false;
    }
    return true;
}

} // namespace

TEST_CASE("a script leaves the tables that it is read to leave") {
    if (!can_run()) {
        WARN("skipped: iptables cannot be run in a network namespace here");
        return;
    }
    for (char const* const script : scripts) compare(script);
}

TEST_CASE("plain scripts of the corpus leave the tables that they are read to leave") {
    fs::path const corpus = fs::path(PORTCULLIS_ROOT).parent_path() / "shared/corpus/iptables-script";
    if (!can_run() || !fs::is_directory(corpus)) {
        WARN("skipped: no iptables here, or no " << corpus.string());
        return;
    }
    std::size_t compared = 0;
    for (auto const& entry : fs::recursive_directory_iterator(corpus)) {
        if (!entry.is_regular_file()) continue;
        std::ifstream in(entry.path(), std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        if (!is_plain(text.str()) || !is_modelled(text.str())) continue;
        INFO(entry.path());
        compare(text.str());
        ++compared;
    }
    WARN(compared << " scripts of the corpus compared");
    CHECK(compared > 0);
}
