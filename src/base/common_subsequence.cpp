// Equal heads and tails first; in between, keys that occur once on either side are the anchors ("patience"), and what
// goes on equally from an anchor is taken along.
#include "portcullis/base/common_subsequence.hpp"

#include <algorithm>
#include <unordered_map>

namespace portcullis {

namespace {

using Keys = std::vector<std::uint64_t>;
using Places = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

// Of pairs that ascend in the first place: a longest subsequence that ascends in the second as well.
Places ascending(Places const& pairs) {
    std::vector<std::size_t> tails; // of the best subsequences of each length: the pair that they end with
    std::vector<std::size_t> previous(pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        auto const at = std::lower_bound(tails.begin(), tails.end(), pairs[i].second,
                                         [&](std::size_t tail, std::uint32_t place) { return pairs[tail].second < place; });
        previous[i] = at == tails.begin() ? i : *(at - 1);
        if (at == tails.end()) tails.push_back(i);
        else *at = i;
    }
    Places best(tails.size());
    for (std::size_t i = tails.size(), at = tails.empty() ? 0 : tails.back(); i-- > 0; at = previous[at]) best[i] = pairs[at];
    return best;
}

// The places of keys that occur once in the range.
std::unordered_map<std::uint64_t, std::uint32_t> unique_places(Keys const& keys, std::size_t begin, std::size_t end) {
    constexpr std::uint32_t several = ~std::uint32_t{0};
    std::unordered_map<std::uint64_t, std::uint32_t> places;
    places.reserve(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
        auto const [at, added] = places.try_emplace(keys[i], static_cast<std::uint32_t>(i));
        if (!added) at->second = several;
    }
    std::erase_if(places, [](auto const& entry) { return entry.second == several; });
    return places;
}

} // namespace

Places common_subsequence(Keys const& before, Keys const& after) {
    std::size_t const shorter = std::min(before.size(), after.size());
    std::size_t head = 0;
    while (head < shorter && before[head] == after[head]) ++head;
    std::size_t tail = 0;
    while (tail < shorter - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) ++tail;
    auto const pair = [](std::size_t a, std::size_t b) {
        return std::pair(static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b));
    };
    Places common;
    for (std::size_t i = 0; i < head; ++i) common.push_back(pair(i, i));
    // In between, keys that occur once on either side are the anchors; what lies between two of them is equal as far as
    // it goes on from the first.
    std::size_t const end_before = before.size() - tail;
    std::size_t const end_after = after.size() - tail;
    auto const in_after = unique_places(after, head, end_after);
    Places anchors;
    for (auto const& [key, place] : unique_places(before, head, end_before)) {
        if (auto const at = in_after.find(key); at != in_after.end()) anchors.emplace_back(place, at->second);
    }
    std::sort(anchors.begin(), anchors.end());
    std::size_t next_before = head;
    std::size_t next_after = head;
    auto const run = [&](std::size_t to_before, std::size_t to_after) {
        for (; next_before < to_before && next_after < to_after && before[next_before] == after[next_after];
             ++next_before, ++next_after)
            common.push_back(pair(next_before, next_after));
    };
    for (auto const& [a, b] : ascending(anchors)) {
        run(a, b);
        common.push_back(pair(a, b));
        next_before = a + 1;
        next_after = b + 1;
    }
    run(end_before, end_after);
    for (std::size_t i = 0; i < tail; ++i) common.push_back(pair(end_before + i, end_after + i));
    return common;
}

} // namespace portcullis
