#include "portcullis/base/ip.hpp"

#include <array>
#include <charconv>

namespace portcullis {

std::optional<Ip> parse_ipv4(std::string_view text) {
    U128 value = 0;
    for (int part = 0; part < 4; ++part) {
        if (part > 0) {
            if (text.empty() || text.front() != '.') return std::nullopt;
            text.remove_prefix(1);
        }
        unsigned octet = 0;
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), octet);
        if (error != std::errc{} || octet > 255 || end - text.data() > 3) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        value = value << 8 | octet;
    }
    if (!text.empty()) return std::nullopt;
    return Ip{Family::v4, value};
}

std::optional<Ip> parse_ipv6(std::string_view text) {
    std::array<std::uint16_t, 8> groups{};
    std::size_t count = 0;
    std::optional<std::size_t> gap; // where "::" stands
    if (text.starts_with("::")) {
        gap = 0;
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        if (count == 8) return std::nullopt;
        if (count <= 6 && text.find(':') == std::string_view::npos && text.find('.') != std::string_view::npos) {
            auto const quad = parse_ipv4(text);
            if (!quad) return std::nullopt;
            groups[count++] = static_cast<std::uint16_t>(quad->value >> 16);
            groups[count++] = static_cast<std::uint16_t>(quad->value);
            text = {};
            break;
        }
        unsigned group = 0;
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), group, 16);
        if (error != std::errc{} || end - text.data() > 4) return std::nullopt;
        groups[count++] = static_cast<std::uint16_t>(group);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (text.empty()) break;
        if (text.starts_with("::")) {
            if (gap) return std::nullopt;
            gap = count;
            text.remove_prefix(2);
        } else if (text.front() == ':' && text.size() > 1) {
            text.remove_prefix(1);
        } else {
            return std::nullopt;
        }
    }
    if (gap ? count > 7 : count != 8) return std::nullopt;
    U128 value = 0;
    std::size_t const zeros = 8 - count;
    for (std::size_t i = 0; i < 8; ++i) {
        std::uint16_t group = 0;
        if (!gap || i < *gap) group = groups[i];
        else if (i >= *gap + zeros) group = groups[i - zeros];
        value = value << 16 | group;
    }
    return Ip{Family::v6, value};
}

std::optional<Ip> parse_ip(std::string_view text) {
    return text.find(':') == std::string_view::npos ? parse_ipv4(text) : parse_ipv6(text);
}

std::optional<Prefix> parse_prefix(std::string_view text) {
    auto const slash = text.find('/');
    auto const ip = parse_ip(text.substr(0, slash));
    if (!ip) return std::nullopt;
    unsigned const bits = address_bits(ip->family);
    if (slash == std::string_view::npos) return Prefix{*ip, bits};
    std::string_view const digits = text.substr(slash + 1);
    unsigned length = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end != digits.data() + digits.size() || length > bits) return std::nullopt;
    return Prefix{*ip, length};
}

std::optional<unsigned> mask_length(U128 mask, unsigned bits) {
    U128 const inverted = ~mask & max_value(bits);
    if ((inverted & (inverted + 1)) != 0) return std::nullopt;
    return bits - (inverted == 0 ? 0 : 128 - leading_zeros(inverted));
}

std::string to_string(Ip ip) {
    std::string text;
    auto const number = [&text](unsigned value, int base) {
        std::array<char, 8> digits{};
        text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr);
    };
    if (ip.family == Family::v4) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            number(static_cast<unsigned>(ip.value >> shift) & 0xFFU, 10);
            if (shift > 0) text += '.';
        }
        return text;
    }
    // RFC 5952: the longest run of at least two zero groups, the first of equals, becomes "::".
    std::array<unsigned, 8> groups{};
    for (std::size_t i = 0; i < 8; ++i) groups[i] = static_cast<unsigned>(ip.value >> (112 - 16 * i)) & 0xFFFFU;
    std::size_t best = 8;
    std::size_t best_length = 1;
    for (std::size_t i = 0; i < 8;) {
        std::size_t end = i;
        while (end < 8 && groups[end] == 0) ++end;
        if (end - i > best_length) {
            best = i;
            best_length = end - i;
        }
        i = end + 1;
    }
    for (std::size_t i = 0; i < 8;) {
        if (i == best) {
            text += "::";
            i += best_length;
            continue;
        }
        if (!text.empty() && text.back() != ':') text += ':';
        number(groups[i], 16);
        ++i;
    }
    return text;
}

std::string to_string(Prefix prefix) { return to_string(prefix.ip) + '/' + std::to_string(prefix.length); }

} // namespace portcullis
