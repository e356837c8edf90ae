// How the packets of a region fare from the top of a list to one of its lines, piece by piece.
#pragma once
#include <algorithm>

#include "engine/shadow_list.hpp"

namespace portcullis {

template <class TakenBy, class Left>
bool ShadowList::follow(Region const& region, std::uint32_t at, std::vector<Entry const*> const& candidates,
                        std::size_t& steps, std::size_t budget, TakenBy const& taken_by, Left const& left) const {
    struct Piece {
        Region region;
        std::size_t next; // of the candidates
    };
    std::vector<Piece> todo{{region, 0}};
    while (!todo.empty()) {
        Piece const piece = todo.back();
        todo.pop_back();
        std::size_t next = piece.next;
        while (next < candidates.size() && !meets(candidates[next]->region, piece.region, grid_->slices())) ++next;
        steps += next - piece.next + 1;
        if (next == candidates.size()) {
            if (!left(piece.region)) return true;
            continue;
        }
        Entry const& one = *candidates[next];
        if (!one.exact || steps > budget) return false;
        subtract(piece.region, one.region, grid_->slices(), [&](Region const& rest) {
            todo.push_back({rest, next + 1});
        });
        Region const both = common(piece.region, one.region);
        if (one.until >= at) {
            taken_by(both, one);
            continue;
        }
        // They return, and skip to the end of the scope.
        auto const after = std::partition_point(candidates.begin(), candidates.end(),
                                                [&](Entry const* other) { return other->line <= one.until; });
        todo.push_back({both, static_cast<std::size_t>(after - candidates.begin())});
    }
    return true;
}

} // namespace portcullis
