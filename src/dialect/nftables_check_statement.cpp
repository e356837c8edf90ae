// The statements that are neither matches nor verdicts, and the hooks of base chains: what nft and the kernel ask
// of their words and numbers.
#include <algorithm>
#include <fmt/format.h>

#include "dialect/nftables_check.hpp"

namespace portcullis::nft {
namespace {

using Kind = ast::Expr::Kind;
using ast::Action;
using P = ast::Part::Kind;
using TableFamily = ast::TableFamily;
using Words = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view word, Words words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::optional<U128> number_of(ast::Expr const* expr) {
    bool const none = expr == nullptr || expr->kind != Kind::value || !problem_of_number(expr->text).empty();
    return none ? std::nullopt : parse_c_number(expr->text);
}

// What a quota counts up to; of what is beyond 64 bits nft keeps the rest.
std::optional<std::uint64_t> bytes_of(Action const& action, P number, P unit) {
    std::optional<U128> const count = number_of(action.find(number));
    if (!count) return std::nullopt;
    ast::Expr const* const written = action.find(unit);
    std::string_view const name = written == nullptr ? "bytes" : written->text;
    return static_cast<std::uint64_t>(*count) << (name == "mbytes" ? 20U : name == "kbytes" ? 10U : 0U);
}

// nft(8), "LIMIT STATEMENT" and "QUOTA STATEMENT".
bool is_byte_unit(std::string_view unit) { return is_one_of(unit, {"bytes", "kbytes", "mbytes"}); }
bool is_time_unit(std::string_view unit) { return is_one_of(unit, {"second", "minute", "hour", "day", "week"}); }

std::string_view family_name(TableFamily family) {
    switch (family) {
    case TableFamily::ip: return "ip";
    case TableFamily::ip6: return "ip6";
    case TableFamily::inet: return "inet";
    case TableFamily::arp: return "arp";
    case TableFamily::bridge: return "bridge";
    case TableFamily::netdev: return "netdev";
    }
    return {};
}

} // namespace

void Checker::check_number(Action const& action, P part) {
    ast::Expr const* const written = action.find(part);
    if (written == nullptr) return;
    Time time = scope_->time;
    ast::Expr const* const found = resolve(*written, time);
    if (found == nullptr || number_of(found)) return;
    error(written->span, found->kind == Kind::value ? problem_of_number(found->text) : fmt::format("'{}' is not a number", found->text));
}

// "name" of a counter, limit, quota or synproxy: an object of the table, or a map that yields one.
void Checker::check_object(Action const& action, std::string_view kind) {
    ast::Expr const* const name = action.find(P::name);
    if (name == nullptr) return;
    Time time = scope_->time;
    ast::Expr const* const found = resolve(*name, time);
    if (found == nullptr) return;
    if (found->kind == Kind::map) {
        Shape const key = look(found->parts[0]);
        lookup_objects(found->parts[1], key, kind);
    } else if (!scope_->objects->contains({std::string(kind), std::string(found->text)})) {
        undefined(kind, found->text, found->span);
    }
}

void Checker::check_limit(Action const& action) {
    check_object(action, "limit");
    check_number(action, P::rate);
    check_number(action, P::burst);
    std::optional<U128> const rate = number_of(action.find(P::rate));
    if (rate && *rate == 0) error(action.find(P::rate)->span, "a rate of 0 limits nothing");
    bool bytes = false;
    bool timed = false;
    for (ast::Part const& part : action.parts) { // "mbytes/second" is one word, "10/second" are two
        if (part.kind != P::unit) continue;
        std::string_view rest = part.value.text;
        while (!rest.empty()) {
            std::string_view const unit = rest.substr(0, rest.find('/'));
            rest.remove_prefix(std::min(unit.size() + 1, rest.size()));
            if (is_time_unit(unit) && !timed)
                timed = true;
            else if (is_byte_unit(unit) && !timed && !bytes)
                bytes = true;
            else {
                error(part.value.span, fmt::format("'{}' is no unit of a rate: second, minute, hour, day or week, "
                                                   "and bytes, kbytes or mbytes before it",
                                                   unit));
                return;
            }
        }
    }
    if (action.find(P::rate) != nullptr && !timed) error(span_, "the rate lacks its unit of time");
    ast::Expr const* const unit = action.find(P::burst_unit);
    if (unit != nullptr && (bytes ? !is_byte_unit(unit->text) : unit->text != "packets"))
        error(unit->span,
              fmt::format("a burst is told in {}, not in '{}'", bytes ? "bytes" : "packets", unit->text));
    std::optional<U128> const burst = number_of(action.find(P::burst));
    if (burst && *burst == 0 && !bytes) error(action.find(P::burst)->span, "a burst has at least 1 packet");
    // nft_limit.c adds up both, in 64 bits; 32 are kept of a burst, and 5 packets are one that is not written.
    if (rate && !bytes && *rate + static_cast<std::uint32_t>(burst.value_or(5)) > ~std::uint64_t{0})
        error(action.find(P::rate)->span, "rate and burst together are more than 64 bits hold");
}

void Checker::check_quota(Action const& action) {
    check_object(action, "quota");
    check_number(action, P::bytes);
    check_number(action, P::used);
    for (P const part : {P::unit, P::used_unit})
        if (ast::Expr const* const unit = action.find(part); unit != nullptr && !is_byte_unit(unit->text))
            error(unit->span, fmt::format("a quota is told in bytes, kbytes or mbytes, not in '{}'", unit->text));
    // nft_quota.c
    std::optional<std::uint64_t> const bytes = bytes_of(action, P::bytes, P::unit);
    std::optional<std::uint64_t> const used = bytes_of(action, P::used, P::used_unit);
    if (bytes && *bytes > ~std::uint64_t{0} >> 1U)
        error(action.find(P::bytes)->span, "a quota has at most 9223372036854775807 bytes");
    if (bytes && used && *used > *bytes) error(action.find(P::used)->span, "more than the quota is used");
}

void Checker::check_log(Action const& action) {
    ast::Expr const* const level = action.find(P::level);
    ast::Expr const* const group = action.find(P::group);
    Time time = scope_->time;
    if (ast::Expr const* const word = level == nullptr ? nullptr : resolve(*level, time)) {
        if (!is_one_of(word->text, {"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit"}))
            error(level->span, fmt::format("'{}' is not a log level", word->text));
        else if (word->text == "audit" && action.parts.size() > 1)
            error(level->span, "log level audit takes no other options");
    }
    if (group != nullptr && level != nullptr) error(level->span, "log takes a level or a group, not both");
    if (group != nullptr && action.find(P::flags) != nullptr)
        error(group->span, "log takes flags or a group, not both");
    check_number(action, P::group);
    check_number(action, P::amount);
    ast::Expr const* const prefix = action.find(P::prefix);
    time = scope_->time;
    ast::Expr const* const text = prefix == nullptr ? nullptr : resolve(*prefix, time);
    constexpr std::size_t limit = 127; // NF_LOG_PREFIXLEN, with its zero
    if (text != nullptr && text->text.size() > limit)
        error(prefix->span, fmt::format("a log prefix has at most {} characters", limit));
}

void Checker::check_reject(Action const& action) {
    std::string_view const network = protocols_.network();
    bool const one_family = scope_->family == TableFamily::ip || scope_->family == TableFamily::ip6;
    if (scope_->family == TableFamily::arp || network == "arp") {
        error(span_, "there is no answer to arp that a reject could give");
        return;
    }
    if (action.answer == "tcp" && protocols_.has_transport() && !protocols_.only_transport("tcp")) {
        error(span_, "a tcp reset answers tcp only, and the rule asks for another protocol");
        return;
    }
    if (action.answer == "icmpx" && one_family) {
        error(span_, fmt::format("icmpx is for tables of both families; in {} it is {}", network,
                                 network == "ip" ? "icmp" : "icmpv6"));
        return;
    }
    std::string_view const needed = action.answer == "icmp" ? "ip" : action.answer == "icmpv6" ? "ip6" : "";
    if (!needed.empty() && !network.empty() && network != needed) {
        error(span_, fmt::format("{} answers {} only, and this is {}", action.answer, needed, network));
        return;
    }
    ast::Expr const* const code = action.find(P::code);
    if (code == nullptr) return;
    Type const type = action.answer == "icmp"     ? Type::icmp_code
                      : action.answer == "icmpv6" ? Type::icmpv6_code
                                                  : Type::icmpx_code;
    Time time = scope_->time;
    ast::Expr const* const word = resolve(*code, time);
    if (word != nullptr && !parse_c_number(word->text)) constant(*word, {type, 8}, time);
}

void Checker::check_queue(Action const& action) {
    constexpr Typed queue_number{Type::number, 16};
    ast::Expr const* const number = action.find(P::queue);
    ast::Expr const* const target = action.find(P::target);
    ast::Expr const* const written = number != nullptr ? number : target;
    if (written == nullptr) return;
    Time time = scope_->time;
    ast::Expr const* const found = resolve(*written, time);
    if (found == nullptr) return;
    if (action.fanout && found->kind != Kind::range) error(written->span, "fanout needs a range of queues");
    if (found->kind == Kind::map && target != nullptr) {
        lookup_values(*found, {queue_number});
    } else if (found->kind == Kind::computed && target != nullptr) {
        look(*found);
        std::vector<std::string_view> const words = words_of(found->text);
        auto const after = [&](std::string_view word) -> U128 {
            auto const at = std::find(words.begin(), words.end(), word);
            return words.end() - at > 1 ? parse_c_number(at[1]).value_or(0) : 0;
        };
        if (after("mod") + after("offset") > 65536) error(written->span, "a queue has a number of at most 65535");
    } else if (is_computed(*found, time)) {
        error(written->span, "the number of a queue is a number, a range, a map, numgen, jhash or symhash");
    } else {
        constant(*found, queue_number, time);
    }
}

// dup to, fwd to: an address where packets are routed, a device where they are frames.
void Checker::check_copy(Action const& action) {
    bool const frames = scope_->family == TableFamily::netdev;
    bool const packets = scope_->family == TableFamily::ip || scope_->family == TableFamily::ip6;
    if (action.kind == Action::Kind::fwd ? !frames : !frames && !packets) {
        error(span_, fmt::format("a table of family {} has no '{}'", family_name(scope_->family),
                                 action.kind == Action::Kind::fwd ? "fwd" : "dup"));
        return;
    }
    Typed type = scope_->family == TableFamily::ip6 ? Typed{Type::ipv6, 128} : Typed{Type::ipv4, 32};
    if (frames) type = {Type::interface_index, 32};
    if (action.family) type = action.family == TableFamily::ip ? Typed{Type::ipv4, 32} : Typed{Type::ipv6, 128};
    if (ast::Expr const* const target = action.find(P::target)) lookup_values(*target, {type});
    if (ast::Expr const* const device = action.find(P::device))
        lookup_values(*device, {{Type::interface_index, 32}});
}

void Checker::check_tproxy(Action const& action) {
    std::string_view const network = protocols_.network();
    if (scope_->family != TableFamily::ip && scope_->family != TableFamily::ip6 &&
        scope_->family != TableFamily::inet) {
        error(span_, fmt::format("a table of family {} has no 'tproxy'", family_name(scope_->family)));
        return;
    }
    ast::Expr const* const target = action.find(P::target);
    std::string_view const written = action.family ? family_name(*action.family) : network;
    if (action.family && !network.empty() && written != network) {
        error(span_,
              fmt::format("the rule asks for {} before: tproxy for {} sees no packet of it", network, written));
        return;
    }
    if (!protocols_.has_transport()) {
        error(span_, "tproxy needs a match on the transport protocol before, such as 'meta l4proto tcp'");
        return;
    }
    if (target != nullptr && !action.family && scope_->family == TableFamily::inet) {
        error(span_, "nothing says whether this is for IPv4 or IPv6: 'tproxy ip to' or 'tproxy ip6 to' does");
        return;
    }
    if (target != nullptr)
        lookup_values(*target, {written == "ip6" ? Typed{Type::ipv6, 128} : Typed{Type::ipv4, 32}});
    if (ast::Expr const* const port = action.find(P::port)) lookup_values(*port, {{Type::port, 16}});
}

void Checker::check_set_update(Action const& action) {
    ast::Expr const* const key_expr = action.find(P::key);
    if (key_expr == nullptr) return;
    if (action.kind == Action::Kind::meter) {
        look(*key_expr);
        if (action.states.empty()) error(span_, "a meter needs a limit, quota or counter for its elements");
        check_number(action, P::amount);
    }
    for (Action const& state : action.states) check(state);
    ast::Expr const* const set_expr = action.find(P::set);
    if (set_expr == nullptr) return;
    Time time = scope_->time;
    ast::Expr const* const name = resolve(*set_expr, time);
    if (name == nullptr) return;
    auto const found = scope_->sets->find(name->text);
    if (name->kind != Kind::set_name || found == scope_->sets->end()) {
        undefined("set", name->text, set_expr->span);
        return;
    }
    NamedSet const& set = found->second;
    auto const [key, data] = declared_shapes(set);
    if (set.is_constant) error(set_expr->span, fmt::format("'{}' is constant: nothing is added to it", set.name));
    value(*key_expr, key, scope_->time);
    ast::Expr const* const data_expr = action.find(P::data);
    if (!set.is_map && data_expr != nullptr) error(data_expr->span, "a set has no mapped values; a map does");
    if (set.is_map && data_expr == nullptr && !action.removal)
        error(key_expr->span, "an element of a map needs a value");
    if (set.is_map && data_expr != nullptr) value(*data_expr, data, scope_->time);
    if (ast::Expr const* const timeout = action.find(P::timeout); timeout != nullptr && !set.has_timeouts)
        error(timeout->span, fmt::format("'{}' lacks 'flags timeout' or 'timeout'", set.name));
}

void Checker::check(Action const& action) {
    using enum Action::Kind;
    if (ast::Expr const* const timeout = action.find(P::timeout)) {
        Time time = scope_->time;
        ast::Expr const* const text = resolve(*timeout, time);
        if (text != nullptr && !parse_duration(text->text))
            error(timeout->span, fmt::format("'{}' is not a duration such as 5m or 1d12h", text->text));
    }
    switch (action.kind) {
    case counter: check_object(action, "counter"); break;
    case synproxy: check_object(action, "synproxy"); break;
    case limit: check_limit(action); break;
    case quota: check_quota(action); break;
    case connection_limit: check_number(action, P::count); break;
    case log: check_log(action); break;
    case reject: check_reject(action); break;
    case queue: check_queue(action); break;
    case dup:
    case fwd: check_copy(action); break;
    case tproxy: check_tproxy(action); break;
    case set_update:
    case meter: check_set_update(action); break;
    case flow: check_object(action, "flowtable"); break;
    case reset_option:
        if (ast::Expr const* const option = action.find(P::option);
            option != nullptr && !is_tcp_option(option->text))
            error(option->span, fmt::format("'{}' is not a tcp option", option->text));
        break;
    case last:
    case notrack:
    case foreign_match:
    case foreign_target: break;
    }
}

// ---- flags and properties of blocks

void Checker::check_flags(ast::Flags const& flags, Words known) {
    std::string all;
    for (std::string_view const word : known) all += fmt::format("{}{}", all.empty() ? "" : ", ", word);
    for (std::string_view const word : flags.words)
        if (!is_one_of(word, known)) error(flags.span, fmt::format("'{}' is no flag here: there is {}", word, all));
}

void Checker::check_property(ast::Property const& property, Scope const& scope) {
    Time time = scope.time;
    ast::Expr const* const found = resolve(property.value, time);
    if (found == nullptr) return;
    switch (property.kind) {
    case ast::Property::Kind::size:
        if (!number_of(found)) error(property.value.span, problem_of_number(found->text));
        break;
    case ast::Property::Kind::policy:
        if (!is_one_of(found->text, {"performance", "memory"}))
            error(property.value.span, "the policy of a set is performance or memory");
        break;
    case ast::Property::Kind::timeout:
    case ast::Property::Kind::gc_interval:
        if (!parse_duration(found->text))
            error(property.value.span, fmt::format("'{}' is not a duration such as 5m or 1d12h", found->text));
        break;
    case ast::Property::Kind::merge:
    case ast::Property::Kind::state: break;
    }
}

// ---- base chains

namespace {

// Which types of chain stand at which hooks (nft(8), "CHAINS": supported families and hooks).
struct HookRow {
    std::string_view type;
    std::string_view hooks;
};
constexpr HookRow ip_hooks[] = {{"filter", "prerouting input forward output postrouting"},
                                {"nat", "prerouting input output postrouting"},
                                {"route", "output"}};
constexpr HookRow inet_hooks[] = {{"filter", "ingress prerouting input forward output postrouting"},
                                  {"nat", "prerouting input output postrouting"},
                                  {"route", "output"}};
constexpr HookRow arp_hooks[] = {{"filter", "input output"}};
constexpr HookRow bridge_hooks[] = {{"filter", "prerouting input forward output postrouting"}};
constexpr HookRow netdev_hooks[] = {{"filter", "ingress egress"}};

std::span<HookRow const> hooks_of(TableFamily family) {
    switch (family) {
    case TableFamily::ip:
    case TableFamily::ip6: return ip_hooks;
    case TableFamily::inet: return inet_hooks;
    case TableFamily::arp: return arp_hooks;
    case TableFamily::bridge: return bridge_hooks;
    case TableFamily::netdev: return netdev_hooks;
    }
    return {};
}

bool has_word(std::string_view words, std::string_view word) {
    std::size_t const at = words.find(word);
    if (at == words.npos || word.empty()) return false;
    bool const begins = at == 0 || words[at - 1] == ' ';
    return begins && (at + word.size() == words.size() || words[at + word.size()] == ' ');
}

// nft(8), "Standard priority names": some exist at some hooks only.
std::string_view only_hook_of(std::string_view priority, TableFamily family) {
    bool const bridge = family == TableFamily::bridge;
    if (priority == "dstnat") return "prerouting";
    if (priority == "srcnat") return "postrouting";
    if (priority == "out" && bridge) return "output";
    return {};
}

} // namespace

void Checker::check_chain(ast::HookSpec const& hook, Scope const& scope) {
    scope_ = &scope;
    span_ = hook.span;
    std::span<HookRow const> const rows = hooks_of(scope.family);
    auto const row =
        std::find_if(rows.begin(), rows.end(), [&](HookRow const& each) { return each.type == hook.type; });
    if (row == rows.end()) {
        if (is_one_of(hook.type, {"filter", "nat", "route"}))
            error(hook.span, fmt::format("a table of family {} has no chains of type {}", family_name(scope.family),
                                         hook.type));
        return;
    }
    bool const at_device = is_one_of(hook.point, {"ingress", "egress"});
    if (!has_word(row->hooks, hook.point)) {
        if (has_word("ingress prerouting input forward output postrouting egress", hook.point))
            error(hook.point_span, fmt::format("a chain of type {} in a table of family {} cannot be at {}",
                                               hook.type, family_name(scope.family), hook.point));
        return;
    }
    if (!at_device && !hook.devices.empty())
        error(hook.devices.front().span, fmt::format("the hook {} belongs to no device", hook.point));
    if (scope.family == TableFamily::inet && at_device && hook.devices.empty())
        error(hook.point_span, fmt::format("the hook {} needs a device", hook.point));
    Time time = scope.time;
    ast::Expr const* const priority = resolve(hook.priority, time);
    if (priority == nullptr) return;
    std::string_view const name = priority->text.substr(0, priority->text.find_first_of(" +-"));
    std::string_view const only = only_hook_of(name, scope.family);
    bool const unnamed = !name.empty() && !parse_c_number(name) && name != "filter" &&
                         (scope.family == TableFamily::arp || scope.family == TableFamily::netdev);
    if (!only.empty() && only != hook.point)
        error(hook.priority.span, fmt::format("the priority {} is for the hook {} only", name, only));
    else if (unnamed)
        error(hook.priority.span,
              fmt::format("'{}' is not a priority in a table of family {}", name, family_name(scope.family)));
}

} // namespace portcullis::nft
