#include "portcullis/base/c_number.hpp"

namespace portcullis {

std::optional<U128> parse_c_number(std::string_view text) {
    unsigned base = 10;
    if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text.remove_prefix(2);
    } else if (text.size() > 1 && text[0] == '0') {
        base = 8;
    }
    if (text.empty()) return std::nullopt;
    U128 value = 0;
    for (char const c : text) {
        unsigned digit = base;
        if (c >= '0' && c <= '9')
            digit = static_cast<unsigned>(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = static_cast<unsigned>(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = static_cast<unsigned>(c - 'A') + 10;
        if (digit >= base || value > (~U128{0} - digit) / base) return std::nullopt;
        value = value * base + digit;
    }
    return value;
}

std::optional<Ip> parse_c_ipv4(std::string_view text, unsigned parts) {
    constexpr unsigned most = 4;
    U128 address = 0;
    for (unsigned part = 0; part < most; ++part) {
        address <<= 8U;
        if (part >= parts && text.empty()) continue;
        if (part > 0) {
            if (!text.starts_with('.')) return std::nullopt;
            text.remove_prefix(1);
        }
        std::string_view const number = text.substr(0, text.find('.'));
        std::optional<U128> const octet = parse_c_number(number);
        if (!octet || *octet > 255) return std::nullopt;
        address |= *octet;
        text.remove_prefix(number.size());
    }
    return text.empty() ? std::optional(Ip{Family::v4, address}) : std::nullopt;
}

std::optional<Ip> parse_c_ip(std::string_view text, unsigned parts) {
    return text.find(':') == std::string_view::npos ? parse_c_ipv4(text, parts) : parse_ipv6(text);
}

} // namespace portcullis
