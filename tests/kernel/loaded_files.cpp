#include "kernel/loaded_files.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <stdexcept>
#include <utility>

#include "fixture_files.hpp"
#include "portcullis/engine/reach.hpp"
#include "portcullis/policy/generate.hpp"

namespace fs = std::filesystem;

namespace portcullis::kernel {

namespace {

fs::path const root = PORTCULLIS_ROOT;

RulesFile file_at(fs::path const& path, Dialect dialect) {
    RulesFile file{fs::relative(path, root).string(), path.parent_path(), dialect, file_text(path), {}};
    fs::path const sets = path.parent_path() / "sets.ipset";
    if (fs::exists(sets)) file.sets = file_text(sets);
    return file;
}

std::vector<fs::path> sorted(fs::path const& folder) {
    std::vector<fs::path> all;
    for (auto const& entry : fs::directory_iterator(folder)) all.push_back(entry.path());
    std::sort(all.begin(), all.end());
    return all;
}

// Of every file with rules for Linux in the folder.
std::vector<RulesFile> files_of(fs::path const& folder) {
    std::vector<RulesFile> files;
    for (fs::path const& path : sorted(folder)) {
        if (path.extension() != ".nft" && path.extension() != ".rules") continue;
        files.push_back(file_at(path, detect_dialect(file_text(path)).value()));
    }
    return files;
}

std::vector<RulesFile> fixtures(Dialect dialect) {
    std::vector<RulesFile> files;
    for (fs::path const& folder : sorted(root / "tests/fixtures" / to_string(dialect)))
        for (fs::path const& path : sorted(folder))
            if (path.stem() == "input") files.push_back(file_at(path, dialect));
    return files;
}

std::vector<RulesFile> of_policy(fs::path const& path, Target target) {
    Sources sources;
    SourceId const source = sources.add(path.string(), file_text(path));
    LoadedPolicy const loaded = load_policy(sources, source, std::chrono::year(2026) / 11 / 29);
    if (!loaded.errors.empty()) throw std::runtime_error(path.string() + " is no policy");
    Space space;
    Generated const made = generate(space, loaded.policy, target, {"p.toml", "0", "test"}, sources);
    std::string const name = fmt::format("{} as {}", fs::relative(path, root).string(), to_string(dialect_of(target)));
    return {{name, {}, dialect_of(target), made.text, {}}};
}

constexpr std::array iptables_loaders{Loader::legacy, Loader::iptables_nft};

void add_iptables(std::vector<LoadedHost>& hosts, std::string const& name, std::vector<RulesFile> const& files) {
    for (Loader const loader : iptables_loaders) hosts.push_back({fmt::format("{}, {}", name, to_string(loader)), files, loader});
}

std::vector<std::string_view> lines_in(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        lines.push_back(text.substr(0, text.find('\n')));
        text.remove_prefix(std::min(lines.back().size() + 1, text.size()));
    }
    return lines;
}

std::string_view unindented(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return line;
}

// The whole lines that the span touches.
std::string_view lines_of(std::string_view text, Span span) {
    std::size_t const before = span.begin == 0 ? text.npos : text.rfind('\n', span.begin - 1);
    std::size_t const begin = before == text.npos ? 0 : before + 1;
    return text.substr(begin, text.find('\n', span.end) - begin);
}

// Where a base chain says so.
Span hook_of(std::string_view text, Span chain) {
    auto const at = static_cast<std::uint32_t>(text.find(" hook ", chain.begin));
    return {chain.source, at, at};
}

// The rules of the other family that belong to a fixture.
std::optional<RulesFile> partner_of(RulesFile const& file) {
    fs::path const path = file.folder / "partner.rules";
    if (!fs::exists(path)) return std::nullopt;
    return file_at(path, file.dialect == Dialect::iptables ? Dialect::ip6tables : Dialect::iptables);
}

} // namespace

std::string_view to_string(Loader loader) {
    constexpr std::array<std::string_view, 3> names{"nft", "iptables-legacy", "iptables-nft"};
    return names[static_cast<std::size_t>(loader)];
}

std::vector<LoadedHost> all_hosts() {
    std::vector<LoadedHost> hosts;
    auto nft = fixtures(Dialect::nftables), v4 = fixtures(Dialect::iptables), v6 = fixtures(Dialect::ip6tables);
    for (RulesFile& example : files_of(root / "examples"))
        (example.dialect == Dialect::nftables ? nft : v4).push_back(std::move(example));
    for (RulesFile const& file : nft) {
        hosts.push_back({file.name, {file}});
        for (RulesFile const& some : each_alone(file)) hosts.push_back({some.name, {some}});
    }
    for (auto const* files : {&v4, &v6})
        for (RulesFile const& file : *files) {
            add_iptables(hosts, file.name, {file});
            if (auto const partner = partner_of(file)) {
                add_iptables(hosts, partner->name, {*partner});
                add_iptables(hosts, file.name + " and its partner", {file, *partner});
            }
        }
    // Files that know nothing of each other: all three programs on one host.
    for (std::size_t i = 0; i < v4.size(); ++i) {
        std::vector<RulesFile> const three{nft[i % nft.size()], v4[i], v6[i % v6.size()]};
        std::string const name = fmt::format("{} + {} + {}", three[0].name, three[1].name, three[2].name);
        hosts.push_back({name, three, iptables_loaders[i % 2]});
    }
    for (fs::path const& folder : sorted(root / "tests/app/hosts"))
        add_iptables(hosts, fs::relative(folder, root).string(), files_of(folder));
    for (fs::path const& path : sorted(root / "rules/policies")) {
        auto const files = of_policy(path, Target::nftables);
        hosts.push_back({files.front().name, files});
        auto both = of_policy(path, Target::iptables);
        both.push_back(of_policy(path, Target::ip6tables).front());
        add_iptables(hosts, both.front().name, both);
    }
    return hosts;
}

