#include "app/companions.hpp"

#include <algorithm>
#include <array>

#include "app/places.hpp"

namespace portcullis::app {

namespace fs = std::filesystem;

namespace {

// How people and distributions call the output of `ipset save`.
constexpr std::array usual_names = {"ipsets", "ipset.conf", "ipset.save", "ipset.rules", "rules.ipset"};

// What tells the two files of a host apart, in the names of IPv4 and of IPv6; the longer of two that fit comes
// first.
constexpr std::pair<std::string_view, std::string_view> family_words[] = {
    {"iptables", "ip6tables"}, {"ipv4", "ipv6"}, {".v4", ".v6"}, {"-v4", "-v6"}, {"_v4", "_v6"},
};

bool asks_for_sets(std::string_view rules) {
    return rules.find("-set") != std::string_view::npos; // --match-set, --add-set, …
}

// The names that the other file may have.
std::vector<std::string> partner_names(std::string const& name) {
    std::vector<std::string> names;
    for (auto const& [v4, v6] : family_words) {
        for (auto const& [from, to] : {std::pair(v4, v6), std::pair(v6, v4)}) {
            std::size_t const at = name.find(from);
            if (at != std::string::npos) names.push_back(std::string(name).replace(at, from.size(), to));
        }
    }
    return names;
}

constexpr std::array rules_names = {"iptables", "ip6tables", "nftables", "nftables.conf"};
constexpr std::array rules_endings = {".nft", ".nftables", ".iptables", ".ip6tables", ".v4", ".v6"};

bool is_named_as_sets(fs::path const& name) {
    return name.extension() == ".ipset" || std::ranges::find(usual_names, name) != usual_names.end();
}

} // namespace

std::vector<std::string> ipset_files(InputFile const& file, std::string_view rules, Options const& options) {
    if (!options.ipsets.empty()) return options.ipsets;
    std::vector<std::string> found;
    if (file.standard_input || !asks_for_sets(rules)) return found;
    fs::path const folder = fs::path(file.path).parent_path();
    std::error_code error;
    for (char const* name : usual_names)
        if (fs::exists(fs::symlink_status(folder / name, error))) found.push_back((folder / name).string());
    std::vector<std::string> others;
    for (fs::directory_iterator at(folder.empty() ? "." : folder, error), end; !error && at != end;
         at.increment(error)) {
        bool const is_other = at->path().extension() == ".ipset" || at->path().filename() == ".ipset";
        if (is_other && at->path().filename() != "rules.ipset")
            others.push_back((folder / at->path().filename()).string());
    }
    std::ranges::sort(others);
    std::ranges::move(others, std::back_inserter(found));
    return found;
}

LoadedIpsets load_ipsets(std::vector<std::string> const& paths, Sources& sources, std::string const& found_in, TextReader const& reader) {
    IpsetReading all;
    bool readable = true;
    for (std::string const& path : paths) {
        std::string const why = found_in.empty() ? "" : why_no_file(path);
        FileText text = !why.empty()                                    ? FileText{{}, why}
                        : leads_outside({path, false, false, found_in}) ? FileText{{}, path + " is a link that leads outside " + found_in}
                        : reader                                        ? reader(path)
                                                                        : read_text_file(path);
        SourceId const source = sources.add(path, text.error.empty() ? std::move(text.text) : "");
        if (!text.error.empty()) {
            all.findings.add("PC001", {source, 0, 0}).arg("error", text.error);
            readable = false;
            continue;
        }
        IpsetReading one = read_ipset(sources, source);
        all.findings.append(std::move(one.findings));
        all.sets.merge(one.sets);
        // Whoever restores both files is told so for the second.
        for (auto const& [name, set] : one.sets)
            all.findings.add("PC001", set.span).arg("error", "the set '" + name + "' is in another file already");
    }
    return {readable ? std::make_shared<Ipsets const>(std::move(all.sets)) : nullptr, std::move(all.findings)};
}

std::optional<std::size_t> partner_of(std::size_t index, std::vector<InputFile> const& files) {
    InputFile const& file = files[index];
    if (file.standard_input) return std::nullopt;
    fs::path const path(file.path);
    for (std::string const& name : partner_names(path.filename().string())) {
        std::string const wanted = (path.parent_path() / name).string();
        auto const found = std::ranges::lower_bound(files, wanted, {}, &InputFile::path);
        if (found != files.end() && found->path == wanted && !found->standard_input)
            return static_cast<std::size_t>(found - files.begin());
    }
    return std::nullopt;
}

bool is_named_ipv6(InputFile const& file) {
    std::string const name = fs::path(file.path).filename().string();
    return std::ranges::any_of(family_words,
                               [&](auto const& words) { return name.find(words.second) != std::string::npos; });
}

bool is_named_as_firewall(InputFile const& file) {
    fs::path const name = fs::path(file.path).filename();
    return is_named_as_sets(name) || std::ranges::find(rules_names, name) != rules_names.end() ||
           std::ranges::find(rules_endings, name.extension()) != rules_endings.end();
}

bool has_sets(InputFile const& file, Sources const& sources, SourceId source) {
    if (!is_named_as_sets(fs::path(file.path).filename())) return false;
    IpsetReading const reading = read_ipset(sources, source);
    return !reading.sets.empty() || reading.findings.empty();
}

} // namespace portcullis::app
