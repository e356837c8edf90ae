// What the reader kept of an option without a field is written back in its own words, with the `!` where it
// belongs.
#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <vector>

#include "dialect/iptables_write_words.hpp"
#include "grammars/iptables/extensions.hpp"

namespace portcullis::iptables {
namespace {

// "a b \"c d\"" at its blanks outside of quotes.
std::vector<std::string_view> arguments(std::string_view text) {
    std::vector<std::string_view> all;
    bool quoted = false;
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && quoted && text[i] == '\\') {
            ++i;
            continue;
        }
        if (i < text.size() && text[i] == '"') quoted = !quoted;
        if (i < text.size() && (text[i] != ' ' || quoted)) continue;
        if (i > begin) all.push_back(text.substr(begin, i - begin));
        begin = i + 1;
    }
    return all;
}

bool negates_match(Extension const& extension, std::string_view word) {
    return word.starts_with("--") && std::ranges::any_of(extension.options, [&](OptionInfo const& option) {
               return option.name == word.substr(2) && option.has(OptionInfo::negates_match);
           });
}

} // namespace

Said words_of(Opaque const& opaque) {
    if (opaque.text == "frag more-fragments 1") return {"frag", opaque.negated ? "--fraglast" : "--fragmore", ""};
    constexpr std::string_view option = "tcp option ", exists = " exists";
    if (opaque.text.starts_with(option) && opaque.text.ends_with(exists)) {
        std::string const kind =
            opaque.text.substr(option.size(), opaque.text.size() - option.size() - exists.size());
        if (kind.find_first_not_of("0123456789") == std::string::npos)
            return {"tcp", "--tcp-option", kind, opaque.negated};
    }
    std::vector<std::string_view> const words = arguments(opaque.text);
    bool const generic = words.size() == 2 && (words[0] == "-s" || words[0] == "-d");
    if (generic) return {"", std::string(words[0]), std::string(words[1]), opaque.negated};
    if (words.size() < 2 || words[0] != "-m")
        throw Unsayable{opaque.text, "it is in the words of another language than iptables"};
    std::string const module(words[1]);
    std::span<std::string_view const> const options = std::span(words).subspan(2);
    Extension const* const extension = find_extension(module, Role::match);
    bool const each_by_itself = extension != nullptr && !options.empty() &&
                                (extension->nature == Nature::conditions || extension->nature == Nature::modelled);
    if (opaque.text.ends_with(" or no connection"))
        throw Unsayable{opaque.text, "it belongs to a --ctstate of the same match"};
    // Which interface an address has its type for is said once for all of a match.
    bool const for_interface = options.size() > 2 && options.back().starts_with("--limit-iface");
    if (each_by_itself)
        return {module, std::string(options[0]), fmt::format("{}", fmt::join(options.subspan(1), " ")),
                opaque.negated, module == "conntrack" || for_interface};
    Said said{module, "", "", false, true};
    for (std::string_view const word : options) {
        // The `!` stands before the option that it negates, which need not be the first.
        bool const negates = opaque.negated && extension != nullptr && negates_match(*extension, word);
        if (negates && said.negated) throw Unsayable{"not " + opaque.text, "iptables has no negation of it"};
        said.negated = said.negated || negates;
        said.value += fmt::format("{}{}{}", said.value.empty() ? "" : " ", negates ? "! " : "", word);
    }
    if (said.negated != opaque.negated) throw Unsayable{"not " + opaque.text, "iptables has no negation of it"};
    said.negated = false;
    return said;
}

} // namespace portcullis::iptables
