// What loader and kernel demand besides the syntax: where the built-in chains hang, which extension works where,
// and which of an extension's options need, or exclude, each other. Tables, from the xt_match and xt_target
// structures (hooks, table, checkentry) and from the final checks of the shared objects.
#include <algorithm>
#include <cstdlib>

#include "dialect/iptables_rule_reader.hpp"
#include "dialect/rate_units.hpp"

namespace portcullis::iptables {
namespace {

struct Builtin {
    std::string_view table;
    std::string_view chain;
    HookPoint point;
    ChainType type;
    int priority;
};

// enum nf_ip_hook_priorities; ip6tables has the same. The mangle table's OUTPUT routes again what it has changed.
constexpr Builtin builtins[] = {
    {"raw", "PREROUTING", HookPoint::prerouting, ChainType::filter, -300},
    {"raw", "OUTPUT", HookPoint::output, ChainType::filter, -300},
    {"mangle", "PREROUTING", HookPoint::prerouting, ChainType::filter, -150},
    {"mangle", "INPUT", HookPoint::input, ChainType::filter, -150},
    {"mangle", "FORWARD", HookPoint::forward, ChainType::filter, -150},
    {"mangle", "OUTPUT", HookPoint::output, ChainType::route, -150},
    {"mangle", "POSTROUTING", HookPoint::postrouting, ChainType::filter, -150},
    {"nat", "PREROUTING", HookPoint::prerouting, ChainType::nat, -100},
    {"nat", "INPUT", HookPoint::input, ChainType::nat, 100},
    {"nat", "OUTPUT", HookPoint::output, ChainType::nat, -100},
    {"nat", "POSTROUTING", HookPoint::postrouting, ChainType::nat, 100},
    {"filter", "INPUT", HookPoint::input, ChainType::filter, 0},
    {"filter", "FORWARD", HookPoint::forward, ChainType::filter, 0},
    {"filter", "OUTPUT", HookPoint::output, ChainType::filter, 0},
    {"security", "INPUT", HookPoint::input, ChainType::filter, 50},
    {"security", "FORWARD", HookPoint::forward, ChainType::filter, 50},
    {"security", "OUTPUT", HookPoint::output, ChainType::filter, 50},
};

constexpr std::uint8_t at(HookPoint point) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(point)); }
constexpr std::uint8_t pre = at(HookPoint::prerouting), in = at(HookPoint::input), fwd = at(HookPoint::forward),
                       out = at(HookPoint::output), post = at(HookPoint::postrouting);

// Where an extension, or one of its options, works.
struct Works {
    std::string_view extension;
    std::string_view option; // empty: the extension
    std::uint8_t hooks;
};
constexpr Works works[] = {
    {"mac", "", pre | in | fwd},
    {"eui64", "", pre | in | fwd},
    {"owner", "", out | post},
    {"realm", "", in | fwd | out | post},
    {"cgroup", "", in | out | post},
    {"socket", "", pre | in},
    {"rpfilter", "", pre},
    {"devgroup", "src-group", pre | in | fwd},
    {"devgroup", "dst-group", fwd | out | post},
    {"addrtype", "limit-iface-in", pre | in | fwd},
    {"addrtype", "limit-iface-out", fwd | out | post},
    {"CLASSIFY", "", fwd | out | post},
    {"SYNPROXY", "", in | fwd},
    {"SNPT", "", in | post},
    {"DNPT", "", pre | out},
    {"TCPMSS", "clamp-mss-to-pmtu", fwd | out | post},
};

// Options, with blanks between, one of which has to be there; where `given` is.
struct Demand {
    std::string_view extension;
    std::string_view given; // empty: always
    std::string_view one_of;
};
constexpr Demand demands[] = {
    {"addrtype", "", "src-type dst-type"},
    {"hashlimit", "", "hashlimit hashlimit-upto hashlimit-above"},
    {"owner", "", "uid-owner gid-owner socket-exists pid-owner sid-owner cmd-owner"},
    {"owner", "suppl-groups", "gid-owner"},
    {"statistic", "every", "packet"},
    {"connlimit", "", "connlimit-upto connlimit-above"},
    {"recent", "", "set rcheck update remove"},
    {"recent", "reap", "seconds"},
};

