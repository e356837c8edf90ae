// Answers for programs: docs/answer.schema.json.
#include "portcullis/report/answers.hpp"
#include "report/traffic_json.hpp"

namespace portcullis {

std::string json_answers(AnswerReport const& report, Sources const& sources) {
    Json ways = Json::array();
    Json cubes = Json::array();
    Json witnesses = Json::array();
    Json counterexamples = Json::array();
    Json problems = Json::array();
    for (AnsweredFile const& file : report.files) {
        if (!file.problem.empty()) problems.push_back({{"file", file.path}, {"problem", file.problem}});
        for (PathAnswer const& path : file.answer.paths) {
            ways.push_back({{"file", file.path}, {"way", path.path}, {"hook", to_string(path.hook)}, {"empty", path.traffic.empty()}, {"complete", path.complete}});
            for (AnsweredTraffic const& traffic : path.traffic) {
                Packet const& packet = traffic.proof.witness.packet;
                Json json{{"file", file.path}, {"way", path.path}, {"hook", to_string(path.hook)}, {"family", packet.family() == Family::v4 ? 4 : 6}};
                add_fields(json, traffic.cube);
                json["assumptions"] = assumptions_json(traffic.cube.assumptions);
                json["certainty"] = certainty_text(traffic.proof.certainty);
                json["services"] = traffic.services;
                json["decided"] = treatment_json(traffic.proof.treatment, sources);
                cubes.push_back(std::move(json));
                witnesses.push_back(witness_json(traffic.proof.witness));
            }
        }
        if (!file.answer.counterexample) continue;
        Json json{{"file", file.path}};
        json.update(proof_json(*file.answer.counterexample, sources));
        counterexamples.push_back(std::move(json));
    }
    Json const json{{"question", report.question},
                    {"verb", report.verb == Question::Verb::allowed ? "allowed" : "denied"},
                    {"ways", ways},
                    {"cubes", cubes},
                    {"witnesses", witnesses},
                    {"expected", report.expectation ? Json(to_string(*report.expectation)) : Json()},
                    {"counterexamples", counterexamples},
                    {"problems", problems},
                    {"complete", report.complete}};
    return json_text(json) + '\n';
}

} // namespace portcullis
