// Packets in JSON, the same in all of its forms.
#pragma once
#include "portcullis/model/finding.hpp"
#include "report/json_text.hpp"

namespace portcullis {

inline Json name_or_null(std::string name) { return name.empty() ? Json() : Json(std::move(name)); }

inline std::string_view certainty_text(Certainty certainty) { return certainty == Certainty::certain ? "certain" : "possible"; }

Json witness_json(Witness const& witness);

} // namespace portcullis