// Options that exclude each other.
struct Exclusion {
    std::string_view extension;
    std::string_view option;
    std::string_view other;
    bool unless_zero = false; // a number of 0 is as good as none
};
constexpr Exclusion exclusions[] = {
    {"HMARK", "hmark-spi-mask", "hmark-sport-mask"},
    {"HMARK", "hmark-spi-mask", "hmark-dport-mask"},
    {"HMARK", "hmark-spi", "hmark-sport"},
    {"HMARK", "hmark-spi", "hmark-dport"},
    {"recent", "set", "seconds"},
    {"recent", "set", "hitcount", true},
    {"recent", "set", "rttl"},
    {"recent", "remove", "seconds"},
    {"recent", "remove", "hitcount", true},
    {"recent", "remove", "rttl"},
};

// libxt_limit.c and libxt_hashlimit.c, parse_rate: how long one packet takes, in parts of a second, is neither endless nor 0.
bool is_rate(std::string const& text, std::uint64_t parts, std::uint64_t count) {
    std::size_t const slash = text.find('/');
    std::uint64_t seconds = 1;
    if (slash != std::string::npos) {
        RateUnit const* const unit = rate_unit_that_begins(lower_case(text.substr(slash + 1)));
        if (unit == nullptr) return false;
        seconds = unit->seconds;
    }
    return count != 0 && count <= parts * seconds;
}

