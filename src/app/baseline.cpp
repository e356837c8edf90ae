#include "app/baseline.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <tuple>

#include "app/places.hpp"
#include "lint/fingerprint.hpp"
#include "portcullis/base/visible.hpp"
#include "report/json_text.hpp"

namespace portcullis::app {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_text = 120;

} // namespace

std::string baseline_name(std::string const& path) {
    try {
        static_cast<void>(nlohmann::json(path).dump());
        return path;
    } catch (nlohmann::json::exception const&) {
        return visible(path);
    }
}

Baseline read_baseline(fs::path const& path) {
    FileText const file = read_text_file(path);
    if (!file.error.empty()) throw UsageError(file.error + "; 'portcullis baseline create' writes a baseline");
    auto const json = nlohmann::json::parse(file.text, nullptr, false);
    auto const no_baseline = [&] { return UsageError(path.string() + " is no baseline of portcullis"); };
    if (!json.is_object() || !json.contains("schema_version") || json["schema_version"] != "1.0" || !json.contains("findings") || !json["findings"].is_array())
        throw no_baseline();
    Baseline baseline;
    for (auto const& item : json["findings"]) {
        bool const whole = item.is_object() && std::ranges::all_of(std::initializer_list<char const*>{"fingerprint", "path", "rule", "where", "text"},
                                                                   [&](char const* key) { return item.contains(key) && item[key].is_string(); });
        if (!whole) throw no_baseline();
        baseline.push_back({item["fingerprint"], item["path"], item["rule"], item["where"], item["text"]});
    }
    return baseline;
}

// A line a finding, so that changes of it read well.
std::string baseline_text(Baseline baseline) {
    std::ranges::sort(baseline, {}, [](BaselineEntry const& e) { return std::tie(e.path, e.rule, e.text, e.fingerprint); });
    std::string text = "{\"schema_version\": \"1.0\", \"findings\": [";
    for (BaselineEntry const& entry : baseline) {
        Json const item{{"path", entry.path}, {"rule", entry.rule}, {"where", entry.where}, {"text", entry.text}, {"fingerprint", entry.fingerprint}};
        text += &entry == &baseline.front() ? "\n" : ",\n";
        text += json_text(item, -1);
    }
    return text + "\n]}\n";
}

Baseline baseline_of(std::vector<Job> const& jobs, Repository const& repository) {
    Baseline baseline;
    for (Job const& job : jobs) {
        if (!job.result) continue;
        for (Diagnostic const& d : job.result->findings) {
            if (d.suppressed || is_unignorable(*d.rule, *job.config)) continue;
            std::string const text = lasting_text(job.result->sources->text(d.finding.span));
            baseline.push_back({d.fingerprint, baseline_name(repository.name_of(job.result->path)), d.rule->id, visible(chain_of(d.finding.where)),
                                shortened(visible(text), longest_text)});
        }
    }
    return baseline;
}

fs::path baseline_path(Options const& options, Config const& config) {
    if (!options.baseline.empty()) return options.baseline;
    if (config.baseline.empty()) return {};
    std::string const& file = config.files.front().path;
    fs::path const folder = fs::path(file).parent_path();
    fs::path path = folder / config.baseline;
    std::error_code error;
    bool const inside = is_inside(fs::weakly_canonical(path, error), fs::canonical(folder.empty() ? "." : folder, error));
    if (error || !inside)
        throw UsageError(fmt::format("{}: the baseline {} is outside of the folder of this file; name it with --baseline", file, config.baseline));
    return path;
}

void Baselines::apply(Job& job) {
    fs::path const path = baseline_path(options_, *job.config);
    if (path.empty() || !job.result) return;
    auto const [known, is_new] = fingerprints_.try_emplace(path);
    if (is_new) {
        check_apart({path.string()}, options_);
        for (BaselineEntry& entry : read_baseline(path)) known->second.insert(std::move(entry.fingerprint));
    }
    for (Diagnostic& d : job.result->findings)
        if (!d.suppressed && known->second.contains(d.fingerprint) && !is_unignorable(*d.rule, *job.config))
            d.suppressed = Suppression{Suppression::Kind::baseline, "", {}, "", ""};
}

} // namespace portcullis::app
