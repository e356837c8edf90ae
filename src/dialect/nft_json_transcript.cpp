#include "dialect/nft_json_transcript.hpp"

#include <algorithm>
#include <utility>

namespace portcullis::nft_json {

Transcript::Scope Transcript::piece(Span origin) {
    pieces_.push_back({size(), ~std::uint32_t{0}, open_, origin});
    open_ = static_cast<std::uint32_t>(pieces_.size() - 1);
    return Scope(*this);
}

void Transcript::close() {
    pieces_[open_].end = size();
    open_ = pieces_[open_].parent;
}

void Transcript::cut(std::size_t size) {
    text_.resize(size);
    while (pieces_.size() > 1 && pieces_.back().begin >= size) pieces_.pop_back();
}

std::uint32_t Transcript::innermost(std::uint32_t at) const {
    auto const after =
        std::upper_bound(pieces_.begin(), pieces_.end(), at,
                         [](std::uint32_t offset, Piece const& piece) { return offset < piece.begin; });
    auto index = static_cast<std::uint32_t>(after - pieces_.begin()) - 1;
    while (pieces_[index].end <= at) index = pieces_[index].parent;
    return index;
}

Span Transcript::origin(Span span, Among among) const {
    std::uint32_t const last = std::max(span.begin + 1, span.end) - 1;
    std::uint32_t first_part = innermost(span.begin);
    std::uint32_t whole = first_part;
    while (pieces_[whole].end <= last) first_part = std::exchange(whole, pieces_[whole].parent);
    Piece const& piece = pieces_[whole];
    if (piece.begin < span.begin || piece.end > last + 1) { // it is a part of that piece, or some of its parts
        std::uint32_t last_part = innermost(last);
        while (last_part != whole && pieces_[last_part].parent != whole) last_part = pieces_[last_part].parent;
        if (first_part == whole || last_part == whole) return piece.origin;
        Span const a = pieces_[first_part].origin;
        Span const b = pieces_[last_part].origin;
        return {a.source, std::min(a.begin, b.begin), std::max(a.end, b.end)};
    }
    auto const same_as_parent = [&] {
        Piece const& parent = pieces_[pieces_[whole].parent];
        return parent.begin == piece.begin && parent.end == piece.end;
    };
    while (among == Among::outermost && whole != 0 && same_as_parent()) whole = pieces_[whole].parent;
    return pieces_[whole].origin;
}

} // namespace portcullis::nft_json