// What is not a number to atoi is cut off there, and what is too large for 32 bits is cut too.
bool is_limit_rate(std::string const& text) {
    return is_rate(text, 10'000, static_cast<std::uint32_t>(std::strtol(text.c_str(), nullptr, 10)));
}

bool is_hashlimit_rate(std::string const& text) {
    bool const bytes = lower_case(text.substr(0, text.find('/'))).find('b') != std::string::npos;
    return bytes || is_rate(text, 1'000'000, std::strtoull(text.c_str(), nullptr, 10));
}

// libxt_time.c, time_parse_minutes: what strtoul takes, with what is left out as 0.
bool is_time_of_day(std::string const& text) {
    char const* at = text.c_str();
    auto const take = [&](unsigned most) {
        char* end = nullptr;
        bool const fits = static_cast<unsigned>(std::strtoul(at, &end, 10)) <= most;
        at = end;
        return fits;
    };
    if (!take(23) || *at != ':') return false;
    ++at;
    if (!take(59) || (*at != ':' && *at != '\0')) return false;
    if (*at == '\0') return true;
    ++at;
    return take(59) && *at == '\0';
}

bool is_zone(std::string const& text) { return text == "mark" || masked_number(text, 0xffff).has_value(); }

// ip6t_NPT.c: at most 64 bits, and none set behind them.
bool is_translatable_prefix(std::string const& text) {
    auto const prefix = parse_prefix(text);
    return prefix && prefix->ip.family == Family::v6 && prefix->length <= 64 && !prefix->has_host_bits();
}

// Options whose values are words of a kind of their own.
struct ValueCheck {
    std::string_view extension;
    std::string_view option;
    bool (*is_good)(std::string const&);
    std::string_view wanted;
};
constexpr ValueCheck value_checks[] = {
    {"CT", "zone", is_zone, "a number up to 65535, or 'mark'"},
    {"CT", "zone-orig", is_zone, "a number up to 65535, or 'mark'"},
    {"CT", "zone-reply", is_zone, "a number up to 65535, or 'mark'"},
    {"SNPT", "src-pfx", is_translatable_prefix, "an IPv6 prefix of at most 64 bits"},
    {"SNPT", "dst-pfx", is_translatable_prefix, "an IPv6 prefix of at most 64 bits"},
    {"DNPT", "src-pfx", is_translatable_prefix, "an IPv6 prefix of at most 64 bits"},
    {"DNPT", "dst-pfx", is_translatable_prefix, "an IPv6 prefix of at most 64 bits"},
    {"limit", "limit", is_limit_rate, "a rate up to 10000/second"},
    {"hashlimit", "hashlimit", is_hashlimit_rate, "a rate up to 1000000/second"},
    {"hashlimit", "hashlimit-upto", is_hashlimit_rate, "a rate up to 1000000/second"},
    {"hashlimit", "hashlimit-above", is_hashlimit_rate, "a rate up to 1000000/second"},
    {"time", "timestart", is_time_of_day, "a time up to 23:59:59"},
    {"time", "timestop", is_time_of_day, "a time up to 23:59:59"},
};

// The options of one of a rule's extensions.
struct Own {
    std::span<Option const> options;
    std::size_t instance;
};

Option const* given(Own own, std::string_view name) {
    auto const found = std::ranges::find_if(
        own.options, [&](Option const& o) { return o.instance == own.instance && o.info->name == name; });
    return found == own.options.end() ? nullptr : &*found;
}

// Whether a table above has a row for it; most have none.
bool is_checked(Extension const& extension) {
    static auto const checked = [] {
        std::vector<bool> all;
        for (Extension const& each : all_extensions()) {
            auto const has_row = [&](auto const& table) {
                return std::ranges::any_of(table, [&](auto const& row) { return row.extension == each.name; });
            };
            all.push_back(has_row(works) || has_row(demands) || has_row(exclusions) || has_row(value_checks));
        }
        return all;
    }();
    return checked[static_cast<std::size_t>(&extension - all_extensions().data())];
}

// Calls use(word) for each until it says true.
template <class Use> bool any_word(std::string_view words, Use use) {
    while (!words.empty()) {
        std::size_t const end = std::min(words.find(' '), words.size());
        if (use(words.substr(0, end))) return true;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return false;
}

std::string dashed(std::string_view words) {
    std::string text;
    any_word(words, [&](std::string_view word) {
        text += (text.empty() ? "'--" : " or '--") + std::string(word) + '\'';
        return false;
    });
    return text;
}

std::string misplaced(Loaded const& loaded, Own own, Place const& place) {
    Programs const here = place.family == Family::v4 ? Programs::iptables : Programs::ip6tables;
    Programs const programs = loaded.extension->programs;
    if (programs != Programs::both && programs != here)
        return quote(loaded.name) + " is not for " + (place.family == Family::v4 ? "iptables" : "ip6tables");
    if (!place.hook || !is_checked(*loaded.extension)) return {};
    for (Works const& row : works) {
        if (row.extension != loaded.extension->name || (row.hooks & at(*place.hook)) != 0) continue;
        if (row.option.empty()) return quote(row.extension) + " does not work in " + std::string(place.chain);
        if (given(own, row.option) != nullptr)
            return "'--" + std::string(row.option) + "' does not work in " + std::string(place.chain);
    }
    return {};
}

} // namespace

std::string problem_of(Loaded const& loaded, std::span<Option const> options, std::size_t instance,
                       Place const& place) {
    Own const own{options, instance};
    if (std::string problem = misplaced(loaded, own, place); !problem.empty()) return problem;
    if (!is_checked(*loaded.extension)) return {};
    for (Demand const& row : demands) {
        if (row.extension != loaded.extension->name) continue;
        if (!row.given.empty() && given(own, row.given) == nullptr) continue;
        if (any_word(row.one_of, [&](std::string_view word) { return given(own, word) != nullptr; })) continue;
        std::string const what = row.given.empty() ? quote(row.extension) : "'--" + std::string(row.given) + '\'';
        return what + " needs " + dashed(row.one_of);
    }
    for (ValueCheck const& row : value_checks) {
        Option const* const option = row.extension == loaded.extension->name ? given(own, row.option) : nullptr;
        if (option == nullptr || row.is_good(std::get<Word>(option->value).plain())) continue;
        return "'--" + std::string(row.option) + "' needs " + std::string(row.wanted) + ", found " +
               quote(std::get<Word>(option->value).plain());
    }
    for (Exclusion const& row : exclusions) {
        if (row.extension != loaded.extension->name || given(own, row.option) == nullptr) continue;
        Option const* const other = given(own, row.other);
        auto const* const number = other == nullptr ? nullptr : std::get_if<NumberRange>(&other->value);
        bool const zero = number != nullptr && number->last == 0;
        if (other != nullptr && !(zero && row.unless_zero))
            return "'--" + std::string(row.option) + "' cannot be used together with '--" + std::string(row.other) +
                   '\'';
    }
    return {};
}

std::optional<Hook> builtin_hook(std::string_view table, std::string_view name, Family family) {
    auto const found =
        std::ranges::find_if(builtins, [&](Builtin const& b) { return b.table == table && b.chain == name; });
    if (found == std::end(builtins)) return std::nullopt;
    return Hook{found->point, found->type, found->priority, family == Family::v4, family == Family::v6, {}};
}

bool is_table(std::string_view name) {
    return std::ranges::find(builtins, name, &Builtin::table) != std::end(builtins);
}

} // namespace portcullis::iptables
