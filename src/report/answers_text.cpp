#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/answers.hpp"
#include "report/layout.hpp"
#include "report/style.hpp"
#include "report/traffic_text.hpp"

namespace portcullis {

bool AnswerReport::holds() const {
    return std::none_of(files.begin(), files.end(), [](AnsweredFile const& file) { return file.answer.counterexample.has_value(); });
}

std::string text_answers(AnswerReport const& report, Sources const& sources, TextStyle const& style) {
    Paint const paint(style.color);
    std::string out;
    auto const to = std::back_inserter(out);
    std::string_view const verb = report.verb == Question::Verb::allowed ? "allowed" : "denied";
    for (AnsweredFile const& file : report.files) {
        fmt::format_to(to, "{}\n", paint.strong(visible(file.path)));
        if (!file.problem.empty()) fmt::format_to(to, "  {}\n", visible(file.problem));
        for (PathAnswer const& path : file.answer.paths) {
            if (path.traffic.empty()) {
                fmt::format_to(to, "  {}: nothing is {}\n", visible(path.path), verb);
                continue;
            }
            fmt::format_to(to, "  {}: {}\n", visible(path.path), verb);
            for (AnsweredTraffic const& traffic : path.traffic) {
                fmt::format_to(to, "    {}\n", paint.strong(visible(traffic_text(traffic.cube, traffic.services))));
                out += proof_text(traffic.proof, sources, paint, "      ");
            }
            if (!path.complete) fmt::format_to(to, "    and more than these {}\n", path.traffic.size());
        }
        if (file.answer.counterexample) {
            Proof const& proof = *file.answer.counterexample;
            fmt::format_to(to, "  {} expected {}, but on {}\n", paint("1;31", "not as expected:"), to_string(*report.expectation), visible(proof.path));
            out += proof_text(proof, sources, paint, "    ");
        }
    }
    if (!report.complete) out += "the answer is incomplete\n";
    else if (report.expectation && report.holds()) fmt::format_to(to, "as expected: {}\n", to_string(*report.expectation));
    return within(out, style.width);
}

} // namespace portcullis
