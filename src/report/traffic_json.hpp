// Traffic in JSON, the same wherever it is told.
#pragma once
#include "portcullis/query/traffic.hpp"
#include "report/packet_json.hpp"

namespace portcullis {

// The fields that the cube names, but for the family: "src", "dport", … with their values.
void add_fields(Json& json, Cube const& cube);
// [{"match", "holds"}]
Json assumptions_json(std::vector<Assumption> const& assumptions);
// {"verdict", "path", "line"}
Json treatment_json(Treatment const& treatment, Sources const& sources);
// {"way", "certainty", "assumptions", "witness", "decided"}
Json proof_json(Proof const& proof, Sources const& sources);

} // namespace portcullis
