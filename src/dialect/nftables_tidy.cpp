#include "dialect/nftables_tidy.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

#include "dialect/nftables_types.hpp"

namespace portcullis::nft {

namespace {

using nftables::Expr;
using Kind = Expr::Kind;

// Values that are compared with each other: addresses of one family, or numbers.
enum class Sort : std::uint8_t { v4, v6, numbers };

struct Item {
    Sort sort{};
    U128 first = 0;
    U128 last = 0;
    std::optional<Prefix> network; // not a range
    std::size_t place = 0;         // the first of the elements that it has in it
    std::optional<std::size_t> text; // the element that is just this one; none: two networks that are one
};

Sort sort_of(Family family) { return family == Family::v4 ? Sort::v4 : Sort::v6; }

std::optional<Item> item_of(Expr const& expr) {
    if (expr.kind == Kind::range) {
        auto const from = item_of(expr.parts[0]);
        auto const to = item_of(expr.parts[1]);
        if (!from || !to || from->sort != to->sort || from->first > to->last) return std::nullopt;
        return Item{from->sort, from->first, to->last, {}, 0, {}};
    }
    if (auto const prefix = written_prefix(expr)) {
        return Item{sort_of(prefix->ip.family), prefix->first(), prefix->last(), prefix, 0, {}};
    }
    if (expr.kind != Kind::value || expr.quoted) return std::nullopt;
    if (auto const ip = parse_c_ip(expr.text)) {
        return Item{sort_of(ip->family), ip->value, ip->value, Prefix{*ip, address_bits(ip->family)}, 0, {}};
    }
    auto const number = parse_c_number(expr.text);
    return number ? std::optional(Item{Sort::numbers, *number, *number, {}, 0, {}}) : std::nullopt;
}

// Two halves of one network; nothing for hosts.
bool are_halves(Item const& a, Item const& b) {
    if (!a.network || !b.network || a.sort != b.sort || a.network->length != b.network->length) return false;
    unsigned const length = a.network->length;
    if (length == 0 || length == address_bits(a.network->ip.family)) return false;
    Prefix const whole{a.network->ip, length - 1};
    return a.first == whole.first() && b.last == whole.last() && a.last + 1 == b.first;
}

// The items as few as they can be, each with the place of the first element in it.
std::vector<Item> fewest(std::vector<Item> items) {
    std::sort(items.begin(), items.end(), [](Item const& a, Item const& b) {
        return std::tuple(a.sort, a.first, b.last, a.place) < std::tuple(b.sort, b.first, a.last, b.place);
    });
    std::vector<Item> few;
    for (Item const& item : items) {
        if (!few.empty() && few.back().sort == item.sort && item.last <= few.back().last) {
            few.back().place = std::min(few.back().place, item.place);
            continue;
        }
        few.push_back(item);
        while (few.size() > 1 && are_halves(few[few.size() - 2], few.back())) {
            Item const half = few.back();
            few.pop_back();
            Item& whole = few.back();
            whole.last = half.last;
            whole.place = std::min(whole.place, half.place);
            whole.text.reset();
            whole.network = Prefix{{whole.network->ip.family, whole.first}, whole.network->length - 1};
        }
    }
    return few;
}

} // namespace

std::optional<Prefix> written_prefix(Expr const& expr) {
    if (expr.kind != Kind::prefix || expr.parts[0].kind != Kind::value || expr.parts[1].kind != Kind::value)
        return std::nullopt;
    std::optional<Ip> const ip = parse_c_ip(expr.parts[0].text);
    std::optional<U128> const length = parse_c_number(expr.parts[1].text);
    if (!ip || !length || *length > address_bits(ip->family)) return std::nullopt;
    return Prefix{*ip, static_cast<unsigned>(*length)};
}

void check_elements(Expr const& set, Sources const& sources, Findings& findings) {
    std::vector<Item> items;
    for (std::size_t i = 0; i < set.parts.size(); ++i) {
        auto item = item_of(set.parts[i]);
        if (!item) continue;
        item->place = i;
        item->text = i;
        items.push_back(*item);
    }
    std::vector<Item> const few = fewest(items);
    if (few.size() == items.size()) return;
    std::vector<std::string> texts(set.parts.size()); // of the elements that stay
    for (std::size_t i = 0; i < texts.size(); ++i) texts[i] = sources.text(set.parts[i].span);
    std::vector<bool> stays(texts.size(), true);
    for (Item const& item : items) stays[item.place] = false;
    for (Item const& item : few) {
        stays[item.place] = true;
        texts[item.place] = item.text ? std::string(sources.text(set.parts[*item.text].span)) : to_string(*item.network);
    }
    // What stands between two elements goes with the later one.
    std::string text;
    bool has_comment = false;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        std::string_view between;
        if (i > 0) between = sources.text({set.span.source, set.parts[i - 1].span.end, set.parts[i].span.begin});
        if (!stays[i]) {
            has_comment = has_comment || between.find('#') != std::string_view::npos;
            continue;
        }
        text += between;
        text += texts[i];
    }
    std::size_t const needless = items.size() - few.size();
    Finding& finding = findings.add("PC511", set.span);
    finding.arg("count", std::to_string(needless)).arg("total", std::to_string(set.parts.size()));
    finding.arg("verb", needless == 1 ? "is" : "are");
    finding.note("the set is the same with " + std::to_string(set.parts.size() - needless) + " elements");
    if (has_comment) return;
    finding.fix = Fix{{{{set.span.source, set.parts.front().span.begin, set.parts.back().span.end}, text}}, true};
}

} // namespace portcullis::nft