std::vector<RulesFile> each_alone(RulesFile const& file) {
    constexpr std::size_t most_together = 10; // what they ask has nothing in common, so diagrams double with each
    auto const text = loadable(file, Loader::nft);
    if (!text) return {};
    Sources sources;
    SourceId const source = sources.add(file.name, *text);
    Ruleset const ruleset = read(sources, source, file.dialect).ruleset;
    std::vector<ChainId> bases;
    for (ChainId id = 0; id < ruleset.chains.size(); ++id)
        if (ruleset.chains[id].hook) bases.push_back(id);
    auto const called = called_by(ruleset, bases);
    struct Group {
        std::string chains, jumps;
        std::size_t count = 0;
    };
    std::vector<Group> groups;
    std::string table;
    std::string rest = *text; // without what moves, and without hooks
    auto const blank = [&](std::string_view lines) {
        for (std::size_t i = 0; i < lines.size(); ++i)
            if (lines[i] != '\n') rest[static_cast<std::size_t>(lines.data() - text->data()) + i] = ' ';
    };
    for (ChainId const base : bases) blank(lines_of(*text, hook_of(*text, ruleset.chains[base].span)));
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        Chain const& chain = ruleset.chains[id];
        if (std::find(called.begin(), called.end(), id) != called.end()) continue;
        table = chain.table;
        std::string_view before;
        for (Rule const& rule : chain.rules) {
            if (rule.span.source != source) continue;
            std::string_view const lines = lines_of(*text, rule.span);
            if (std::exchange(before, lines) == lines) continue; // several of one statement
            if (groups.empty() || groups.back().count == most_together) groups.emplace_back();
            Group& group = groups.back();
            std::size_t const n = ++group.count;
            group.chains += fmt::format("chain alone_{} {{\n{}\n}}\n", n, lines);
            group.jumps +=
                fmt::format("ip daddr 10.1.0.{0} jump alone_{0}\nip6 daddr 2001:db8:1::{0:x} jump alone_{0}\n", n);
            blank(lines);
        }
    }
    std::vector<RulesFile> files;
    for (Group const& group : groups) {
        files.push_back(file);
        files.back().name += ", each rule alone";
        files.back().text = fmt::format("{}\ntable {} {{\n{}chain alone {{\n"
                                        "type filter hook input priority 0; policy drop;\n{}}}\n}}\n",
                                        rest, table, group.chains, group.jumps);
    }
    return files;
}

std::optional<std::string> loadable(RulesFile const& file, Loader loader, Refused const* kept) {
    std::vector<std::string_view> lines;
    for (Refused const& each : refused()) {
        if (each.file != file.name || (each.loader && each.loader != loader) || &each == kept) continue;
        if (each.line.empty()) return std::nullopt;
        lines.push_back(each.line);
    }
    std::string text;
    for (std::string_view const line : lines_in(file.text)) {
        if (std::find(lines.begin(), lines.end(), unindented(line)) == lines.end()) text += line;
        text += '\n';
    }
    return text;
}

bool has_line(RulesFile const& file, std::string_view line) {
    auto const all = lines_in(file.text);
    return std::any_of(all.begin(), all.end(), [&](std::string_view each) { return unindented(each) == line; });
}

std::string load(Laboratory& lab, LoadedHost const& host) {
    std::string nft, sets;
    for (RulesFile const& file : host.files) {
        if (host.loader_of(file) == Loader::nft) nft += file.text + '\n';
        sets += file.sets;
    }
    // nft finds what is included from where it runs.
    fs::path const here = fs::current_path();
    if (!host.files.front().folder.empty()) fs::current_path(host.files.front().folder);
    std::string said = lab.load(nft, Tracking::on);
    fs::current_path(here);
    if (!sets.empty()) {
        run({"ipset", "flush"}); // lists of sets give up their members
        run({"ipset", "destroy"});
        Ran const ran = run({"ipset", "restore"}, sets);
        if (ran.code != 0) said += ran.output;
    }
    for (RulesFile const& file : host.files) {
        if (!said.empty()) break;
        Loader const loader = host.loader_of(file);
        if (loader == Loader::nft) continue;
        Family const family = file.dialect == Dialect::ip6tables ? Family::v6 : Family::v4;
        said = lab.add_iptables(loader == Loader::legacy ? "legacy" : "nft", family, file.text);
    }
    return said;
}

} // namespace portcullis::kernel
