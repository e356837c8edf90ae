#include "app/host.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

#include "app/tell.hpp"

namespace portcullis::app {

namespace {

// Both programs call their tables alike.
void name_apart(Ruleset& ruleset) {
    if (ruleset.dialect != Dialect::ip6tables) return;
    for (Chain& chain : ruleset.chains) chain.table = "ip6tables " + chain.table;
}

// Each by its name: what is left out of a host changes what is said of it.
void tell_left_out(std::vector<std::string> const& paths, std::vector<Loaded> const& rules) {
    for (std::string const& path : paths) {
        bool const has_sets = std::ranges::any_of(rules, [&](Loaded const& one) { return std::ranges::find(one.ipset_files, path) != one.ipset_files.end(); });
        if (!has_sets) say(fmt::format("{} is left out: it is no firewall configuration", path));
    }
}

} // namespace

std::vector<InputFile> host_files(Options const& options) { return host_files(options, options.inputs); }

std::vector<InputFile> host_files(Options const& options, std::vector<std::string> const& named) {
    if (options.host.empty()) return find_inputs(named, options);
    if (!named.empty()) throw UsageError("--host names a directory, and there are other files besides");
    std::error_code error;
    if (!std::filesystem::is_directory(options.host, error)) throw UsageError("--host: there is no directory " + options.host);
    return find_inputs({options.host}, options);
}

Loaded load_host(std::vector<InputFile> const& files, Options const& options, Config const& config,
                 std::shared_ptr<Sources> const& sources) {
    std::vector<Loaded> all;
    Findings unread;
    std::vector<std::string> others;
    for (InputFile const& file : files) {
        Loaded one = load(file, options, config, sources);
        if (one.reading) {
            name_apart(one.reading->ruleset);
            all.push_back(std::move(one));
            continue;
        }
        if (file.named) return one;
        if (one.other_file) others.push_back(file.path);
        else unread.add("PC001", {one.source, 0, 0}).arg("error", one.error);
    }
    tell_left_out(others, all);
    if (all.empty()) throw UsageError("no file in the directory is a firewall configuration");
    Loaded host = std::move(all.front());
    for (std::size_t i = 1; i < all.size(); ++i) {
        if (is_cisco(*host.dialect) || is_cisco(*all[i].dialect))
            throw UsageError(fmt::format("{} and {} are not the rules of one host", (*sources)[host.source].path(), (*sources)[all[i].source].path()));
        host.reading->ruleset = join(std::move(host.reading->ruleset), std::move(all[i].reading->ruleset));
        host.reading->findings.append(std::move(all[i].reading->findings));
        host.ipset_files.insert(host.ipset_files.end(), all[i].ipset_files.begin(), all[i].ipset_files.end());
    }
    host.reading->findings.append(std::move(unread));
    return host;
}

} // namespace portcullis::app
