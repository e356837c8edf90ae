// The distance by dynamic programming over three rows, which is all that a swap of two neighbours needs to look
// back.
#include "portcullis/base/did_you_mean.hpp"

#include <algorithm>
#include <numeric>

#include "portcullis/base/ascii.hpp"

namespace portcullis {
namespace {

// Words of hostile length are no typing errors, and the distance costs their product.
constexpr std::size_t longest_word = 64;

} // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    std::iota(above.begin(), above.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            bool const same = ascii_lower(a[i - 1]) == ascii_lower(b[j - 1]);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
            bool const swapped = i > 1 && j > 1 && ascii_lower(a[i - 1]) == ascii_lower(b[j - 2]) &&
                                 ascii_lower(a[i - 2]) == ascii_lower(b[j - 1]);
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, above);
        std::swap(above, row);
    }
    return above[b.size()];
}

std::string_view did_you_mean(std::string_view word, std::vector<std::string_view> const& candidates) {
    if (word.size() > longest_word) return {};
    std::size_t const most = std::max<std::size_t>(1, word.size() / 3);
    std::string_view best;
    std::size_t best_distance = most + 1;
    for (std::string_view const candidate : candidates) {
        // Every missing or surplus letter is one change, so this is a lower bound on the distance.
        std::size_t const longer = std::max(candidate.size(), word.size());
        if (longer - std::min(candidate.size(), word.size()) >= best_distance) continue;
        std::size_t const distance = edit_distance(word, candidate);
        // A word of which no letter is left was not meant.
        if (distance >= best_distance || distance >= longer) continue;
        best = candidate;
        best_distance = distance;
    }
    return best;
}

std::string did_you_mean_text(std::string_view word, std::vector<std::string_view> const& candidates) {
    std::string_view const meant = did_you_mean(word, candidates);
    return meant.empty() ? std::string{} : "; did you mean '" + std::string(meant) + "'?";
}

} // namespace portcullis
