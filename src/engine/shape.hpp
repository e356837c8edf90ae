// Rules that differ in one address only are, where just their union matters, one rule with many addresses. A block list
// of 100,000 sources is one set then.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "portcullis/model/ruleset.hpp"

namespace portcullis {

class Shapes {
  public:
    explicit Shapes(std::vector<Match> const& matches);

    // The shape of a rule's match: equal for those that differ in the values of one address term only; nothing for a rule
    // without such a term, or with parts besides terms.
    std::optional<std::uint32_t> operator[](std::size_t rule) const;
    // The match of all of these together, which have one shape.
    Match united(std::span<std::uint32_t const> rules) const;

  private:
    std::vector<Match> const& matches_;
    std::vector<std::uint32_t> shapes_; // by rule; none_ for no shape
    static constexpr std::uint32_t none_ = ~std::uint32_t{0};
};

} // namespace portcullis
