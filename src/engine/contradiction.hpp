// What a translation rules out.
#pragma once
#include "portcullis/engine/marks.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis {

// Whether the match asks for another address or port than every packet with these marks has by now. Cheap: of a thousand
// translations, nearly all are told apart from a rule by it.
bool contradicts_translation(Match const& match, Marks const& marks);

} // namespace portcullis
