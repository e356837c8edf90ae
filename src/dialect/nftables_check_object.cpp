// What the blocks of counters, quotas, limits, helpers, timeouts, expectations, synproxies and flowtables may say:
// one table of their words (nft(8), "STATEFUL OBJECTS", "FLOWTABLES" and "CT …").
#include <algorithm>
#include <fmt/format.h>

#include "dialect/nftables_check.hpp"

namespace portcullis::nft {
namespace {

using Kind = ast::Expr::Kind;

enum class Value : std::uint8_t {
    none,
    number,
    number_and_unit,
    duration,
    text,
    transport,
    network,
    set,
    hook,
    priority
};

struct WordRow {
    std::string_view kind;
    std::string_view word;
    Value value;
    bool needed = false;
};
constexpr WordRow word_rows[] = {
    {"counter", "packets", Value::number},
    {"counter", "bytes", Value::number},
    {"quota", "over", Value::none},
    {"quota", "until", Value::none},
    {"quota", "used", Value::number_and_unit},
    {"limit", "rate", Value::none, true},
    {"limit", "over", Value::none},
    {"limit", "burst", Value::number_and_unit},
    {"helper", "type", Value::text, true},
    {"helper", "protocol", Value::transport, true},
    {"helper", "l3proto", Value::network},
    {"timeout", "protocol", Value::transport, true},
    {"timeout", "l3proto", Value::network},
    {"timeout", "policy", Value::set},
    {"expectation", "protocol", Value::transport, true},
    {"expectation", "dport", Value::number, true},
    {"expectation", "timeout", Value::duration, true},
    {"expectation", "size", Value::number, true},
    {"expectation", "l3proto", Value::network},
    {"synproxy", "mss", Value::number},
    {"synproxy", "wscale", Value::number},
    {"synproxy", "timestamp", Value::none},
    {"synproxy", "sack-perm", Value::none},
    {"flowtable", "hook", Value::hook},
    {"flowtable", "priority", Value::priority},
    {"flowtable", "flags", Value::text},
    {"flowtable", "counter", Value::none},
    {"flowtable", "devices", Value::set},
};

// The states that have timeouts, by protocol (nft(8), "CT TIMEOUT").
constexpr std::string_view tcp_states[] = {"syn_sent",   "syn_recv", "established", "fin_wait",
                                           "close_wait", "last_ack", "time_wait",   "close",
                                           "syn_sent2",  "retrans",  "unack"};
constexpr std::string_view udp_states[] = {"unreplied", "replied"};

bool is_number(ast::Expr const& expr) {
    return expr.kind == Kind::value && !expr.quoted && problem_of_number(expr.text).empty();
}

std::string words_of_kind(std::string_view kind) {
    std::string all;
    for (WordRow const& row : word_rows)
        if (row.kind == kind) all += fmt::format("{}{}", all.empty() ? "" : ", ", row.word);
    return all + " or comment";
}

// Whether a number may stand for itself: "quota q { 25 mbytes }", "limit l { rate 5/second }".
bool counts(std::string_view kind) { return kind == "quota" || kind == "limit"; }
bool is_unit(std::string_view text) {
    constexpr std::string_view units[] = {"bytes", "kbytes", "mbytes", "second", "minute", "hour", "day", "week"};
    while (!text.empty()) {
        std::string_view const unit = text.substr(0, text.find('/'));
        if (std::find(std::begin(units), std::end(units), unit) == std::end(units)) return false;
        text.remove_prefix(std::min(unit.size() + 1, text.size()));
    }
    return true;
}

std::string problem_of(ast::Expr const& value, Value wanted) {
    bool const is_word = value.kind == Kind::value;
    switch (wanted) {
    case Value::number:
    case Value::number_and_unit:
        if (!is_number(value)) return is_word && !value.quoted ? problem_of_number(value.text) : fmt::format("'{}' is not a number", value.text);
        break;
    case Value::duration:
        if (!is_word || !parse_duration(value.text)) return fmt::format("'{}' is not a duration", value.text);
        break;
    case Value::transport:
        if (value.text != "tcp" && value.text != "udp")
            return fmt::format("expected tcp or udp, found '{}'", value.text);
        break;
    case Value::network:
        if (value.text != "ip" && value.text != "ip6" && value.text != "inet")
            return fmt::format("expected ip, ip6 or inet, found '{}'", value.text);
        break;
    case Value::hook:
        if (value.text != "ingress")
            return fmt::format("a flowtable is at the hook ingress, not at '{}'", value.text);
        break;
    case Value::priority:
        if (!is_number(value) && value.text != "filter")
            return fmt::format("'{}' is not a priority here", value.text);
        break;
    case Value::set:
        if (value.kind != Kind::set) return "expected '{'";
        break;
    default: break;
    }
    return {};
}

} // namespace

void Checker::check_object(std::string_view kind, ast::Expr const& content, Span span, Scope const& scope) {
    scope_ = &scope;
    bool const known = std::any_of(std::begin(word_rows), std::end(word_rows),
                                   [&](WordRow const& row) { return row.kind == kind; });
    std::vector<std::pair<std::string_view, ast::Expr const*>> said;
    auto const find = [&](std::string_view word) -> ast::Expr const* {
        auto const at =
            std::find_if(said.begin(), said.end(), [&](auto const& each) { return each.first == word; });
        return at == said.end() ? nullptr : at->second;
    };
    for (std::size_t i = 0; known && i < content.parts.size(); ++i) {
        ast::Expr const& word = content.parts[i];
        if (word.kind == Kind::variable) continue;
        if (word.kind == Kind::set && kind == "flowtable") continue; // devices
        if (counts(kind) && is_number(word)) continue;
        if (counts(kind) && word.kind == Kind::value && is_unit(word.text)) continue;
        bool const is_comment = word.text == "comment" && !word.quoted;
        auto const row = std::find_if(std::begin(word_rows), std::end(word_rows), [&](WordRow const& each) {
            return each.kind == kind && each.word == word.text && word.kind == Kind::value;
        });
        if (!is_comment && row == std::end(word_rows)) {
            error(word.span, fmt::format("expected {}, found '{}'", words_of_kind(kind), word.text));
            return;
        }
        Value const wanted = is_comment ? Value::text : row->value;
        if (find(word.text) != nullptr)
            error(word.span, fmt::format("'{}' is said twice in this block", word.text));
        said.emplace_back(word.text, &word);
        if (wanted == Value::none) continue;
        if (++i == content.parts.size()) {
            error(word.span, fmt::format("'{}' needs a value", word.text));
            return;
        }
        ast::Expr const& value_expr = content.parts[i];
        said.back().second = &value_expr;
        if (value_expr.kind == Kind::variable) continue;
        if (std::string problem = problem_of(value_expr, wanted); !problem.empty())
            error(value_expr.span, std::move(problem));
        if (is_comment) check_comment(value_expr.text, value_expr.span);
        if (wanted == Value::number_and_unit && i + 1 < content.parts.size()) ++i; // its unit
        bool const offset =
            wanted == Value::priority && i + 1 < content.parts.size() && is_number(content.parts[i + 1]);
        if (offset) ++i;
    }
    for (WordRow const& row : word_rows)
        if (row.kind == kind && row.needed && find(row.word) == nullptr)
            error(span, fmt::format("this {} does not say its {}", kind, row.word));
    ast::Expr const* const network = find("l3proto");
    bool const of_ip = scope.family == ast::TableFamily::ip;
    bool const of_ip6 = scope.family == ast::TableFamily::ip6;
    if (network != nullptr && ((of_ip && network->text == "ip6") || (of_ip6 && network->text == "ip")))
        error(network->span,
              fmt::format("a table of family {} has no {} connections", of_ip ? "ip" : "ip6", network->text));
    ast::Expr const* const policy = find("policy");
    ast::Expr const* const protocol = find("protocol");
    if (policy == nullptr || protocol == nullptr) return;
    for (ast::Expr const& element : policy->parts) {
        std::string_view const state = element.parts.empty() ? element.text : element.parts[0].text;
        bool const tcp = protocol->text == "tcp";
        bool const is_state =
            tcp ? std::find(std::begin(tcp_states), std::end(tcp_states), state) != std::end(tcp_states)
                : std::find(std::begin(udp_states), std::end(udp_states), state) != std::end(udp_states);
        if (!is_state) error(element.span, fmt::format("'{}' is not a state of {}", state, protocol->text));
    }
}

} // namespace portcullis::nft
