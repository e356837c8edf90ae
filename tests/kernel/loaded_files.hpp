// Every file of rules for Linux that the project has (fixtures, examples, hosts, what the ready policies become), and what
// the programs that load them take of each.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/fates.hpp"
#include "portcullis/dialect/read.hpp"

namespace portcullis::kernel {

enum class Loader : std::uint8_t { nft, legacy, iptables_nft };
std::string_view to_string(Loader loader);

struct RulesFile {
    std::string name; // from the project's root
    std::filesystem::path folder;
    Dialect dialect{};
    std::string text;
    std::string sets; // what ipset loads before
};

// What is loaded together. Files of nft are loaded by nft, whatever `iptables` says.
struct LoadedHost {
    std::string name;
    std::vector<RulesFile> files;
    Loader iptables = Loader::legacy;
    Loader loader_of(RulesFile const& file) const { return file.dialect == Dialect::nftables ? Loader::nft : iptables; }
};
std::vector<LoadedHost> all_hosts();
// Of a file of nft: each rule that no base chain leads to, in a chain of its own that packets to one address of the host
// come to; a few of them in one text.
std::vector<RulesFile> each_alone(RulesFile const& file);

// A line that a program does not load, or that the laboratory cannot have.
struct Refused {
    std::string_view file;
    std::optional<Loader> loader; // none: each that loads such files
    std::string_view line;        // without indentation; all lines that are alike, empty: the file as a whole
    std::string_view why;
    // Who refuses: the loader, or nobody for it, since a name cannot be resolved; the laboratory; or portcullis alone.
    enum class By : std::uint8_t { loader, resolver, laboratory, reader } by = By::loader;
};
std::vector<Refused> const& refused();

// The text with the refused lines left empty, but for `kept`, where there are some; nothing where it is refused as a whole.
std::optional<std::string> loadable(RulesFile const& file, Loader loader, Refused const* kept = nullptr);

// Whether some line of the text is this one.
bool has_line(RulesFile const& file, std::string_view line);

// What its programs say where they refuse something of the host.
std::string load(Laboratory& lab, LoadedHost const& host);

} // namespace portcullis::kernel
