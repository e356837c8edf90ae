// Finds the word that somebody meant when they mistyped one: the closest candidate by the number of letters
// inserted, deleted, replaced or swapped with their neighbour (the optimal string alignment distance).
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace portcullis {

// Case does not count.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The closest of the candidates, the first of equally close ones; empty where none is close enough to be a typing
// error: more than a third of the word's letters would have to change.
std::string_view did_you_mean(std::string_view word, std::vector<std::string_view> const& candidates);

// "; did you mean 'select'?", or nothing: ready to end a message with.
std::string did_you_mean_text(std::string_view word, std::vector<std::string_view> const& candidates);

} // namespace portcullis
