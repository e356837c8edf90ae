// Files that belong to a file of iptables rules: the sets that it names, and the rules of the other family.
#pragma once
#include <string>
#include <vector>

#include "app/inputs.hpp"

namespace portcullis::app {

// What the sets of a file's rules are read from: those that --ipset names, else those beside the file, where its
// rules ask for a set. In the order in which they are read.
std::vector<std::string> ipset_files(InputFile const& file, std::string_view rules, Options const& options);

// Reads them into the sources. Where one of them cannot be read, nothing is known of any set. Those that were found beside the rules
// may not lead out of their folder.
struct LoadedIpsets {
    std::shared_ptr<Ipsets const> sets;
    Findings findings;
};
LoadedIpsets load_ipsets(std::vector<std::string> const& paths, Sources& sources, std::string const& found_in, TextReader const& reader);

// The position of the file that has the rules of the other family of the same host: `rules.v6` for `rules.v4`, by
// their names and in the same folder; nothing where there is none among the files, which are in the order of their
// paths.
std::optional<std::size_t> partner_of(std::size_t index, std::vector<InputFile> const& files);

// The name says that the rules are of IPv6: rules.v6, ip6tables.conf. Text without any address does not.
bool is_named_ipv6(InputFile const& file);

// The name says that a firewall's rules or sets are in it: rules.v4, own.nft, hosts.ipset.
bool is_named_as_firewall(InputFile const& file);

// It is called as files of sets are, and sets can be read from it: it is looked at with the rules that ask for them.
bool has_sets(InputFile const& file, Sources const& sources, SourceId source);

} // namespace portcullis::app
