// The difference of two rulesets for programs: docs/difference.schema.json.
#include "portcullis/report/difference.hpp"
#include "report/traffic_json.hpp"

namespace portcullis {

namespace {

Json cube_json(Change const& change, ChangedTraffic const& traffic, Sources const& sources) {
    Json json{{"way", change.way}, {"hook", to_string(change.hook)}, {"family", traffic.witness.family() == Family::v4 ? 4 : 6}};
    add_fields(json, traffic.cube);
    json["assumptions"] = assumptions_json(traffic.cube.assumptions);
    json["services"] = traffic.services;
    json["before"] = treatment_json(traffic.before, sources);
    json["after"] = treatment_json(traffic.after, sources);
    return json;
}

} // namespace

std::string json_difference(DifferenceReport const& report, Sources const& sources) {
    Json cubes[3] = {Json::array(), Json::array(), Json::array()};
    Json witnesses = Json::array();
    bool whole = report.complete;
    for (Change const& change : report.changes) {
        whole = whole && change.complete;
        for (ChangedTraffic const& traffic : change.traffic) {
            cubes[static_cast<std::size_t>(change.kind)].push_back(cube_json(change, traffic, sources));
            witnesses.push_back(witness_json({traffic.witness, change.hook, traffic.after.fate, {}}));
        }
    }
    Json const json{{"equal", report.complete && report.equal()},
                    {"allowed_added", cubes[0]},
                    {"allowed_removed", cubes[1]},
                    {"retranslated", cubes[2]},
                    {"witnesses", witnesses},
                    {"compared", report.compared},
                    {"not_compared", report.not_compared},
                    {"notes", report.notes},
                    {"complete", whole}};
    return json_text(json) + '\n';
}

} // namespace portcullis
